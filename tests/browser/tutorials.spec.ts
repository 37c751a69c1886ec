// Pages that were written against other people's servers, unmodified, in one room with Charsu's own.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, resolve } from 'node:path';
import { type BrowserContext, type Locator, type Page } from '@playwright/test';
import { ELSEWHERE, expect, LAN, test as base, watch, type Server } from './scene/index.ts';

const PAGES = resolve(__dirname, '../../examples/pages');

interface Tutorials {
  /** A server that also serves the pages. */
  host: Server;
  /** Opens a page in a browser of its own, which may talk to these hosts. */
  look: (url: string, ...hosts: string[]) => Promise<Page>;
  /** Somebody else's web server with the same pages, on a host that is not the server's. */
  elsewhere: string;
}

const test = base.extend<Tutorials>({
  host: async ({ serve }, use) => use(await serve('--pages', PAGES)),

  look: async ({ browser, complaints }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (url, ...hosts) => {
      const context = await browser.newContext();
      contexts.push(context);
      await watch(context, [new URL(url).host, ...hosts], complaints);
      const page = await context.newPage();
      await page.goto(url);
      return page;
    });
    await Promise.all(contexts.map((context) => context.close()));
  },

  elsewhere: async ({}, use) => {
    const site = createServer((request, response) => {
      const name = basename(new URL(request.url ?? '/', 'http://here').pathname);
      readFile(resolve(PAGES, name)).then(
        (page) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((ready) => site.listen(0, '127.0.0.1', ready));
    await use(`http://${ELSEWHERE}:${(site.address() as AddressInfo).port}`);
    site.closeAllConnections();
    site.close();
  },
});

const lines = (page: Page, kind = 'message'): Locator => page.locator(`#log .${kind}`);

async function say(page: Page, text: string, name?: string): Promise<void> {
  if (name !== undefined) await page.getByLabel('Name').fill(name);
  await page.getByLabel('Message').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

test.describe('one segment', { tag: '@desktop' }, () => {
  test('served by Charsu itself, it talks with Charsu\'s own page', async ({ arrive, host, look }) => {
    const mina = await arrive({ at: host, path: null });
    await mina.enter('general', 'Mina');
    const page = await look(`${host.origin()}/pages/one-segment.html`);
    await expect(lines(page, 'system')).toHaveText(['A user joined the chat']);
    await say(page, 'Hello from a tutorial', 'Ali');
    await mina.hears('Hello from a tutorial');
    await expect(mina.line('Hello from a tutorial')).toContainText('Ali');
    await expect(mina.line('Hello from a tutorial')).toContainText('guest');
    await mina.say('Hello, Ali');
    await expect(lines(page)).toHaveText(['Ali: Hello from a tutorial', 'Mina: Hello, Ali']);
    await mina.leave();
    await expect(lines(page, 'system').last()).toHaveText('A user left the chat');
  });

  test('two tabs that both call themselves User hear each other', async ({ arrive, host, look }) => {
    const mina = await arrive({ at: host, path: null });
    await mina.enter('general', 'Mina');
    const one = await look(`${host.origin()}/pages/one-segment.html`);
    const two = await look(`${host.origin()}/pages/one-segment.html`);
    await expect(lines(two, 'system')).toHaveCount(1);
    await say(one, 'I am User');
    await say(two, 'So am I');
    for (const page of [one, two]) await expect(lines(page)).toHaveText(['User: I am User', 'User: So am I']);
    await mina.hears('So am I');
    // Two people, though they have one name: each under a head of its own.
    await expect(mina.log.getByRole('button', { name: 'User' })).toHaveCount(2);
  });

  test('nobody takes the name of a member who claimed it', async ({ arrive, host, look }) => {
    const mina = await arrive({ at: host, path: null });
    await mina.enter('general', 'Mina');
    const page = await look(`${host.origin()}/pages/one-segment.html`);
    await expect(lines(page, 'system')).toHaveCount(1);
    await say(page, 'I am Mina', 'mina');
    await expect(lines(page, 'system').last()).toContainText('Somebody in this room has that name.');
    await say(page, 'Then I am Ali', 'Ali');
    await mina.hears('Then I am Ali');
    expect(await mina.lines()).toEqual(['Then I am Ali']);
  });

  test('markup from there is text here', async ({ arrive, host, look }) => {
    const mina = await arrive({ at: host, path: null });
    await mina.enter('general', 'Mina');
    const page = await look(`${host.origin()}/pages/one-segment.html`);
    await expect(lines(page, 'system')).toHaveCount(1);
    await say(page, '<img src=x onerror=alert(1)>', '<i>Ali</i>');
    await mina.hears('<img src=x onerror=alert(1)>');
    await expect(mina.log.getByRole('button', { name: '<i>Ali</i>' })).toBeVisible();
  });

  test('from another site that was let in, it talks too', async ({ arrive, serve, look, elsewhere }) => {
    const at = await serve('--allow-origin', elsewhere);
    const mina = await arrive({ at, path: null });
    await mina.enter('general', 'Mina');
    const ws = at.origin().replace('http', 'ws');
    const page = await look(`${elsewhere}/one-segment.html?server=${encodeURIComponent(ws)}`, new URL(at.origin()).host);
    await expect(lines(page, 'system')).toHaveCount(1);
    await say(page, 'From elsewhere', 'Ali');
    await mina.hears('From elsewhere');
    await mina.say('Welcome');
    await expect(lines(page).last()).toHaveText('Mina: Welcome');
  });

  test('from a site that was not let in, it is refused', async ({ arrive, serve, look, elsewhere }) => {
    const at = await serve('--allow-origin', 'http://another.lan:1');
    for (const server of [at.origin(), at.origin(LAN)]) {
      const page = await look(`${elsewhere}/one-segment.html?server=${encodeURIComponent(server.replace('http', 'ws'))}`, new URL(server).host);
      await expect(lines(page, 'closed')).toHaveText('Not connected.');
      await expect(lines(page, 'system')).toHaveCount(0);
    }
    const mina = await arrive({ at, path: null });
    await mina.enter('general', 'Mina');
    await expect(mina.page.locator('.bar')).toContainText('1 person here');
  });
});

test.describe('two segments', { tag: '@desktop' }, () => {
  test('it makes a code by itself, and Charsu\'s own page joins it', async ({ arrive, host, look }) => {
    const page = await look(`${host.origin()}/pages/two-segment.html`);
    await page.getByLabel('Name').fill('Ali Reza');
    await page.getByRole('button', { name: 'New room' }).click();
    await expect(page.locator('#room')).toHaveText(/^\d{6}$/);
    await expect(page.locator('#chat')).toBeVisible();
    const code = await page.locator('#room').innerText();
    const mina = await arrive({ at: host, language: 'fa' });
    await mina.join(code, 'مینا');
    await expect(lines(page, 'system')).toHaveText(['مینا joined the room']);
    await say(page, 'Hello, Mina');
    await mina.hears('Hello, Mina');
    await expect(mina.line('Hello, Mina').getByRole('button', { name: 'Ali Reza' })).toBeVisible();
    await mina.say('سلام');
    await expect(lines(page)).toHaveText(['Ali Reza: Hello, Mina', 'مینا: سلام']);
    await page.getByRole('button', { name: 'Leave' }).click();
    await expect(mina.notes.last()).toContainText('Ali Reza');
    await expect(mina.page.locator('.bar')).toContainText('۱ نفر حاضر');
  });

  test('a name that somebody has is refused in its own words', async ({ arrive, host, look }) => {
    const mina = await arrive({ at: host });
    const code = await mina.openRoom('Mina');
    const page = await look(`${host.origin()}/pages/two-segment.html`);
    await page.getByLabel('Name').fill('MINA');
    await page.getByLabel('Code').fill(code);
    await page.getByRole('button', { name: 'Join' }).click();
    await expect(page.getByRole('alert')).toHaveText('A person with the same name already exists in this room');
    await expect(mina.notes).toHaveCount(0);
  });

  test('from another site that was let in, with a private line between both', async ({ arrive, serve, look, elsewhere }) => {
    const at = await serve('--allow-origin', elsewhere);
    const mina = await arrive({ at });
    const code = await mina.openRoom('Mina');
    const page = await look(`${elsewhere}/two-segment.html?server=${encodeURIComponent(at.origin().replace('http', 'ws'))}`, new URL(at.origin()).host);
    await page.getByLabel('Name').fill('Ali');
    await page.getByLabel('Code').fill(code);
    await page.getByRole('button', { name: 'Join' }).click();
    await mina.hearsOf('Ali');
    await mina.say('/msg Ali only you');
    await expect(lines(page, 'system').last()).toHaveText('Private from Mina: only you');
    await say(page, '/msg Mina and only you');
    await mina.hears('and only you');
    await expect(mina.line('and only you')).toContainText('Private to you');
  });
});

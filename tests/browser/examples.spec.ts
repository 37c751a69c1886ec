// The pages in examples/, as somebody would build them on @charsu/client: each is played by two people through the server's end.
// examples/build makes them.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, resolve } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { type BrowserContext, type Page } from '@playwright/test';
import { expect, Line, test as base, watch, type Server } from './scene/index.ts';

const EXAMPLES = resolve(__dirname, '../../examples');
const PAGES = { plain: 'plain/index.html', react: 'react/dist/index.html', vue: 'vue/dist/index.html', svelte: 'svelte/dist/index.html', angular: 'angular/dist/index.html' };
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css' };

const test = base.extend<{ site: string; open: (path: string, at: Server | Line) => Promise<Page> }>({
  site: async ({}, use) => {
    const site = createServer((request, response) => {
      const file = resolve(EXAMPLES, `.${new URL(request.url ?? '/', 'http://here').pathname}`);
      readFile(file).then(
        (bytes) => response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((ready) => site.listen(0, '127.0.0.1', ready));
    await use(`http://127.0.0.1:${(site.address() as AddressInfo).port}`);
    site.closeAllConnections();
    site.close();
  },

  open: async ({ browser, complaints, site }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (path, at) => {
      if (!existsSync(resolve(EXAMPLES, path))) throw new Error(`${path} is not built: run examples/build`);
      const context = await browser.newContext();
      contexts.push(context);
      const origin = at instanceof Line ? at.origin : at.origin();
      await watch(context, [new URL(site).host, new URL(origin).host], complaints);
      const page = await context.newPage();
      await page.goto(`${site}/${path}?server=${origin}`);
      return page;
    });
    await Promise.all(contexts.map((context) => context.close()));
  },
});

async function enter(page: Page, name: string): Promise<void> {
  await page.getByLabel('Code').fill('general');
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Join' }).click();
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

const line = (page: Page, text: string) => page.getByRole('log').getByRole('listitem').filter({ hasText: text });

test('react: where the network lets no WebSocket through, one takes part all the same', { tag: '@desktop' }, async ({ open, serve, lineTo }) => {
  const server = await serve();
  const blocked = await lineTo(server);
  blocked.refuseWebSockets();
  const [mina, ali] = await Promise.all([open(PAGES.react, blocked), open(PAGES.react, server)]);
  await enter(mina, 'Mina');
  await expect(mina.getByRole('list', { name: 'People' })).toHaveText('Mina');
  await enter(ali, 'Ali');
  await say(mina, 'By requests');
  await expect(line(ali, 'By requests')).toContainText('Mina');
  await say(ali, 'By a socket');
  await expect(line(mina, 'By a socket')).toContainText('Ali');
});

for (const [example, path] of Object.entries(PAGES)) {
  test(`${example}: two people talk, through the end of the server`, { tag: '@desktop' }, async ({ open, serve }, info) => {
    const server = await serve('--store', `sqlite:${info.outputPath('rooms.db')}`);
    const [mina, ali] = await Promise.all([open(path, server), open(path, server)]);
    await enter(mina, 'Mina');
    await expect(mina.getByRole('list', { name: 'People' })).toHaveText('Mina');
    await enter(ali, 'Mina');
    await expect(ali.getByRole('alert')).toContainText('Somebody in this room has that name.');
    expect((await new AxeBuilder({ page: ali }).analyze()).violations).toEqual([]);
    await enter(ali, 'علی');
    await expect(mina.getByRole('list', { name: 'People' }).getByRole('listitem')).toHaveText(['Mina', 'علی']);

    await say(mina, 'Hello <b>there</b>');
    await expect(line(ali, 'Hello <b>there</b>')).toContainText('Mina');
    await ali.getByLabel('Message').pressSequentially('سل');
    await expect(mina.getByText(/علی.* is typing…/)).toBeVisible();
    await say(ali, 'سلام مینا');
    await expect(line(mina, 'سلام مینا').locator('p')).toHaveCSS('direction', 'rtl');
    await expect(line(mina, 'Hello').locator('p')).toHaveCSS('direction', 'ltr');

    await server.kill();
    await expect(mina.getByText('What you write is kept and sent later.')).toBeVisible();
    await say(mina, 'While you were away');
    await expect(line(mina, 'While you were away')).toContainText('waiting…');
    await server.again();
    await expect(line(ali, 'While you were away')).toContainText('Mina');
    await expect(line(mina, 'While you were away')).not.toContainText('waiting…');
    await expect(mina.getByText('What you write is kept and sent later.')).toBeHidden();
    for (const page of [mina, ali]) await expect(line(page, 'missing')).toHaveCount(0);
    expect((await new AxeBuilder({ page: mina }).analyze()).violations).toEqual([]);
    const folder = process.env['CHARSU_SCREENSHOTS'];
    if (folder !== undefined) {
      for (const [size, width, height] of [['phone', 390, 844], ['desktop', 1440, 900]] as const) {
        await mina.setViewportSize({ width, height });
        await mina.screenshot({ path: resolve(folder, `example-${example}-${size}.png`) });
      }
    }
    await mina.getByRole('button', { name: 'Leave' }).click();
    await expect(ali.getByRole('list', { name: 'People' })).toHaveText('علی');
    await expect(mina.getByLabel('Code')).toBeVisible();
    if (folder !== undefined) await mina.screenshot({ path: resolve(folder, `example-${example}-door.png`) });
  });
}

// Everybody in one room: a page in the shape of each program that others wrote, Charsu's own, one with EventSource, and two
// requests. Each says a line, each is shown all of them, in one order.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type BrowserContext, type Page } from '@playwright/test';
import { expect, test, watch } from './scene/index.ts';

const ROOT = resolve(__dirname, '../..');

/** A page that is not ours: how it says something, and how it shows that somebody else did. */
interface Stranger {
  page: Page;
  name: string;
  shows: (name: string, text: string) => string;
}

/** What a page puts before a line that has no name. */
const nameless = (instead: string) => (name: string, text: string): string => `${name || instead}: ${text}`;
const bare = (name: string, text: string): string => (name === '' ? text : `${name}: ${text}`);

test.describe('one room', { tag: '@desktop' }, () => {
  test('holds pages of every kind, who all see the same in the same order', async ({ arrive, browser, complaints, serve, request }) => {
    const host = await serve('--pages', resolve(ROOT, 'examples/pages'));
    const contexts: BrowserContext[] = [];
    const look = async (path: string, prepare?: (context: BrowserContext) => Promise<void>): Promise<Page> => {
      const context = await browser.newContext();
      contexts.push(context);
      await prepare?.(context);
      await watch(context, [new URL(host.origin()).host], complaints);
      const page = await context.newPage();
      await page.goto(`${host.origin()}${path}`);
      return page;
    };
    const say = async (page: Page, text: string): Promise<void> => {
      await page.locator('#text').fill(text);
      await page.locator('#text').press('Enter');
    };
    const lines = (page: Page) => page.locator('#log li:not(.system)');

    const mina = await arrive({ at: host, path: null });
    await mina.enter('general', 'Mina');

    // The one-segment tutorial: the name stands on each line.
    const tutorial = await look('/pages/one-segment.html');
    await tutorial.getByLabel('Name').fill('Ali');
    // The six-digit chatroom's page, in a room by name.
    const chatroom = await look('/pages/two-segment.html');
    await chatroom.getByLabel('Name').fill('Sara');
    await chatroom.getByLabel('Code').fill('general');
    await chatroom.getByRole('button', { name: 'Join' }).click();
    // The classroom's page with its list.
    const classroom = await look('/pages/online-list.html?name=%D9%86%DA%AF%D8%A7%D8%B1');
    await expect(classroom.locator('#online')).toHaveText('Mina, Guest, Sara, نگار');
    // Socket.IO: its tutorial, the blueprint's objects, and the framework's demo.
    const strings = await look('/pages/socketio.html');
    const objects = await look('/pages/socketio-objects.html');
    await objects.getByLabel('Name').fill('Oskar');
    const demo = await look('/pages/socketio-demo.html');
    await demo.getByLabel('Name').fill('Bob');
    await demo.getByRole('button', { name: 'Enter' }).click();
    await expect(demo.locator('#log .system')).toHaveText(['4 here']);
    // The six lines of docs/http.md, as if they lay here, too.
    const written = /```html\n([^]*?)```/.exec(await readFile(resolve(ROOT, 'docs/http.md'), 'utf8'))?.[1] ?? '';
    const stream = await look('/pages/online-list.html?name=gone', async (context) => { await context.route('**/pages/**', (route) => route.fulfill({
      contentType: 'text/html', body: written.replaceAll('http://127.0.0.1:8000', host.origin()).replace('Mina', 'Reza'),
    })); });
    await expect(mina.page.locator('.bar')).toContainText('8 people here');

    const strangers: Stranger[] = [
      { page: tutorial, name: 'Ali', shows: nameless('Anonymous') },
      { page: chatroom, name: 'Sara', shows: nameless('Guest') },
      { page: classroom, name: 'نگار', shows: nameless('Guest') },
      // A string has no place for a name but before it, and none of its own.
      { page: strings, name: '', shows: bare },
      { page: objects, name: 'Oskar', shows: bare },
      { page: demo, name: 'Bob', shows: nameless('Guest') },
      { page: stream, name: 'Reza', shows: nameless('') },
    ];
    const said: { name: string; text: string }[] = [];
    const hear = async (name: string, text: string): Promise<void> => {
      said.push({ name, text });
      await mina.hears(text);
      for (const { page, shows } of strangers) await expect(lines(page).last()).toHaveText(shows(name, text));
    };

    await mina.say('Welcome, everybody');
    await hear('Mina', 'Welcome, everybody');
    for (const { page, name } of strangers) {
      const text = `A line of ${name || 'somebody'}'s`;
      await say(page, text);
      await hear(name, text);
    }
    // And a script: one request says, one reads.
    const made = await request.post(`${host.origin()}/api/rooms/general/messages`, {
      data: { name: 'Script', text: 'A line of a script' },
    });
    expect(made.ok(), await made.text()).toBe(true);
    await hear('Script', 'A line of a script');
    await mina.say('خداحافظ همگی');
    await hear('Mina', 'خداحافظ همگی');

    expect(await mina.lines()).toEqual(said.map(({ text }) => text));
    for (const { page, shows } of strangers) await expect(lines(page)).toHaveText(said.map(({ name, text }) => shows(name, text)));
    await Promise.all(contexts.map((context) => context.close()));
  });
});

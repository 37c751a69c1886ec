// The six-line page of docs/http.md, on another site, with the browser's own EventSource.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { ELSEWHERE, expect, test, watch } from './scene/index.ts';

const DOCUMENT = resolve(__dirname, '../../docs/http.md');

/** The page as it is written down, for this server. */
async function written(origin: string): Promise<string> {
  const page = /```html\n([^]*?)```/.exec(await readFile(DOCUMENT, 'utf8'))?.[1];
  expect(page?.trimEnd().split('\n')).toHaveLength(6);
  return (page ?? '').replaceAll('http://127.0.0.1:8000', origin);
}

test.describe('a page with EventSource', { tag: '@desktop' }, () => {
  test('talks from another site that is let in', async ({ arrive, browser, complaints, serve }) => {
    let page = '';
    const site = createServer((request, response) => {
      const isPage = request.url === '/';
      response.writeHead(isPage ? 200 : 204, { 'content-type': 'text/html' }).end(isPage ? page : '');
    });
    await new Promise<void>((ready) => site.listen(0, '127.0.0.1', ready));
    const elsewhere = `http://${ELSEWHERE}:${(site.address() as AddressInfo).port}`;
    const at = await serve('--allow-origin', elsewhere);
    page = await written(at.origin());
    const ali = await arrive({ at, path: null });
    await ali.enter('general', 'Ali');

    const context = await browser.newContext();
    await watch(context, [new URL(elsewhere).host, new URL(at.origin()).host], complaints);
    const mina = await context.newPage();
    await mina.goto(elsewhere);
    await expect(ali.page.locator('.bar')).toContainText('2 people here');
    await ali.say('Hello, Mina');
    await expect(mina.locator('#log li')).toHaveText(['Ali: Hello, Mina']);
    await mina.locator('#text').fill('Hello, Ali');
    await mina.locator('#text').press('Enter');
    await ali.hears('Hello, Ali');
    await expect(mina.locator('#log li')).toHaveText(['Ali: Hello, Mina', 'Mina: Hello, Ali']);

    await context.close();
    site.closeAllConnections();
    site.close();
  });
});

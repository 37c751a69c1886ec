// @charsu/client in a page of somebody else's, in a real browser: where the network lets no WebSocket through, and where the server asks
// for tokens. `npm run client` in web/ has built it.
import { createHmac } from 'node:crypto';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Page } from '@playwright/test';
import type { Room, Session } from '../../web/client/src/index.ts';
import { expect, Line, test as base, watch, type Server } from './scene/index.ts';

const DIST = resolve(__dirname, '../../web/client/dist');
const SECRET_FILE = resolve(__dirname, '../auth/keys/secret.txt');

/** What the page has made, for what a scene does with it. */
declare global {
  interface Window {
    session: Session;
    room: Room;
    heard: string[];
    refused: string[];
  }
}

/** Somebody in their own browser, with a page on the client; and the ways to the server that it has opened. */
interface Visitor {
  readonly page: Page;
  readonly ways: string[];
}

const test = base.extend<{ visit: (server: Server, by?: Line) => Promise<Visitor>; guarded: (folder: string, ...options: string[]) => Promise<Server> }>({
  guarded: async ({ serve }, use) => {
    await use(async (folder, ...options) => {
      await mkdir(folder, { recursive: true });
      await cp(DIST, join(folder, 'client'), { recursive: true });
      await writeFile(join(folder, 'index.html'), '<!doctype html><html lang="en"><title>A page</title><link rel="icon" href="data:,"></html>');
      return serve('--pages', folder, ...options);
    });
  },

  visit: async ({ browser, complaints }, use) => {
    const closing: (() => Promise<void>)[] = [];
    await use(async (server, by) => {
      const context = await browser.newContext();
      closing.push(() => context.close());
      const origin = by?.origin ?? server.origin();
      await watch(context, [new URL(origin).host], complaints);
      const page = await context.newPage();
      const ways: string[] = [];
      page.on('request', (request) => { if (new URL(request.url()).pathname === '/api/events') ways.push('events'); });
      page.on('websocket', (socket) => socket.on('framereceived', () => { if (ways.at(-1) !== 'socket') ways.push('socket'); }));
      await page.goto(`${origin}/pages/index.html`);
      return { page, ways };
    });
    await Promise.all(closing.map((close) => close()));
  },
});

/** Joins, by whichever way opens; `seconds`: for how long each token is good, where there are some. */
async function enter({ page }: Visitor, name: string, { seconds = 0, isWrong = false } = {}): Promise<string> {
  if (seconds > 0) await page.exposeFunction('invite', () => token(name, seconds, isWrong));
  return page.evaluate(async ([as, isInvited]) => {
    const path = '/pages/client/index.js';
    const { browser, connect, withFallback } = await import(path) as typeof import('../../web/client/src/index.ts');
    const { invite } = window as unknown as { invite: () => Promise<string> };
    window.session = connect(location.origin, { connect: withFallback(browser), ...(isInvited && { token: invite }) });
    window.refused = [];
    window.session.on('refused', ({ code }) => window.refused.push(code));
    const joined = window.session.join('general', as);
    const refused = new Promise<string>((turned) => window.session.on('refused', ({ code }) => turned(code)));
    const first = await Promise.race([joined, refused]);
    if (typeof first === 'string') return first;
    window.room = first;
    window.heard = [];
    window.room.on('message', ({ name: from, text }) => window.heard.push(`${from}: ${text}`));
    return window.room.you.name;
  }, [name, seconds > 0] as const);
}

const say = ({ page }: Visitor, text: string) => page.evaluate(async (line) => { await window.room.say(line); }, text);
const heard = ({ page }: Visitor) => page.evaluate(() => window.heard);

async function token(name: string, seconds: number, isWrong: boolean): Promise<string> {
  const secret = (await readFile(SECRET_FILE, 'utf8')).trimEnd();
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const message = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: name, exp: Math.floor(Date.now() / 1000) + seconds })}`;
  return `${message}.${createHmac('sha256', isWrong ? `${secret}!` : secret).update(message).digest('base64url')}`;
}

test.describe('@charsu/client', { tag: '@desktop' }, () => {
  test('goes by requests where no WebSocket opens, and back as soon as one does', async ({ guarded, lineTo, visit }, info) => {
    const server = await guarded(info.outputPath('pages'));
    const line = await lineTo(server);
    line.refuseWebSockets();
    const [mina, ali] = [await visit(server, line), await visit(server)];
    expect(await enter(ali, 'Ali')).toBe('Ali');
    expect(await enter(mina, 'Mina')).toBe('Mina');
    expect([mina.ways, ali.ways]).toEqual([['events'], ['socket']]);
    await say(mina, 'By requests');
    await say(ali, 'I hear you');
    line.letWebSockets();
    await expect.poll(() => mina.ways.at(-1), { timeout: 60_000 }).toBe('socket');
    await say(mina, 'By a socket');
    await say(ali, 'Still here');
    const said = ['Mina: By requests', 'Ali: I hear you', 'Mina: By a socket', 'Ali: Still here'];
    await expect.poll(() => heard(mina)).toEqual(said);
    expect(await heard(ali)).toEqual(said);
    // Cut again in the middle of talking.
    line.refuseWebSockets();
    const lines = mina.page.evaluate(() => Promise.all(['one', 'two', 'three'].map((text) => window.room.say(text))));
    await lines;
    await expect.poll(() => heard(ali)).toEqual([...said, 'Mina: one', 'Mina: two', 'Mina: three']);
    expect(mina.ways.at(-1)).toBe('events');
  });

  for (const way of ['socket', 'events']) {
    test(`is let in by a token and comes back with the next one, by ${way === 'socket' ? 'a socket' : 'requests'}`, async ({ guarded, lineTo, visit }, info) => {
      const server = await guarded(info.outputPath('pages'), '--auth-secret-file', SECRET_FILE);
      const line = await lineTo(server);
      if (way === 'events') line.refuseWebSockets();
      const [mina, ali] = [await visit(server, line), await visit(server)];
      expect(await enter(ali, 'Ali', { seconds: 600 })).toBe('Ali');
      expect(await enter(mina, 'Mina', { seconds: 4 })).toBe('Mina');
      await say(mina, 'Before');
      await expect.poll(() => mina.page.evaluate(() => window.refused), { timeout: 30_000 }).toContain('token_expired');
      await say(mina, 'After');
      await say(ali, 'Are you there?');
      const said = ['Mina: Before', 'Mina: After', 'Ali: Are you there?'];
      await expect.poll(() => heard(mina)).toEqual(said);
      expect(await heard(ali)).toEqual(said);
      expect(mina.ways.every((one) => one === way)).toBe(true);
    });

    test(`is told that its token is no good, where a ${way === 'socket' ? 'socket' : 'request'} shows it`, async ({ guarded, lineTo, visit }, info) => {
      const server = await guarded(info.outputPath('pages'), '--auth-secret-file', SECRET_FILE);
      const line = await lineTo(server);
      if (way === 'events') line.refuseWebSockets();
      expect(await enter(await visit(server, line), 'Eve', { seconds: 60, isWrong: true })).toBe('token_invalid');
    });
  }
});

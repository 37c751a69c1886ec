// @charsu/client in programs, on a server that lets nobody in without a token. CHARSU_GUARDED_URL names one that tests/clients/run has
// started, and CHARSU_SECRET the file of its secret.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { browser, Chat, connect, Refusal, withFallback } from '../../web/client/dist/index.js';

const SERVER = (process.env.CHARSU_GUARDED_URL ?? 'ws://127.0.0.1:8000').replace('ws', 'http');
const { WebSocket } = 'Bun' in globalThis || 'Deno' in globalThis ? globalThis : createRequire(new URL('../../web/package.json', import.meta.url))('ws');
const secret = readFileSync(process.env.CHARSU_SECRET ?? 'tests/auth/keys/secret.txt', 'utf8').trimEnd();
let rooms = 0;
const aRoom = () => `token-${process.pid}-${(rooms += 1)}`;

/** A token for somebody, for so many seconds. */
function token(name, seconds) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const message = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: name, exp: Math.floor(Date.now() / 1000) + seconds })}`;
  return `${message}.${createHmac('sha256', secret).update(message).digest('base64url')}`;
}

/** A session that ends with the scene. */
async function visiting(context, options) {
  const session = connect(SERVER, { WebSocket, ...options });
  context.after(() => session.close());
  return session;
}

test('a token lets in and gives the name; without one, and with a bad one, it is told why', async (context) => {
  const room = aRoom();
  const mina = await (await visiting(context, { token: token('Mina', 60) })).join(room, 'Somebody else');
  assert.equal(mina.you.name, 'Mina');
  const forged = await visiting(context, { token: `${token('Eve', 60).slice(0, -4)}AAAA` });
  const told = new Promise((done) => forged.on('refused', done));
  await assert.rejects(forged.join(room, 'Eve'), (why) => why instanceof Refusal && why.code === 'token_invalid');
  assert.equal((await told).code, 'token_invalid');
  const old = await visiting(context, { token: token('Eve', -5) });
  await assert.rejects(old.join(room, 'Eve'), { code: 'token_expired', message: 'This invitation has run out. Ask for another.' });
  const bare = await visiting(context, {});
  await assert.rejects(bare.join(room, 'Eve'), { code: 'token_required', message: 'You need an invitation to enter here.' });
});

for (const [way, around] of [['by sockets', false], ['by requests', true]]) {
  test(`whoever talks while tokens run out is heard once and in order, ${way}`, async (context) => {
    const blocked = () => { throw new Error('no sockets here'); };
    const more = around ? { connect: withFallback({ ...browser, connect: blocked }) } : {};
    const room = aRoom();
    const sara = await (await visiting(context, { token: token('Sara', 600) })).join(room, '');
    const heard = [];
    sara.on('message', ({ text }) => heard.push(text));
    let asked = 0;
    const talker = await visiting(context, { ...more, token: async () => (asked += 1, token('Ali', 3)) });
    const told = [];
    talker.on('refused', ({ code }) => told.push(code));
    const ali = await talker.join(room, '');
    const lines = [];
    const until = Date.now() + 8_000;
    while (Date.now() < until) {
      lines.push(ali.say(`line ${lines.length}`));
      await new Promise((done) => { setTimeout(done, 100); });
    }
    await Promise.all(lines);
    assert.deepEqual(heard, lines.map((_, at) => `line ${at}`));
    assert.ok(told.includes('token_expired') && told.every((code) => code === 'token_expired'), String(told));
    // It goes by requests after two sockets that did not open.
    assert.ok(asked >= 2 && asked < 12, `asked for ${asked}`);
  });
}

test('a page that draws keeps what is typed while it has no token that is good', async (context) => {
  const storage = new Map();
  const kept = { getItem: (key) => storage.get(key) ?? null, setItem: (key, text) => storage.set(key, text), removeItem: (key) => storage.delete(key) };
  const room = aRoom();
  let isGood = false;
  const chat = new Chat({
    url: `${SERVER.replace('http', 'ws')}/ws`, storage: kept, token: () => token('Mina', isGood ? 60 : -60),
    connect: (url, protocol) => new WebSocket(url, protocol),
  });
  context.after(() => chat.close());
  const until = (is) => new Promise((done) => {
    const look = () => { if (is(chat.view)) done(); };
    chat.subscribe(look);
    look();
  });
  chat.join(room, 'Mina');
  chat.say(room, 'typed before');
  await until(({ notice }) => notice?.code === 'token_expired');
  isGood = true;
  await until(({ rooms: [one] }) => one.lines.some(({ text, state }) => text === 'typed before' && state === 'sent'));
  assert.equal(chat.view.notice, undefined);
});

// The server as Node's usual WebSocket library, `ws`, meets it: each wire, fragments, pings, long texts, the end.
// CHARSU_URL names a server that tests/clients/run has started, CHARSU_COMPRESSES the extension that it takes up, if any. Every
// wait is bounded by the runner's timeout.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { test } from 'node:test';

const { WebSocket } = createRequire(new URL('../../web/package.json', import.meta.url))('ws');
const EXTENSION = process.env.CHARSU_COMPRESSES ?? '';
const SERVER = process.env.CHARSU_URL ?? 'ws://127.0.0.1:8000';
/** What tests/clients/run tells the server to take at most. */
const LONGEST = 60 * 1024;
const within = { timeout: 10_000 };

/** An open connection whose frames are read one after the other. */
async function connect(context, path, protocols) {
  // What it sends is compressed however short it is, if compression is taken up.
  const socket = new WebSocket(SERVER + path, protocols, { perMessageDeflate: { threshold: 0 } });
  const frames = [];
  let waiting = null;
  socket.on('message', (data, isBinary) => {
    assert.equal(isBinary, false);
    frames.push(JSON.parse(data.toString()));
    waiting?.();
  });
  const closed = once(socket, 'close').then(([code, reason]) => ({ code, reason: reason.toString() }));
  context.after(() => socket.terminate());
  await once(socket, 'open');
  return {
    socket,
    closed,
    say: (frame) => socket.send(JSON.stringify(frame)),
    async next() {
      while (frames.length === 0) await new Promise((resolve) => { waiting = resolve; });
      return frames.shift();
    },
  };
}

/** A member of a room over charsu.v1. */
async function member(context, room, name) {
  const client = await connect(context, '/ws', 'charsu.v1');
  client.say({ type: 'hello' });
  client.say({ type: 'join', id: 1, room, name });
  assert.equal((await client.next()).type, 'welcome');
  const joined = await client.next();
  assert.deepEqual([joined.type, joined.room, joined.name], ['joined', room, name]);
  return client;
}

test('charsu.v1 is taken as the subprotocol, and an extension only if that is wanted', within, async (context) => {
  const { socket } = await connect(context, '/ws', ['something.else', 'charsu.v1']);
  assert.equal(socket.protocol, 'charsu.v1');
  assert.equal(socket.extensions, EXTENSION);
});

test('a line is acknowledged, then heard by everybody', within, async (context) => {
  const ali = await member(context, 'node-line', 'Ali');
  const sara = await member(context, 'node-line', 'Sara');
  assert.equal((await ali.next()).type, 'join');
  ali.say({ type: 'say', id: 2, room: 'node-line', text: 'سلام 👋' });
  const ack = await ali.next();
  assert.deepEqual([ack.type, ack.id, ack.seq], ['ack', 2, 3]);
  for (const client of [ali, sara]) {
    const message = await client.next();
    assert.deepEqual([message.type, message.seq, message.name, message.text], ['message', 3, 'Ali', 'سلام 👋']);
  }
});

test('a message in fragments is one message, with a ping answered between them', within, async (context) => {
  const ali = await member(context, 'node-fragments', 'Ali');
  const bytes = Buffer.from(JSON.stringify({ type: 'say', id: 2, room: 'node-fragments', text: 'چارسو' }));
  const cut = bytes.length - 6; // inside of a character
  const pong = once(ali.socket, 'pong');
  ali.socket.send(bytes.subarray(0, 9), { fin: false, binary: false });
  ali.socket.ping('between');
  ali.socket.send(bytes.subarray(9, cut), { fin: false, binary: false });
  assert.equal((await pong)[0].toString(), 'between');
  ali.socket.send(bytes.subarray(cut), { fin: true, binary: false });
  assert.equal((await ali.next()).type, 'ack');
  assert.equal((await ali.next()).text, 'چارسو');
});

test('60 KiB come back whole, one character more is refused, and the connection stays', within, async (context) => {
  const ali = await member(context, 'node-long', 'Ali');
  const text = 'long '.repeat(LONGEST / 5);
  ali.say({ type: 'say', id: 2, room: 'node-long', text });
  assert.equal((await ali.next()).type, 'ack');
  assert.equal((await ali.next()).text, text);
  ali.say({ type: 'say', id: 3, room: 'node-long', text: `${text}!` });
  assert.equal((await ali.next()).code, 'text_too_long');
  ali.say({ type: 'ping' });
  assert.deepEqual(await ali.next(), { type: 'pong' });
});

test('a frame over the limit is the end, with 1009', within, async (context) => {
  const ali = await member(context, 'node-huge', 'Ali');
  ali.socket.send('x'.repeat(64 * 1024 + 1));
  assert.equal((await ali.closed).code, 1009);
});

test('binary is the end, with 1003', within, async (context) => {
  const ali = await member(context, 'node-binary', 'Ali');
  ali.socket.send(Buffer.from([1, 2, 3]));
  assert.equal((await ali.closed).code, 1003);
});

test('a goodbye is answered with its own code', within, async (context) => {
  const ali = await member(context, 'node-goodbye', 'Ali');
  ali.socket.close(3001, 'that is all');
  assert.equal((await ali.closed).code, 3001);
});

test('the one-segment dialect hears itself and the other wires', within, async (context) => {
  const page = await connect(context, '/ws/node-one');
  assert.equal(page.socket.protocol, '');
  assert.deepEqual(await page.next(), { type: 'system', message: 'A user joined the chat' });
  page.say({ username: 'User', text: 'Hi!' });
  assert.deepEqual(await page.next(), { type: 'message', username: 'User', text: 'Hi!' });
  const ali = await member(context, 'node-one', 'Ali');
  assert.deepEqual(await page.next(), { type: 'system', message: 'A user joined the chat' });
  ali.say({ type: 'say', id: 2, room: 'node-one', text: 'Welcome' });
  assert.deepEqual(await page.next(), { type: 'message', username: 'Ali', text: 'Welcome' });
});

test('the two-segment dialect carries 60 KiB in each of its fields', within, async (context) => {
  const page = await connect(context, '/ws/node-two/Ali');
  assert.deepEqual(await page.next(), { type: 'users', users: ['Ali'], online_users: ['Ali'], count: 1 });
  const text = 'long '.repeat(LONGEST / 5);
  page.say({ type: 'message', message: text });
  const echo = await page.next();
  assert.deepEqual([echo.name, echo.message === text, echo.text === text, echo.content === text], ['Ali', true, true, true]);
  const twin = await connect(context, '/ws/node-two/ALI');
  assert.deepEqual(await twin.next(), { type: 'error', message: 'A person with the same name already exists in this room' });
  assert.equal((await twin.closed).code, 1000);
});

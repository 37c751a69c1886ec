// The server as socket.io-client meets it, the library that Socket.IO apps are written with: each transport, the move between
// them, order, acknowledgements, binary data, reconnecting. CHARSU_URL names a server that tests/clients/run has started.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import net from 'node:net';
import { test } from 'node:test';

const { io } = createRequire(new URL('../../web/package.json', import.meta.url))('socket.io-client');
const SERVER = (process.env.CHARSU_URL ?? 'ws://127.0.0.1:8000').replace(/^ws/, 'http');
const within = { timeout: 20_000 };
const TRANSPORTS = { polling: ['polling'], WebSocket: ['websocket'], 'polling, then WebSocket': ['polling', 'websocket'] };
let rooms = 0;

/** A connected socket that remembers its events. */
async function connect(context, options = {}, server = SERVER) {
  const socket = io(server, { forceNew: true, ...options });
  context.after(() => socket.close());
  const events = [];
  let waiting = null;
  socket.onAny((...event) => { events.push(event); waiting?.(); });
  const next = async () => {
    while (events.length === 0) await new Promise((resolve) => { waiting = resolve; });
    return events.shift();
  };
  await new Promise((resolve, reject) => { socket.once('connect', resolve); socket.once('connect_error', reject); });
  return { socket, next, events };
}

/** Two pages in a room of their own. */
async function pair(context, options = {}) {
  const auth = { room: `clients ${rooms += 1}` };
  return [await connect(context, { auth, ...options }), await connect(context, { auth, ...options })];
}

for (const [name, transports] of Object.entries(TRANSPORTS)) {
  test(`200 events each way stay in order: ${name}`, within, async (context) => {
    const [ali, sara] = await pair(context, { transports });
    const count = 200;
    for (let n = 0; n < count; n += 1) {
      ali.socket.emit('chat message', `ali ${n}`);
      sara.socket.emit('chat message', `sara ${n}`);
    }
    for (const page of [ali, sara]) {
      const heard = { ali: 0, sara: 0 };
      for (let n = 0; n < 2 * count; n += 1) {
        const [event, text] = await page.next();
        const [who, number] = text.split(' ');
        assert.deepEqual([event, Number(number)], ['chat message', heard[who]]);
        heard[who] += 1;
      }
      assert.equal(page.events.length, 0);
    }
  });

  test(`binary data passes both ways, with an acknowledgement: ${name}`, within, async (context) => {
    const [ali, sara] = await pair(context, { transports });
    const picture = Buffer.from(Array.from({ length: 3000 }, (_, n) => n % 256));
    for (const [from, to] of [[ali, sara], [sara, ali]]) {
      assert.equal(await from.socket.emitWithAck('chat message', { picture, nested: [{ again: picture }] }), undefined);
      const [event, { picture: got, nested }] = await to.next();
      assert.equal(event, 'chat message');
      assert.ok(picture.equals(got) && picture.equals(nested[0].again));
    }
  });
}

test('events that are emitted while the transport changes are neither lost nor reordered', within, async (context) => {
  const [ali, sara] = await pair(context);
  let said = 0;
  while (ali.socket.io.engine.transport.name !== 'websocket' || sara.socket.io.engine.transport.name !== 'websocket' || said < 50) {
    ali.socket.emit('chat message', String(said));
    said += 1;
    await new Promise((resolve) => { setTimeout(resolve, 2); });
  }
  for (const page of [ali, sara]) {
    for (let n = 0; n < said; n += 1) assert.deepEqual(await page.next(), ['chat message', String(n)]);
  }
});

test('a namespace that is no room is refused in the words that apps know', within, async (context) => {
  const socket = io(`${SERVER}/999999`, { forceNew: true });
  context.after(() => socket.close());
  const [error] = await once(socket, 'connect_error');
  assert.equal(error.message, 'Invalid namespace');
});

test('two namespaces share a connection', within, async (context) => {
  const { code } = await (await fetch(`${SERVER}/api/rooms`, { method: 'POST' })).json();
  const main = await connect(context, { auth: { room: `clients ${rooms += 1}` } });
  const room = main.socket.io.socket(`/${code}`);
  // The connection lives as long as one of both.
  context.after(() => room.close());
  await once(room, 'connect');
  const other = await connect(context, { auth: { room: code, name: 'Sara' } });
  other.socket.emit('chat message', 'hello');
  assert.deepEqual(await once(room, 'chat message'), ['Sara: hello']);
  assert.equal(main.events.length, 0);
});

test('a page that resends with retries is heard once', within, async (context) => {
  const auth = { room: `clients ${rooms += 1}`, serverOffset: 0 };
  const sara = await connect(context, { auth });
  const target = new URL(SERVER);
  let dropsAnswers = true;
  const links = new Set();
  // Between them a proxy that swallows the first acknowledgement with everything else, and then breaks the connection.
  const proxy = net.createServer((client) => {
    const server = net.connect(Number(target.port), target.hostname);
    links.add(client);
    client.pipe(server);
    server.on('data', (data) => {
      if (dropsAnswers && data.includes('430[]')) {
        dropsAnswers = false;
        for (const link of links) link.destroy();
        server.destroy();
      } else client.write(data);
    });
    client.on('error', () => server.destroy());
    client.on('close', () => { links.delete(client); server.destroy(); });
    server.on('error', () => client.destroy());
    server.on('close', () => client.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  context.after(() => proxy.close());
  const ali = await connect(
    context,
    { auth, transports: ['websocket'], ackTimeout: 1000, retries: 3, reconnectionDelay: 10 },
    `http://127.0.0.1:${proxy.address().port}`,
  );
  const first = ali.socket.id;
  const acknowledged = new Promise((resolve) => { ali.socket.emit('chat message', 'once', `${first}-0`, resolve); });
  await acknowledged;
  assert.notEqual(ali.socket.id, first, 'it came back as another socket');
  ali.socket.emit('chat message', 'and on', `${ali.socket.id}-1`);
  const heard = [(await sara.next())[1], (await sara.next())[1]];
  assert.deepEqual(heard, ['once', 'and on']);
});

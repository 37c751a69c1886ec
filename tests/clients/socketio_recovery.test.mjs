// socket.io-client against a server with --socketio-recovery /: a connection that breaks off without a word is recovered, over
// each transport, and nothing is lost or doubled. CHARSU_URL names a server that tests/clients/run has started.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import net from 'node:net';
import { test } from 'node:test';

const { io } = createRequire(new URL('../../web/package.json', import.meta.url))('socket.io-client');
const SERVER = new URL((process.env.CHARSU_URL ?? 'ws://127.0.0.1:8000').replace(/^ws/, 'http'));
const within = { timeout: 30_000 };
let rooms = 0;

/** A way to the server that can be cut. */
async function line(context) {
  const ends = new Set();
  const proxy = net.createServer((client) => {
    const server = net.connect(Number(SERVER.port), SERVER.hostname);
    for (const end of [client, server]) {
      ends.add(end);
      end.on('error', () => {});
      end.on('close', () => { ends.delete(end); client.destroy(); server.destroy(); });
    }
    client.pipe(server);
    server.pipe(client);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  context.after(() => { proxy.close(); for (const end of ends) end.destroy(); });
  return { url: `http://127.0.0.1:${proxy.address().port}`, cut: () => { for (const end of ends) end.destroy(); } };
}

async function connect(context, url, options) {
  const socket = io(url, { forceNew: true, reconnectionDelay: 10, reconnectionDelayMax: 20, ...options });
  context.after(() => socket.close());
  const lines = [];
  socket.on('chat message', (text) => lines.push(text));
  await once(socket, 'connect');
  return { socket, lines };
}

async function until(condition) {
  while (!condition()) await new Promise((resolve) => { setTimeout(resolve, 5); });
}

const ENDS = {
  // Between two polls there is nothing to cut, and it goes on over the next line.
  'its line is cut': async (page, way) => {
    while (page.socket.connected) {
      way.cut();
      await new Promise((resolve) => { setTimeout(resolve, 1); });
    }
  },
  'its engine is closed': (page) => page.socket.io.engine.close(),
};
for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
  for (const [how, end] of Object.entries(ENDS)) {
    test(`${transports.join(', then ')}: ${how}, and it is recovered`, within, async (context) => {
      const room = `recovered ${rooms += 1}`;
      const way = await line(context);
      const other = await connect(context, SERVER.href, { auth: { room } });
      const page = await connect(context, way.url, { auth: { room, name: 'Ali' }, transports });
      assert.equal(page.socket.recovered, false);
      const id = page.socket.id;
      const said = [];
      let isOver = false;
      const talking = (async () => {
        for (let n = 0; !isOver; n += 1) {
          said.push(String(n));
          other.socket.emit('chat message', String(n));
          await new Promise((resolve) => { setTimeout(resolve, 3); });
        }
      })();
      for (let round = 0; round < 5; round += 1) {
        const before = page.lines.length;
        await until(() => page.lines.length > before + 3);
        const back = once(page.socket, 'connect');
        await end(page, way);
        await back;
        assert.equal(page.socket.recovered, true, `round ${round}`);
        assert.equal(page.socket.id, id);
      }
      isOver = true;
      await talking;
      await until(() => page.lines.length >= said.length && other.lines.length >= said.length);
      assert.deepEqual(page.lines, said);
      page.socket.emit('chat message', 'here');
      await until(() => other.lines.includes('Ali: here'));
    });
  }
}

test('who was told nothing yet is recovered, too', within, async (context) => {
  const room = `recovered ${rooms += 1}`;
  const way = await line(context);
  const other = await connect(context, SERVER.href, { auth: { room } });
  const page = await connect(context, way.url, { auth: { room }, reconnectionDelay: 200, transports: ['websocket'] });
  way.cut();
  await once(page.socket, 'disconnect');
  other.socket.emit('chat message', 'meanwhile');
  await once(page.socket, 'connect');
  assert.equal(page.socket.recovered, true);
  await until(() => page.lines.length > 0);
  assert.deepEqual(page.lines, ['meanwhile']);
});

test('who left comes back as somebody new', within, async (context) => {
  const page = await connect(context, SERVER.href, { auth: { room: `recovered ${rooms += 1}` } });
  const id = page.socket.id;
  page.socket.disconnect();
  page.socket.connect();
  await once(page.socket, 'connect');
  assert.equal(page.socket.recovered, false);
  assert.notEqual(page.socket.id, id);
});

// One measurement of a server that is started for it: what the loads of `workers.mjs` and `wires.mjs` share.

import { execFile, spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const LIMIT_MS = 120_000;
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const charsu = `${process.env.CARGO_TARGET_DIR ?? `${root}/target`}/release/charsu`;

/** Ways in: the path, and how `charsu load` speaks there. */
export const WIRES = {
  tutorial: { name: 'tutorial', path: '/ws/{room}?name={name}', load: [] },
  charsu: { name: 'charsu.v1', path: '/ws', load: ['--protocol', 'charsu.v1'] },
  // 40 joins the main namespace, 42 is an event, and 7 asks for its acknowledgement.
  socketio: {
    name: 'Socket.IO',
    path: '/socket.io/?EIO=4&transport=websocket&room={room}&name={name}',
    load: ['--first', '40', '--template', '427["chat message","{text}"]'],
  },
};

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Starts a server with so many worker threads, loads it, ends it, and gives what `charsu load` reports. */
export async function measure(threads, shape, wire) {
  const server = spawn(charsu, ['--listen', '127.0.0.1:0', '--no-limits', '--log', 'error'], {
    env: { ...process.env, TOKIO_WORKER_THREADS: `${threads}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((done) => server.once('exit', done));
  try {
    const port = await new Promise((done, failed) => {
      createInterface({ input: server.stdout }).on('line', (line) => {
        const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
        if (found) done(found[1]);
      });
      server.once('exit', () => failed(new Error('the server did not start')));
    });
    const url = `ws://127.0.0.1:${port}${wire.path}`;
    const args = ['load', '--url', url, ...wire.load, ...shape.load, '--pid', `${server.pid}`, '--json'];
    const { stdout } = await promisify(execFile)(charsu, args, { timeout: LIMIT_MS });
    return JSON.parse(stdout);
  } finally {
    server.kill('SIGKILL');
    await ended;
  }
}

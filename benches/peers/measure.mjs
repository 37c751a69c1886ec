// Runs every shape on every server, in rounds, so that what else the machine does falls on all of them alike.
//
// Each measurement has a fresh server, pinned to core 0, and `charsu load` on core 1.

import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

import { plot } from './plot.mjs';
import { document } from './report.mjs';
import { servers as all, versions } from './servers.mjs';
import { shapesFor } from './shapes.mjs';

const USAGE = `benches/peers/run [--quick] [--rounds N] [--servers a,b] [--shapes a,b] [--report]

  --quick      one round of a second each, and no slow server in the largest shape
  --rounds N   how often everything is measured [5]
  --servers    only these: charsu, charsu.v1, bun, ws, socketio, fastapi
  --shapes     only these: 1x32, 1x32x64, 100x10, 1x1000, 1x1000s1, paced, idle
  --report     measure nothing, write the documents anew from what was measured last
`;

const flag = { type: 'boolean', default: false };
const { values: options } = parseArgs({
  options: {
    help: flag,
    quick: flag,
    report: flag,
    rounds: { type: 'string' },
    servers: { type: 'string' },
    shapes: { type: 'string' },
  },
});
if (options.help) {
  process.stdout.write(USAGE);
  process.exit();
}

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const target = process.env.CARGO_TARGET_DIR ?? `${root}/target`;
const rounds = Number(options.rounds ?? (options.quick ? 1 : 5));
/** A measurement that takes longer is given up: a slow server takes a minute for the largest shape. */
const LIMIT_MS = 400_000;

const SHAPES = shapesFor(options.quick);

const chosen = (list, wanted) => list.filter(({ id }) => !wanted || wanted.split(',').includes(id));
const servers = chosen(all(target), options.servers);
const shapes = chosen(SHAPES, options.shapes);
const file = `${target}/peers/results.json`;

const results = options.report ? JSON.parse(readFileSync(file, 'utf8')) : await measureAll();
const folder = results.quick ? `${target}/peers` : `${root}/docs`;
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}/benchmarks.md`, document(results));
writeFileSync(`${folder}/benchmarks.svg`, plot(results));
process.stderr.write(`${folder}/benchmarks.md and benchmarks.svg are written\n`);

async function measureAll() {
  const named = (list) => list.map(({ id, name, open, idle }) => ({ id, name, open, idle }));
  const results = {
    quick: options.quick,
    rounds: 0,
    runs: [],
    shapes: named(shapes),
    servers: named(servers),
    versions: versions(target),
    date: new Date().toISOString().slice(0, 10),
  };
  while (results.rounds < rounds) {
    for (const shape of shapes) {
      for (let n = 0; n < servers.length; n += 1) {
        const server = servers[(n + results.rounds) % servers.length];
        if (options.quick && shape.large && server.slow) continue;
        const run = { server: server.id, shape: shape.id, ...(await measure(server, shape)) };
        results.runs.push(run);
        tell(results.rounds + 1, run);
      }
    }
    results.rounds += 1;
    // Whoever stops it later has the rounds until then: --report.
    writeFileSync(file, JSON.stringify(results));
  }
  return results;
}

function tell(round, { server, shape, report, fault }) {
  const cost = report?.cpu ? `${report.cpu.total_us.toFixed(3)} us a delivery` : '';
  const memory = report?.memory?.per_connection ? `${Math.round(report.memory.per_connection)} bytes a connection` : '';
  const found = [cost, memory, fault].filter(Boolean).join(', ');
  process.stderr.write(`round ${round}  ${shape.padEnd(9)} ${server.padEnd(10)} ${found}\n`);
}

/** One measurement: what `charsu load` reports, and what was wrong. */
async function measure(server, shape) {
  const port = await freePort();
  const [program, ...args] = server.start(port);
  const pinned = ['-c', '0', program, ...args];
  // taskset becomes the program, so its number is the server's.
  const child = spawn('taskset', pinned, {
    cwd: `${target}/peers`,
    env: { ...process.env, PORT: `${port}`, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise((done) => child.once('exit', done));
  try {
    await listening(port);
    return await load(server, shape, port, child.pid);
  } catch (error) {
    return { fault: error.message };
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

async function load(server, shape, port, pid) {
  const url = `ws://127.0.0.1:${port}${server.path}`;
  const args = ['load', '--url', url, ...server.load, ...shape.load, '--pid', `${pid}`, '--patience', '60', '--json'];
  const pinned = ['-c', '1', `${target}/release/charsu`, ...args];
  try {
    const { stdout } = await promisify(execFile)('taskset', pinned, { timeout: LIMIT_MS, maxBuffer: 1 << 20 });
    return { report: JSON.parse(stdout) };
  } catch (error) {
    // It ends with 1 when it found faults, and has still told what it found.
    const report = error.stdout ? JSON.parse(error.stdout) : undefined;
    const fault = (error.stderr ?? '').trim().split('\n').at(-1) || error.message;
    return { report, fault: error.killed ? 'given up: it took too long' : fault.replace(/^charsu: /, '') };
  }
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

async function listening(port) {
  for (let tries = 0; tries < 200; tries += 1) {
    const is = await new Promise((done) => {
      const socket = connect(port, '127.0.0.1', () => done(true)).on('error', () => done(false));
      socket.on('connect', () => socket.destroy());
    });
    if (is) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error('it did not start');
}

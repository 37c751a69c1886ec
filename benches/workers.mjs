// What a second worker thread costs and brings: every shape of benches/peers with one and with two, in turn, on the same
// machine. Server and load may run on any core, so they share what there is: with two cores only the cost says something.
//
//   cargo build --release --no-default-features && node benches/workers.mjs [--rounds N] [--quick]
//
// Ends with 1 if two threads cost more than 1.3 times the processor time of one in any shape, or if a delivery was lost.

import { execFile, spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

import { shapesFor } from './peers/shapes.mjs';

/** The most that two threads may cost, compared to one. */
const BAR = 1.3;
const LIMIT_MS = 120_000;

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, quick: { type: 'boolean', default: false } },
});
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const charsu = `${process.env.CARGO_TARGET_DIR ?? `${root}/target`}/release/charsu`;
const PROTOCOLS = [
  { name: 'tutorial', path: '/ws/{room}?name={name}', load: [] },
  { name: 'charsu.v1', path: '/ws', load: ['--protocol', 'charsu.v1'] },
];

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** One measurement: processor microseconds for each delivery, and deliveries in a second. */
async function measure(threads, shape, protocol) {
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
    const url = `ws://127.0.0.1:${port}${protocol.path}`;
    const args = ['load', '--url', url, ...protocol.load, ...shape.load, '--pid', `${server.pid}`, '--json'];
    const { stdout } = await promisify(execFile)(charsu, args, { timeout: LIMIT_MS });
    const report = JSON.parse(stdout);
    return { cost: report.cpu.total_us, rate: report.deliveries_per_second };
  } finally {
    server.kill('SIGKILL');
    await ended;
  }
}

console.log(`${cpus().length} cores, ${cpus()[0].model}; ${options.rounds} rounds, medians\n`);
console.log('| shape | protocol | one thread, us a delivery | two threads | ratio | deliveries/s, two to one |');
console.log('| --- | --- | --- | --- | --- | --- |');
let worst = 0;
for (const shape of shapesFor(options.quick).filter(({ idle }) => !idle)) {
  for (const protocol of PROTOCOLS) {
    const runs = { 1: [], 2: [] };
    for (let round = 0; round < Number(options.rounds); round += 1) {
      for (const threads of round % 2 === 0 ? [1, 2] : [2, 1]) {
        runs[threads].push(await measure(threads, shape, protocol));
      }
    }
    const of = (threads, what) => median(runs[threads].map((run) => run[what]));
    const ratio = of(2, 'cost') / of(1, 'cost');
    worst = Math.max(worst, ratio);
    const rate = (of(2, 'rate') / of(1, 'rate')).toFixed(2);
    const costs = [of(1, 'cost').toPrecision(3), of(2, 'cost').toPrecision(3), ratio.toFixed(2)];
    console.log(`| ${[shape.name, protocol.name, ...costs, rate].join(' | ')} |`);
  }
}
console.log(`\nAt worst ${worst.toFixed(2)} times, of ${BAR} allowed.`);
process.exitCode = worst > BAR ? 1 : 0;

// What TLS costs beside plain connections: each delivery in some shapes of benches/peers, a new connection, and one that is
// idle. Both kinds in turn, on the same machine, with the same program. All figures are the server's alone.
//
//   cargo build --release --no-default-features --features tls && node benches/tls.mjs [--rounds N] [--seconds N]
//
// Takes four minutes. Needs `openssl`, for certificates. Ends with 1 if a delivery was lost.

import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

import { shapesFor } from './peers/shapes.mjs';

const LIMIT_MS = 120_000;
/** A unit of processor time in /proc. */
const TICK_US = 10_000;

/** Who comes, in pairs, for the price of a handshake. */
const PEOPLE = 2000;

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, seconds: { type: 'string', default: '2' } },
});
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const charsu = `${process.env.CARGO_TARGET_DIR ?? `${root}/target`}/release/charsu`;
const folder = mkdtempSync(join(tmpdir(), 'charsu-tls-'));

/** The load of a shape, for as long as is wanted here. */
function loadOf(shape) {
  const spans = { '--seconds': options.seconds, '--warm-up': '0.5' };
  return shape.load.map((word, at) => spans[shape.load[at - 1]] ?? word);
}
const shapes = Object.fromEntries(shapesFor(false).map((shape) => [shape.id, { ...shape, load: loadOf(shape) }]));

const KEYS = {
  ecdsa: { name: 'TLS, ECDSA P-256', new: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] },
  rsa: { name: 'TLS, RSA 2048', new: ['rsa:2048'] },
};

/** A certificate that vouches for itself, and for this machine. */
function certificate(kind) {
  const [cert, key] = ['cert', 'key'].map((what) => join(folder, `${kind}-${what}.pem`));
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const ends = ['-addext', 'basicConstraints=critical,CA:FALSE'];
  const args = ['req', '-x509', '-nodes', '-days', '2', '-newkey', ...KEYS[kind].new, '-keyout', key, '-out', cert];
  execFileSync('openssl', [...args, ...names, ...ends], { stdio: 'pipe' });
  return { server: ['--tls-cert', cert, '--tls-key', key], load: ['--tls-root', cert], scheme: 'wss' };
}

const ways = {
  plain: { server: [], load: [], scheme: 'ws' },
  ecdsa: certificate('ecdsa'),
  rsa: certificate('rsa'),
};

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Processor microseconds of a process so far. */
function spent(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** How busy the machine was with other things, in cores, once for each load. */
const others = [];

/** One load on a server of its own: what was found, and what the server spent and how long it took in all. */
async function measure(way, load) {
  const args = ['--listen', '127.0.0.1:0', '--no-limits', '--log', 'error', ...way.server];
  const server = spawn(charsu, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done) => server.once('exit', done));
  try {
    const port = await new Promise((done, failed) => {
      createInterface({ input: server.stdout }).on('line', (line) => {
        const found = /:\/\/127\.0\.0\.1:(\d+)/.exec(line);
        if (found) done(found[1]);
      });
      server.once('exit', () => failed(new Error('the server did not start')));
    });
    const url = `${way.scheme}://127.0.0.1:${port}/ws`;
    const to = ['load', '--url', url, '--protocol', 'charsu.v1', ...way.load];
    const { stdout } = await promisify(execFile)(charsu, [...to, ...load, '--pid', `${server.pid}`, '--json'], {
      timeout: LIMIT_MS,
    });
    const report = JSON.parse(stdout);
    if (report.others_share !== null) others.push(report.others_share);
    return { ...report, spent: spent(server.pid) };
  } finally {
    server.kill('SIGKILL');
    await ended;
  }
}

/** Both ways in turn, as often as there are rounds: the medians of what `figure` reads from each report. */
async function compare(names, load, figure) {
  const found = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const name of names) found[name].push(figure(await measure(ways[name], load)));
  }
  return names.map((name) => median(found[name]));
}

try {
  console.log(`${cpus().length} cores, ${cpus()[0].model}; ${options.rounds} rounds, medians; charsu.v1\n`);
  console.log('| shape | plain, us a delivery | TLS | ratio |');
  console.log('|---|---|---|---|');
  for (const id of ['1x32', '100x10', '1x1000s1', 'paced']) {
    const [plain, tls] = await compare(['plain', 'ecdsa'], shapes[id].load, (report) => report.cpu.total_us);
    console.log(`| ${shapes[id].name} | ${plain.toFixed(2)} | ${tls.toFixed(2)} | ${(tls / plain).toFixed(2)} |`);
  }

  // So many that the memory of a server with nobody in it, divided by them, is next to nothing.
  const idle = ['--rooms', '500', '--members', '20', '--idle', '3'];
  const [plain, tls] = await compare(['plain', 'ecdsa'], idle, (report) => report.memory.per_connection);
  console.log(`\nAn idle connection: ${plain.toFixed(0)} bytes plain, ${tls.toFixed(0)} with TLS.\n`);

  // Each comes, joins a room of two and goes: what is more with TLS is the handshake. Nobody has been there before.
  const come = ['--rooms', `${PEOPLE / 2}`, '--members', '2', '--idle', '0'];
  const costs = await compare(['plain', 'ecdsa', 'rsa'], come, (report) => report.spent / PEOPLE);
  console.log('| who comes, joins a room of two and goes | processor us | of which TLS | handshakes a core could make in a second |');
  console.log('|---|---|---|---|');
  console.log(`| plain | ${costs[0].toFixed(0)} | | |`);
  for (const [at, { name }] of [KEYS.ecdsa, KEYS.rsa].entries()) {
    const more = costs[at + 1] - costs[0];
    console.log(`| ${name} | ${costs[at + 1].toFixed(0)} | ${more.toFixed(0)} | ${(1e6 / more).toFixed(0)} |`);
  }
  console.log(`\nOther programs took ${median(others).toFixed(1)} cores meanwhile.`);
} finally {
  rmSync(folder, { recursive: true });
}

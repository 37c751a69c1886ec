// What the released program takes when nobody is there: the time from exec to the ready line, and resident memory.
//
//   node tests/footprint.mjs target/release/charsu
//
// Fails over 100 ms (median of the starts, so that one busy moment of the machine does not count) or over 10 MiB.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const STARTS = 11;
const READY_MS = 100;
const RESIDENT_MIB = 10;

/** Starts the program once, waits for its ready line, looks at its memory and ends it. */
function start(program) {
  const began = performance.now();
  const child = spawn(program, ['--listen', '127.0.0.1:0', '--log', 'error'], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`it ended with ${code} before it was ready`)));
    child.stdout.once('data', () => {
      const ready = performance.now() - began;
      const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
      child.removeAllListeners('exit');
      child.once('exit', () => resolve({ ready, resident: Number(kilobytes) / 1024 }));
      child.kill('SIGTERM');
    });
  });
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

const [program] = process.argv.slice(2);
const starts = [];
for (let n = 0; n < STARTS; n += 1) starts.push(await start(program));
const ready = median(starts.map((one) => one.ready));
const resident = median(starts.map((one) => one.resident));
console.log(`ready after ${ready.toFixed(1)} ms (${READY_MS} allowed), ${resident.toFixed(1)} MiB resident (${RESIDENT_MIB} allowed)`);
const failed = Number(ready > READY_MS) + Number(resident > RESIDENT_MIB);
console.log(`${2 - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

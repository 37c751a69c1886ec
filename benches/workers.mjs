// What a second worker thread costs and brings: every shape of benches/peers with one and with two, in turn, on the same
// machine. Server and load may run on any core, so they share what there is: with two cores only the cost says something.
//
//   cargo build --release --no-default-features && node benches/workers.mjs [--rounds N] [--quick]
//
// Ends with 1 if two threads cost more than 1.3 times the processor time of one in any shape, or if a delivery was lost.

import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

import { measure, median, WIRES } from './measured.mjs';
import { shapesFor } from './peers/shapes.mjs';

/** The most that two threads may cost, compared to one. */
const BAR = 1.3;

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, quick: { type: 'boolean', default: false } },
});
const PROTOCOLS = [WIRES.tutorial, WIRES.charsu];

console.log(`${cpus().length} cores, ${cpus()[0].model}; ${options.rounds} rounds, medians\n`);
console.log('| shape | protocol | one thread, us a delivery | two threads | ratio | deliveries/s, two to one |');
console.log('| --- | --- | --- | --- | --- | --- |');
const cost = (report) => report.cpu.total_us;
const rate = (report) => report.deliveries_per_second;
let worst = 0;
for (const shape of shapesFor(options.quick).filter(({ idle }) => !idle)) {
  for (const protocol of PROTOCOLS) {
    const runs = { 1: [], 2: [] };
    for (let round = 0; round < Number(options.rounds); round += 1) {
      for (const threads of round % 2 === 0 ? [1, 2] : [2, 1]) {
        runs[threads].push(await measure(threads, shape, protocol));
      }
    }
    const of = (threads, what) => median(runs[threads].map(what));
    const ratio = of(2, cost) / of(1, cost);
    worst = Math.max(worst, ratio);
    const gain = (of(2, rate) / of(1, rate)).toFixed(2);
    const costs = [of(1, cost).toPrecision(3), of(2, cost).toPrecision(3), ratio.toFixed(2)];
    console.log(`| ${[shape.name, protocol.name, ...costs, gain].join(' | ')} |`);
  }
}
console.log(`\nAt worst ${worst.toFixed(2)} times, of ${BAR} allowed.`);
process.exitCode = worst > BAR ? 1 : 0;

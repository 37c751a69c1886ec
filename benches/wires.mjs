// What a delivery costs and a connection weighs on the wire of Socket.IO, beside `charsu.v1` in the same run: every shape of
// benches/peers, in turn, each line with an id and an acknowledgement on both. Server and load run on any core.
//
//   cargo build --release --no-default-features && node benches/wires.mjs [--rounds N] [--quick]
//
// Ends with 1 if a delivery costs more than 1.3 times as much in any shape, or if an idle connection has over 2 KiB.

import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

import { measure, median, WIRES } from './measured.mjs';
import { shapesFor } from './peers/shapes.mjs';

/** The most that a delivery may cost, compared to `charsu.v1`. */
const BAR = 1.3;
/** The most that an idle connection may weigh, in bytes. */
const IDLE_BYTES = 2048;

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, quick: { type: 'boolean', default: false } },
});
const wires = [WIRES.charsu, WIRES.socketio];

console.log(`${cpus().length} cores, ${cpus()[0].model}; ${options.rounds} rounds, medians\n`);
console.log('| shape | charsu.v1 | Socket.IO | ratio |');
console.log('| --- | --- | --- | --- |');
let worst = 0;
for (const shape of shapesFor(options.quick)) {
  const what = shape.idle ? (report) => report.memory.per_connection : (report) => report.cpu.total_us;
  const runs = wires.map(() => []);
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const [index, wire] of wires.entries()) runs[index].push(what(await measure(1, shape, wire)));
  }
  const [own, other] = runs.map(median);
  if (!shape.idle) worst = Math.max(worst, other / own);
  else if (other > IDLE_BYTES) process.exitCode = 1;
  const figures = shape.idle
    ? [own, other].map((bytes) => `${Math.round(bytes)} bytes`)
    : [own, other].map((cost) => `${cost.toPrecision(3)} us`);
  console.log(`| ${[shape.name, ...figures, (other / own).toFixed(2)].join(' | ')} |`);
}
console.log(`\nAt worst ${worst.toFixed(2)} times the processor time, of ${BAR} allowed.`);
if (worst > BAR) process.exitCode = 1;

// What was measured, as a document: medians over the rounds, and how far they lie apart.

import { cpus, release, totalmem } from 'node:os';

/** The one that others are compared to. */
export const BASE = 'bun';

/** The middle of several, and (most - least) / middle in per cent. */
export function middle(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const half = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  return { median, spread: (100 * (sorted.at(-1) - sorted[0])) / median, count: sorted.length };
}

/** A figure of all sound runs of a server in a shape. */
export function figure(results, server, shape, read) {
  const runs = results.runs.filter((run) => run.server === server && run.shape === shape && !run.fault && run.report);
  return middle(runs.map(({ report }) => read(report) ?? Number.NaN));
}

/** Processor time of a delivery, or bytes of a connection: what is compared. */
export const cost = (shape) =>
  shape.idle ? (report) => report.memory?.per_connection : (report) => report.cpu?.total_us;

export const digits = (value, unit = '') => {
  if (value === undefined) return '–';
  const text = value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
  return unit ? `${text} ${unit}` : text;
};

/** How far rounds lie apart; of one round nothing can be said. */
const apart = (value) => (value && value.count > 1 ? `${Math.round(value.spread)} %` : '–');

const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row), ''].join('\n');

export function document(results) {
  const { servers, shapes, rounds, quick } = results;
  const model = cpus()[0]?.model ?? 'an unknown processor';
  const others = middle(results.runs.map(({ report }) => report?.others_share ?? Number.NaN));
  const parts = [
    '# Charsu beside other chat servers\n',
    quick ? '**A quick run, which shows that the measurement works and nothing else.** Do not quote it.\n' : '',
    `\`benches/peers/run${quick ? ' --quick' : ''}\` wrote this on ${results.date}, in ${rounds} ${rounds === 1 ? 'round' : 'rounds'}. ` +
      'Each figure is the median over the rounds; the spread is (most - least) / median.\n',
    `- **Machine**: ${cpus().length} cores (${model}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release().split('-')[0]}. ` +
      'The server runs on core 0, the load on core 1, over loopback.\n' +
      `- **Versions**: ${results.versions}.\n` +
      `- **Other programs** took ${digits(others?.median)} cores meanwhile (median). From about 0.1 on, times and rates say more about ` +
      'the neighbours than about the servers; processor time for each delivery holds better. Differences below the spread are none.\n' +
      '- **What is measured**: one chat line of 60 characters, in JSON, to everybody in the room, its sender included. All servers ' +
      'parse it and build their own frame. A fresh server each time; joining and a warm-up are not in the figures. ' +
      'Every delivery is checked: lost, doubled or reordered ones are faults, and a run with faults counts for nothing else. ' +
      'Memory is what the process has, without what the kernel keeps for its sockets.\n',
    '![Processor time for each delivery, compared to Bun](benchmarks.svg)\n',
    '## Processor microseconds for each delivery, and how many times that is of Bun\n',
    overview(results),
    ...shapes.map((shape) => `## ${shape.name[0].toUpperCase()}${shape.name.slice(1)}\n\n${details(results, shape)}`),
    '## Faults\n',
    faults(results, servers),
  ];
  return `${parts.filter(Boolean).join('\n').trimEnd()}\n`;
}

function times(results, server, shape) {
  const [own, base] = [server, BASE].map((id) => figure(results, id, shape.id, cost(shape))?.median);
  return own && base ? ` (${(own / base).toFixed(2)})` : '';
}

function overview(results) {
  const shapes = results.shapes.filter(({ idle }) => !idle);
  const cell = (server) => (shape) =>
    `${digits(figure(results, server.id, shape.id, cost(shape))?.median)}${times(results, server.id, shape)}`;
  return table(
    ['server', ...shapes.map(({ id }) => id)],
    results.servers.map((server) => [server.name, ...shapes.map(cell(server))]),
  );
}

function details(results, shape) {
  const of = (server, read) => figure(results, server.id, shape.id, read);
  const per = (value) => (value ? `${Math.round(value.median * 100)} %` : '–');
  if (shape.idle) {
    return table(
      ['server', 'bytes for each connection', 'times Bun', 'spread', 'MiB empty', 'MiB full'],
      results.servers.map((server) => {
        const own = of(server, cost(shape));
        const mib = (read) => digits(of(server, (report) => report.memory && read(report.memory) / 2 ** 20)?.median);
        return [
          server.name,
          digits(own?.median),
          times(results, server.id, shape).replace(/[ ()]/g, '') || '–',
          apart(own),
          mib(({ empty }) => empty),
          mib(({ full }) => full),
        ];
      }),
    );
  }
  const late = shape.open ? ['p50 ms', 'p99 ms', 'p99.9 ms', 'sent late by, p99 ms'] : [];
  const head = [
    'server',
    'CPU us',
    'times Bun',
    'spread',
    'user',
    'system',
    'deliveries/s',
    'server busy',
    'load busy',
    ...late,
  ];
  return table(
    head,
    results.servers.map((server) => {
      const own = of(server, cost(shape));
      const ms = (read) => digits(of(server, read)?.median);
      const waits = [
        ms((report) => report.latency_ms?.p50),
        ms((report) => report.latency_ms?.p99),
        ms((report) => report.latency_ms?.p999),
        ms((report) => report.lateness_ms?.p99),
      ];
      return [
        server.name,
        digits(own?.median),
        times(results, server.id, shape).replace(/[ ()]/g, '') || '–',
        apart(own),
        ms((report) => report.cpu?.user_us),
        ms((report) => report.cpu?.system_us),
        ms((report) => report.deliveries_per_second),
        per(of(server, (report) => report.cpu?.share)),
        per(of(server, (report) => report.own_share)),
        ...(shape.open ? waits : []),
      ];
    }),
  );
}

function faults(results, servers) {
  const name = (id) => servers.find((server) => server.id === id)?.name ?? id;
  const lines = results.runs
    .filter(({ fault }) => fault)
    .map(({ server, shape, fault }) => `- ${name(server)}, ${shape}: ${fault.replaceAll('|', '/')}`);
  const sound = results.runs.length - lines.length;
  return [`${sound} of ${results.runs.length} runs had none.`, ...new Set(lines), ''].join('\n');
}

// The picture: for each shape a bar for each server, as many times Bun as it costs, on a logarithmic axis. Colours follow the
// reader's: light or dark.

import { BASE, cost, digits, figure } from './report.mjs';

const WIDTH = 860;
const LEFT = 190;
const RIGHT = 150;
const BAR = 15;
const GAP = 30;
const TOP = 64;

const STYLE = `
  svg { --paper: #ffffff; --ink: #1f2328; --faint: #d6d9de; --quiet: #656d76; --ours: #0b6e6e; --base: #9a6700; --theirs: #8c959f; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #e6edf3; --faint: #30363d; --quiet: #9198a1; --ours: #3fb8b0; --base: #d29922; --theirs: #6e7681; }
  }
  text { font: 12px system-ui, sans-serif; fill: var(--ink); stroke: var(--paper); stroke-width: 3px; paint-order: stroke; }
  .title { font-size: 15px; font-weight: 600; }
  .shape { font-weight: 600; }
  .quiet { fill: var(--quiet); }
`;

const escaped = (text) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
const colour = (id) => (id.startsWith('charsu') ? '--ours' : id === BASE ? '--base' : '--theirs');

export function plot(results) {
  const rows = results.shapes
    .map((shape) => {
      const bars = results.servers.map((server) => ({
        server,
        value: figure(results, server.id, shape.id, cost(shape))?.median,
      }));
      return { shape, bars, base: bars.find(({ server }) => server.id === BASE)?.value };
    })
    .filter(({ base }) => base);
  const ratios = rows.flatMap(({ bars, base }) => bars.map(({ value }) => value / base).filter(Number.isFinite));
  const low = Math.floor(Math.log10(Math.min(0.1, ...ratios)));
  const high = Math.ceil(Math.log10(Math.max(10, ...ratios)));
  const x = (ratio) => LEFT + ((Math.log10(ratio) - low) / (high - low)) * (WIDTH - LEFT - RIGHT);

  const drawn = [];
  let y = TOP;
  for (const { shape, bars, base } of rows) {
    drawn.push(`<text class="shape" x="12" y="${y + 4}">${escaped(shape.name)}</text>`);
    drawn.push(
      `<text class="quiet" x="${WIDTH - 12}" y="${y + 4}" text-anchor="end">${shape.idle ? 'bytes a connection' : 'CPU a delivery'}</text>`,
    );
    y += 12;
    for (const { server, value } of bars) {
      drawn.push(`<text class="quiet" x="${LEFT - 10}" y="${y + 11}" text-anchor="end">${escaped(server.name)}</text>`);
      if (value)
        drawn.push(
          bar(
            x(1),
            x(value / base),
            y,
            colour(server.id),
            `${digits(value, shape.idle ? 'B' : 'µs')} · ${(value / base).toFixed(2)}×`,
          ),
        );
      else drawn.push(`<text class="quiet" x="${x(1) + 6}" y="${y + 11}">not measured, or faults</text>`);
      y += BAR + 3;
    }
    y += GAP;
  }
  const height = y + 4;
  const grid = Array.from({ length: high - low + 1 }, (_, n) => 10 ** (low + n)).map((ratio) =>
    [
      `<line x1="${x(ratio)}" x2="${x(ratio)}" y1="${TOP - 14}" y2="${height - 24}" stroke="var(${ratio === 1 ? '--quiet' : '--faint'})"/>`,
      `<text class="quiet" x="${x(ratio)}" y="${height - 8}" text-anchor="middle">${ratio === 1 ? 'Bun' : `${ratio}×`}</text>`,
    ].join('\n'),
  );
  const title = `What a delivery costs, as a multiple of Bun (logarithmic): left of the line is cheaper${results.quick ? '. A quick run' : ''}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>${STYLE}</style>
<rect width="100%" height="100%" fill="var(--paper)"/>
<text class="title" x="12" y="26">${escaped(title)}</text>
${grid.join('\n')}
${drawn.join('\n')}
</svg>
`;
}

function bar(from, to, y, fill, label) {
  const [left, right] = [Math.min(from, to), Math.max(from, to)];
  const width = Math.max(right - left, 2).toFixed(1);
  return [
    `<rect x="${left.toFixed(1)}" y="${y}" width="${width}" height="${BAR}" rx="2" fill="var(${fill})"/>`,
    `<text x="${(right + 6).toFixed(1)}" y="${y + 11.5}">${escaped(label)}</text>`,
  ].join('\n');
}

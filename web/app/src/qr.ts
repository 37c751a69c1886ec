// QR codes of links (ISO/IEC 18004): byte mode, error correction level M, versions 1 to 6, which is 106 bytes. Pure.
// More is not needed here, and version 7 is where version information would begin.

/** `true` is a dark module. */
export type Matrix = boolean[][];

/** By version: data codewords in all, correction codewords in each block, blocks. Level M, table 9 of the standard. */
const VERSIONS = [
  { data: 16, correction: 10, blocks: 1 },
  { data: 28, correction: 16, blocks: 1 },
  { data: 44, correction: 26, blocks: 1 },
  { data: 64, correction: 18, blocks: 2 },
  { data: 86, correction: 24, blocks: 2 },
  { data: 108, correction: 16, blocks: 4 },
] as const;

/** Mode (4 bits) and length (8 bits) stand before the bytes. */
const HEAD_BITS = 12;
const BYTE_MODE = 0b0100;
const PADDING = [0xec, 0x11] as const;

/** The code of a text, or null if it is too long. */
export function encode(text: string): Matrix | null {
  const bytes = new TextEncoder().encode(text);
  const index = VERSIONS.findIndex(({ data }) => bytes.length * 8 + HEAD_BITS <= data * 8);
  const version = VERSIONS[index];
  if (version === undefined) return null;
  const bits = bitsOf(interleaved(codewords(bytes, version.data), version.blocks, version.correction));
  const size = 21 + 4 * index;
  let best: Matrix | null = null;
  let least = Infinity;
  for (let mask = 0; mask < 8; mask += 1) {
    const code = drawn(size, bits, mask);
    const cost = penalty(code);
    if (cost < least) [best, least] = [code, cost];
  }
  return best;
}

function codewords(bytes: Uint8Array, room: number): number[] {
  const bits: number[] = [];
  const put = (value: number, length: number) => { for (let bit = length - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1); };
  put(BYTE_MODE, 4);
  put(bytes.length, 8);
  for (const byte of bytes) put(byte, 8);
  // Up to four zeros end the data, more fill the last codeword.
  put(0, Math.min(4, room * 8 - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  const words: number[] = [];
  for (let at = 0; at < bits.length; at += 8) words.push(bits.slice(at, at + 8).reduce((word, bit) => (word << 1) | bit, 0));
  for (let pad = 0; words.length < room; pad += 1) words.push(PADDING[pad % 2] ?? 0);
  return words;
}

/** Blocks of equal length (true of every version here), column by column, then their correction the same way. */
function interleaved(words: number[], blocks: number, correction: number): number[] {
  const length = words.length / blocks;
  const data = Array.from({ length: blocks }, (_, block) => words.slice(block * length, (block + 1) * length));
  const divisor = generator(correction);
  const extra = data.map((block) => remainder(block, divisor));
  const columns = (rows: number[][], count: number) => Array.from({ length: count }, (_, column) => rows.map((row) => row[column] ?? 0)).flat();
  return [...columns(data, length), ...columns(extra, correction)];
}

/** Product in GF(256) with the standard's polynomial, x^8 + x^4 + x^3 + x^2 + 1. */
function times(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    if ((b >> bit) & 1) product ^= a;
  }
  return product & 0xff;
}

/** Coefficients of (x - 1)(x - 2)(x - 4)… below the leading one, highest first. */
function generator(degree: number): number[] {
  const polynomial = [...new Array<number>(degree - 1).fill(0), 1];
  let root = 1;
  for (let factor = 0; factor < degree; factor += 1) {
    for (let at = 0; at < degree; at += 1) polynomial[at] = times(polynomial[at] ?? 0, root) ^ (polynomial[at + 1] ?? 0);
    root = times(root, 2);
  }
  return polynomial;
}

function remainder(data: number[], divisor: number[]): number[] {
  const rest = divisor.map(() => 0);
  for (const word of data) {
    const factor = word ^ (rest.shift() ?? 0);
    rest.push(0);
    divisor.forEach((coefficient, at) => { rest[at] = (rest[at] ?? 0) ^ times(coefficient, factor); });
  }
  return rest;
}

const bitsOf = (words: number[]): number[] => words.flatMap((word) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (word >> bit) & 1));

const MASKS: ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

function drawn(size: number, bits: number[], mask: number): Matrix {
  /** null is a module that is still free: data goes there. */
  const grid: (boolean | null)[][] = Array.from({ length: size }, () => new Array<boolean | null>(size).fill(null));
  const set = (x: number, y: number, dark: boolean) => {
    const row = grid[y];
    if (row !== undefined && x >= 0 && x < size) row[x] = dark;
  };
  /** A square pattern by the distance from its middle. */
  const square = (cx: number, cy: number, reach: number, light: readonly number[]) => {
    for (let dy = -reach; dy <= reach; dy += 1) {
      for (let dx = -reach; dx <= reach; dx += 1) set(cx + dx, cy + dy, !light.includes(Math.max(Math.abs(dx), Math.abs(dy))));
    }
  };
  for (let at = 0; at < size; at += 1) {
    set(at, 6, at % 2 === 0);
    set(6, at, at % 2 === 0);
  }
  for (const [cx, cy] of [[3, 3], [size - 4, 3], [3, size - 4]] as const) square(cx, cy, 4, [2, 4]);
  if (size > 21) square(size - 7, size - 7, 2, [1]);
  drawFormat(set, size, mask);

  let next = 0;
  const masked = MASKS[mask] ?? (() => false);
  for (let right = size - 1; right >= 1; right -= 2) {
    // The timing column belongs to no pair.
    if (right === 6) right = 5;
    for (let step = 0; step < size; step += 1) {
      const y = ((right + 1) & 2) === 0 ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (grid[y]?.[x] !== null) continue;
        // Bits that are left over are zeros, and masked like all others.
        set(x, y, ((bits[next] ?? 0) === 1) !== masked(x, y));
        next += 1;
      }
    }
  }
  return grid.map((row) => row.map((module) => module === true));
}

/** Level M (00) and the mask, with their own correction, twice; and the module that is always dark. */
function drawFormat(set: (x: number, y: number, dark: boolean) => void, size: number, mask: number): void {
  let rest = mask;
  for (let step = 0; step < 10; step += 1) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const format = ((mask << 10) | rest) ^ 0x5412;
  const bit = (at: number) => ((format >> at) & 1) === 1;
  for (let at = 0; at <= 5; at += 1) set(8, at, bit(at));
  set(8, 7, bit(6));
  set(8, 8, bit(7));
  set(7, 8, bit(8));
  for (let at = 9; at < 15; at += 1) set(14 - at, 8, bit(at));
  for (let at = 0; at < 8; at += 1) set(size - 1 - at, 8, bit(at));
  for (let at = 8; at < 15; at += 1) set(8, size - 15 + at, bit(at));
  set(8, size - 8, true);
}

/** How hard a code is to read: section 7.8.3 of the standard. */
function penalty(code: Matrix): number {
  const size = code.length;
  const columns = code.map((_, x) => code.map((row) => row[x] ?? false));
  let cost = 0;
  for (const line of [...code, ...columns]) {
    let run = 0;
    line.forEach((dark, at) => {
      run = at > 0 && dark === line[at - 1] ? run + 1 : 1;
      if (run === 5) cost += 3;
      else if (run > 5) cost += 1;
    });
    const text = line.map(Number).join('');
    // Looks like a finder pattern with four light modules on one side.
    for (const pattern of ['10111010000', '00001011101']) {
      for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1)) cost += 40;
    }
  }
  for (let y = 0; y + 1 < size; y += 1) {
    for (let x = 0; x + 1 < size; x += 1) {
      const dark = code[y]?.[x];
      if (dark === code[y]?.[x + 1] && dark === code[y + 1]?.[x] && dark === code[y + 1]?.[x + 1]) cost += 3;
    }
  }
  const darkness = code.flat().filter(Boolean).length / (size * size);
  return cost + Math.floor(Math.abs(darkness * 20 - 10)) * 10;
}

/** The dark modules as one SVG path, moved by `offset` modules. */
export function outline(code: Matrix, offset: number): string {
  return code.map((row, y) => {
    let path = '';
    for (let x = 0; x < row.length; x += 1) {
      if (row[x] !== true) continue;
      const start = x;
      while (row[x + 1] === true) x += 1;
      path += `M${start + offset} ${y + offset}h${x + 1 - start}v1h${start - x - 1}z`;
    }
    return path;
  }).join('');
}

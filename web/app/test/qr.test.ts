import { describe, expect, it } from 'vitest';
import { encode, outline, type Matrix } from '../src/qr.ts';

// Checked beside this file, not in it: codes of 1 to 106 bytes were read back by an independent decoder, and most are module for
// module those of an independent encoder (which may choose another of two equally good masks).

const drawn = (code: Matrix | null) => (code ?? []).map((row) => row.map((dark) => (dark ? '#' : '.')).join(''));

describe('a QR code', () => {
  it('of a short text is this one, read back by a decoder', () => {
    expect(drawn(encode('charsu'))).toMatchInlineSnapshot(`
      [
        "#######.##....#######",
        "#.....#.##....#.....#",
        "#.###.#.###...#.###.#",
        "#.###.#...###.#.###.#",
        "#.###.#.###.#.#.###.#",
        "#.....#...###.#.....#",
        "#######.#.#.#.#######",
        ".........#.##........",
        "#..#######..##..#.###",
        "..#.#..##.#.#.#.#....",
        "..#...###....##.#####",
        "#....#.#.###......###",
        "...##.####....#..#.##",
        "........#..##.....##.",
        "#######.###.#######..",
        "#.....#.##.###.####..",
        "#.###.#.#####.#....##",
        "#.###.#.#..##..#.##..",
        "#.###.#..##...#.##.##",
        "#.....#..##..########",
        "#######.####...###...",
      ]
    `);
  });

  it('is as large as its text needs, and refuses what does not fit', () => {
    expect([14, 26, 42, 62, 84, 106].map((bytes) => encode('x'.repeat(bytes))?.length)).toEqual([21, 25, 29, 33, 37, 41]);
    expect([15, 27, 43, 63, 85].map((bytes) => encode('x'.repeat(bytes))?.length)).toEqual([25, 29, 33, 37, 41]);
    expect(encode('x'.repeat(107))).toBeNull();
    // Bytes count, not letters.
    expect(encode('ش'.repeat(54))).toBeNull();
  });

  it('has its finders, its timing and its dark module where the standard puts them', () => {
    for (const bytes of [1, 20, 40, 60, 80, 100]) {
      const code = encode('y'.repeat(bytes)) ?? [];
      const size = code.length;
      for (const [x, y] of [[0, 0], [size - 7, 0], [0, size - 7]] as const) {
        expect(code[y]?.slice(x, x + 7).every(Boolean)).toBe(true);
        expect([1, 2, 3, 4, 5].map((step) => code[y + 1]?.[x + step])).toEqual([false, false, false, false, false]);
        expect(code[y + 3]?.[x + 3]).toBe(true);
      }
      for (let at = 8; at < size - 8; at += 1) expect([code[6]?.[at], code[at]?.[6]]).toEqual([at % 2 === 0, at % 2 === 0]);
      expect(code[size - 8]?.[8]).toBe(true);
    }
  });

  it('says twice, and the same, which level and mask it has', () => {
    for (const text of ['a', 'https://chat.example/r/408213', 'z'.repeat(100)]) {
      const code = encode(text) ?? [];
      const size = code.length;
      const at = (x: number, y: number) => Number(code[y]?.[x]);
      const first = [...[0, 1, 2, 3, 4, 5].map((y) => at(8, y)), at(8, 7), at(8, 8), at(7, 8), ...[5, 4, 3, 2, 1, 0].map((x) => at(x, 8))];
      const second = [...[1, 2, 3, 4, 5, 6, 7, 8].map((x) => at(size - x, 8)), ...[7, 6, 5, 4, 3, 2, 1].map((y) => at(8, size - y))];
      expect(first).toEqual(second);
      const bits = first.reduceRight((value, bit) => (value << 1) | bit, 0) ^ 0x5412;
      // The two highest bits are the level: 00 is M.
      expect(bits >> 13).toBe(0);
    }
  });

  it('is drawn with every dark module and no light one', () => {
    const code = encode('https://chat.example/r/408213') ?? [];
    const again: boolean[][] = code.map((row) => row.map(() => false));
    for (const [, x, y, width] of outline(code, 4).matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
      for (let step = 0; step < Number(width); step += 1) (again[Number(y) - 4] ?? [])[Number(x) - 4 + step] = true;
    }
    expect(again).toEqual(code);
  });
});

// Names and codes read here what the server reads: the same tables as tests/parts/names in Rust.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findCode, parseCode, roomFromPath } from '../src/code.ts';
import { nameKey, readName, type NameProblem } from '../src/names.ts';

interface Display {
  why: string;
  in: string;
  out?: string;
  problem?: NameProblem;
  max?: number;
  /** False where only the server knows: look-alikes. */
  page?: boolean;
}
interface Group {
  why: string;
  names: string[];
}

function table<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../tests/tables/${name}.json`, import.meta.url), 'utf8')) as T;
}

const names = table<{ display: Display[]; same: (Group & { page: boolean })[]; different: Group[] }>('names');
const { codes } = table<{ codes: { why: string; in: string; parse: string | null; find: string | null }[] }>('codes');
const { paths } = table<{ paths: { why: string; path: string; room: string | null }[] }>('rooms');

describe('a typed name is shown or refused as the server would', () => {
  it.each(names.display)('$why: $in', ({ in: typed, out, problem, max, page }) => {
    if (page === false) expect(readName(typed, max)).toHaveProperty('name');
    else expect(readName(typed, max)).toEqual(out === undefined ? { problem } : { name: out });
  });

  it.each(names.display.filter(({ out }) => out !== undefined))('and stays as it is shown: $why', ({ out = '', max }) => {
    expect(readName(out, max)).toEqual({ name: out });
  });

  it('leaves out half a character, which JavaScript allows and UTF-8 does not', () => {
    expect(readName('Al\ud800i')).toEqual({ name: 'Ali' });
  });

  it('looks at no more than a name can have', () => {
    for (const part of ['\u0301', 'a', '\u200d', '\u0645\u200c', '👩\u200d']) {
      expect(readName(part.repeat(300_000))).toEqual({ problem: 'too_long' });
    }
  });
});

describe('all ways of typing a name have one key', () => {
  it.each(names.same)('$why', ({ names: typed, page }) => {
    const keys = new Set(typed.map(nameKey));
    if (page) expect([...keys]).toHaveLength(1);
    else expect(keys.size).toBeGreaterThan(1);
    for (const key of keys) expect(nameKey(key)).toBe(key);
  });

  it.each(names.different)('and different names have different ones: $why', ({ names: typed }) => {
    expect(new Set(typed.map(nameKey)).size).toBe(typed.length);
  });
});

describe('a code is read as people write it', () => {
  it.each(codes)('$why: $in', ({ in: written, parse, find }) => {
    expect(parseCode(written)).toBe(parse);
    expect(findCode(written)).toBe(find);
  });
});

describe('the address names a room', () => {
  it.each(paths)('$why: $path', ({ path, room }) => {
    expect(roomFromPath(path)).toBe(room);
  });
});

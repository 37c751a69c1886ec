import { describe, expect, it } from 'vitest';
import { codeDigits, roomInLink, roomName } from '../src/text/code.ts';

describe('a typed or pasted code', () => {
  it.each([
    ['408213', '408213'],
    ['408 213', '408213'],
    ['408-213', '408213'],
    ['408\u00a0213', '408213'],
    ['۴۰۸۲۱۳', '408213'],
    ['٤٠٨ ٢١٣', '408213'],
    ['\u2066۴۰۸\u2069 ۲۱۳\u200F', '408213'],
    ['http://192.168.1.5:8000/r/408213', '408213'],
    ['https://chat.example/r/408213?x=1', '408213'],
    ['Join: https://chat.example/r/048213', '048213'],
    ['000001', '000001'],
    ['40', '40'],
    ['4082137', '408213'],
    ['abc', ''],
  ])('%s gives %s', (typed, expected) => expect(codeDigits(typed)).toBe(expected));
});

describe('a room in an address', () => {
  it('is found in a link, with a name as well as with a code', () => {
    expect(roomInLink('https://chat.example/r/general')).toBe('general');
    expect(roomInLink('https://chat.example/r/%D8%B4%D8%B9%D8%B1#x')).toBe('شعر');
    expect(roomInLink('https://chat.example/')).toBeNull();
    expect(roomInLink('/r/%E0%A4%A')).toBeNull();
  });

  it('is the same room in every way of writing its code', () => {
    for (const written of ['408213', '408-213', '408 213', '۴۰۸۲۱۳']) expect(roomName(written)).toBe('408213');
    for (const written of ['general', '2024', '4082131', 'a-408213']) expect(roomName(written)).toBe(written);
  });
});

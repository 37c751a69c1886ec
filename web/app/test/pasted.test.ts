import { describe, expect, it } from 'vitest';
import { findCode, namedRoom, typedDigits } from '../src/text/pasted.ts';

describe('typing a code', () => {
  it.each([
    ['40', '40'],
    ['408 213', '408213'],
    ['۴۰۸', '408'],
    ['٤٠٨٢١٣', '408213'],
    ['\u2066۴۰۸\u2069-۲۱۳\u200F', '408213'],
    ['000001', '000001'],
    ['4082137', '408213'],
    ['abc', ''],
  ])('%s shows %s', (typed, shown) => expect(typedDigits(typed)).toBe(shown));
});

describe('pasting a link', () => {
  it('to a room with a code gives the code', () => {
    expect(findCode('http://192.168.1.5:8000/r/048213')).toBe('048213');
    expect(namedRoom('http://192.168.1.5:8000/r/048213')).toBeNull();
  });

  it('to a room with a name gives the name', () => {
    expect(namedRoom('https://chat.example/r/general')).toBe('general');
    expect(namedRoom('https://chat.example/r/%D8%B4%D8%B9%D8%B1?x#y')).toBe('شعر');
  });

  it.each(['general', 'https://chat.example/', 'https://chat.example/about', '408213'])('%s names no room', (text) => expect(namedRoom(text)).toBeNull());
});

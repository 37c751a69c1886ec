import { describe, expect, it } from 'vitest';
import { calm, direction } from '../src/text/direction.ts';

describe('the direction of a text', () => {
  it.each([
    ['سلام', 'rtl'],
    ['hello', 'ltr'],
    ['HTTP دیگر نیست و هر دو طرف فریم می‌فرستند', 'rtl'],
    ['the word سلام means hello', 'ltr'],
    ['שלום', 'rtl'],
    ['Привет', 'ltr'],
    ['日本語', 'ltr'],
  ] as const)('%s is %s', (text, expected) => expect(direction(text)).toBe(expected));

  it('is that of the words, not of code and links among them', () => {
    expect(direction('ببین `const a = document.querySelector()` را')).toBe('rtl');
    expect(direction('این: https://example.org/a/very/long/path')).toBe('rtl');
  });

  it('is that of code or a link when there is nothing else', () => {
    expect(direction('https://example.org')).toBe('ltr');
  });

  it.each(['', '123', '۱۲۳', '👏', '؟!'])('%s has none', (text) => expect(direction(text)).toBeNull());
});

describe('a calm text', () => {
  it('has no embeddings, overrides and isolates, and keeps half-spaces and the marks of direction', () => {
    expect(calm('a\u202Eb\u2066c\u2069d\u202Ce')).toBe('abcde');
    expect(calm('می\u200Cخواهم\u200F')).toBe('می\u200Cخواهم\u200F');
  });
});

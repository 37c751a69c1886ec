import { describe, expect, it } from 'vitest';
import { hueOf, initialOf } from '../src/person.ts';

describe('a person', () => {
  it('has one hue for one name, however it is typed', () => {
    expect(hueOf('Ali Reza')).toBe(hueOf('alireza'));
    expect(hueOf('Mina')).toBe(hueOf('ＭＩＮＡ'));
  });

  it('shares the six hues evenly with others', () => {
    const seen = new Map<number, number>();
    for (let n = 0; n < 6000; n += 1) seen.set(hueOf(`person ${n}`), (seen.get(hueOf(`person ${n}`)) ?? 0) + 1);
    expect(seen.size).toBe(6);
    for (const times of seen.values()) expect(times).toBeGreaterThan(800);
  });

  it.each([['Darya', 'D'], ['  mina', 'M'], ['نیلوفر', 'ن'], ['👩‍👩‍👧 family', '👩‍👩‍👧'], ['', '?']])('%s is drawn with %s', (name, letter) => {
    expect(initialOf(name)).toBe(letter);
  });
});

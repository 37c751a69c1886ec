import { expect, test } from 'vitest';
import { mentions } from '../src/mention.ts';

test.each([
  ['Mina, are you there?', 'Mina'],
  ['ask mina', 'Mina'],
  ['@Mina!', 'Mina'],
  ['is Ali Reza here', 'Ali Reza'],
  ['سلام علي', 'علی'],
  ['عـلی کجاست', 'علی'],
  ['مینا‌جان', 'مینا'],
  ['ÉMILE', 'émile'],
  ['Minamina and Mina', 'Mina'],
  ['I saw 🦊 today', '🦊'],
  ['(Mina)', ' Mina '],
])('"%s" calls %s', (text, name) => {
  expect(mentions(text, name)).toBe(true);
});

test.each([
  ['Minamina', 'Mina'],
  ['feminine', 'Min'],
  ['Mina2 is somebody else', 'Mina'],
  ['مینایی', 'مینا'],
  ['hello', 'Mina'],
  ['anything', ''],
  ['anything', '  '],
])('"%s" does not call "%s"', (text, name) => {
  expect(mentions(text, name)).toBe(false);
});

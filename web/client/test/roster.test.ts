import { expect, test } from 'vitest';
import { entered, gone, listed, roster, NOBODY } from '../src/roster.ts';

const member = (id: number): { id: number; name: string } => ({ id, name: `person ${id}` });
const members = (...ids: number[]): { id: number; name: string }[] => ids.map(member);
const ids = (list: { people: readonly { id: number }[] }): number[] => list.people.map((person) => person.id);

test('a whole list counts itself', () => {
  let list = roster(members(1, 2, 3), 3, NOBODY);
  list = entered(entered(list, member(4)), member(4));
  list = gone(gone(gone(list, member(2)), member(2)), member(99));
  expect(ids(list)).toEqual([1, 3, 4]);
  expect(list).toMatchObject({ count: 3, listedTo: null });
});

test('events that a list of now has seen already change nothing', () => {
  // Told from an earlier number on: 3 came, 2 left, and the list knows it.
  let list = roster(members(1, 3, 5), 9, NOBODY);
  list = entered(list, member(3));
  list = gone(list, member(2));
  expect(ids(list)).toEqual([1, 3, 5]);
  expect(list).toMatchObject({ count: 9, listedTo: 5 });
});

test('beyond the listed part the count follows the events', () => {
  let list = roster(members(1, 2), 10, NOBODY);
  list = gone(list, member(7));
  expect(list.count).toBe(9);
  list = entered(list, member(11));
  expect(list.count).toBe(10);
  expect(ids(list)).toEqual([1, 2, 11]);
  list = gone(list, member(11));
  expect(list).toMatchObject({ count: 9, listedTo: 2 });
});

test('pages go on from the last one, and the last page makes the list whole', () => {
  let list = entered(roster(members(1, 2), 6, NOBODY), member(9));
  list = listed(list, members(3, 4), 6, true);
  expect(list).toMatchObject({ count: 6, listedTo: 4 });
  list = listed(list, members(5, 9), 6, false);
  expect(ids(list)).toEqual([1, 2, 3, 4, 5, 9]);
  expect(list).toMatchObject({ count: 6, listedTo: null });
});

test('people who are still the same stay the same objects, a renamed one does not', () => {
  const before = roster(members(1, 2), 2, NOBODY);
  const after = roster([member(1), { id: 2, name: 'other' }], 2, before);
  expect(after.people[0]).toBe(before.people[0]);
  expect(after.people[1]).not.toBe(before.people[1]);
});

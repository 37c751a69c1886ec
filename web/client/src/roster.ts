// Who is in a room, as far as this page was told: a pure value. A large room's list comes in pages.
import type { Member } from './protocol.ts';
import type { Person } from './view.ts';

/** So many people are fetched without being asked for. */
export const FETCHED_UNASKED = 1_000;

export interface Roster {
  /** By member number. */
  readonly people: readonly Person[];
  readonly count: number;
  /** Everybody up to this number is in `people`; null once that holds for all. */
  readonly listedTo: number | null;
}

export const NOBODY: Roster = { people: [], count: 0, listedTo: null };

/** The list that comes with `joined` and `reset`. People who are still the same stay the same objects. */
export function roster(members: readonly Member[], count: number, before: Roster): Roster {
  const people = merge([], members, before.people);
  return { people, ...reach(people, count, people.length < count) };
}

/**
 * One more page of the list. `count` is the server's of now. Whoever is known already stays: they joined or are about to be told
 * as gone by the log, which has the last word.
 */
export function listed(before: Roster, members: readonly Member[], count: number, more: boolean): Roster {
  if (before.listedTo === null) return before;
  const people = merge(before.people, members, before.people);
  if (!more) return { people, count: people.length, listedTo: null };
  return { people, count: Math.max(count, people.length), listedTo: lastOf(members, before.listedTo) };
}

export function entered(before: Roster, member: Member): Roster {
  if (before.people.some((person) => person.id === member.id)) return before;
  const people = merge(before.people, [member], before.people);
  return { ...before, people, count: before.listedTo === null ? people.length : before.count + 1 };
}

export function gone(before: Roster, member: Member): Roster {
  const people = before.people.filter((person) => person.id !== member.id);
  const known = people.length < before.people.length;
  if (before.listedTo === null) return known ? { ...before, people, count: people.length } : before;
  // Somebody within the listed part whom it does not hold was gone already when it was written.
  if (!known && member.id <= before.listedTo) return before;
  return { people: known ? people : before.people, listedTo: before.listedTo, count: Math.max(people.length, before.count - 1) };
}

function reach(people: readonly Person[], count: number, more: boolean): Pick<Roster, 'count' | 'listedTo'> {
  return more ? { count, listedTo: lastOf(people, 0) } : { count: people.length, listedTo: null };
}

function lastOf(members: readonly { id: number }[], otherwise: number): number {
  return members.reduce((last, member) => Math.max(last, member.id), otherwise);
}

function merge(people: readonly Person[], members: readonly Member[], known: readonly Person[]): Person[] {
  const objects = new Map(known.map((person) => [person.id, person]));
  const all = new Map(people.map((person) => [person.id, person]));
  for (const { id, name, guest = false } of members) {
    const same = objects.get(id);
    all.set(id, same !== undefined && same.name === name && same.guest === guest ? same : { id, name, guest });
  }
  return [...all.values()].sort((one, other) => one.id - other.id);
}

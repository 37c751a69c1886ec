// Typing signals, both ways: pure values. They have no number, may be lost, and mean nothing after a while.

/** A signal is sent at most this often, ms. */
const EVERY_MS = 1_000;
/** So long after the last key one has stopped, ms. */
export const STOPPED_MS = 2_000;
/** So long a signal of others holds, ms. */
export const HOLDS_MS = 3_000;

/** What one has told a room of one's own typing. */
export interface Keys {
  readonly told: boolean;
  readonly toldAt: number;
  readonly keyAt: number;
}

export const QUIET: Keys = { told: false, toldAt: -Infinity, keyAt: -Infinity };

/** A key was pressed. `tell`: send `typing` now. */
export function pressed(keys: Keys, now: number): { keys: Keys; tell: boolean } {
  // A clock that was set back must not silence anybody.
  const tell = now - keys.toldAt >= EVERY_MS || now < keys.toldAt;
  return { keys: tell ? { told: true, toldAt: now, keyAt: now } : { ...keys, keyAt: now }, tell };
}

/** When `typing` off is due, if it is. */
export function stopsAt(keys: Keys): number | null {
  return keys.told ? keys.keyAt + STOPPED_MS : null;
}

/** One has stopped. The time of telling stays, so that starting again is not told too soon. */
export function stopped(keys: Keys): Keys {
  return keys.told ? { ...keys, told: false } : keys;
}

/** Others who type: until when, by member number. */
export type Typists = ReadonlyMap<number, number>;

export const NO_TYPISTS: Typists = new Map();

export function heard(typists: Typists, from: number, on: boolean, now: number): Typists {
  if (!on && !typists.has(from)) return typists;
  const after = new Map(typists);
  if (on) after.set(from, now + HOLDS_MS);
  else after.delete(from);
  return after.size === 0 ? NO_TYPISTS : after;
}

/** Without those whose signal is older than it holds. */
export function faded(typists: Typists, now: number): Typists {
  const after = [...typists].filter(([, until]) => until > now);
  return after.length === typists.size ? typists : after.length === 0 ? NO_TYPISTS : new Map(after);
}

/** When the next signal fades. */
export function fadesAt(typists: Typists): number | null {
  return typists.size === 0 ? null : Math.min(...typists.values());
}

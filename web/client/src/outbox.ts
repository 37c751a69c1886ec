// Own lines that the server has not acknowledged, in the order typed: a pure value. Sends nothing, stores nothing.
//
// One line at a time is on its way, in the whole session. A server that refuses a line because it came too fast may take the next
// one, and then the order would be lost; and after a cut, no more than one line can be in doubt.
import type { Position } from './protocol.ts';
import type { ErrorNotice } from './view.ts';

/** Most lines, and most bytes of text (two for each UTF-16 unit, as browsers count their storage). */
export const MOST_LINES = 200;
export const MOST_BYTES = 262_144;

/** For whom a private line is: a member number means somebody only within its epoch. */
export interface Recipient {
  readonly id: number;
  readonly name: string;
  readonly epoch: string;
}

/** A line that has a number. The number means something only within its epoch, the row's key only as long as this page lives. */
interface Target {
  readonly seq: number;
  readonly epoch: string;
  readonly line: string;
}

/** What is to become of a line. The words of an edit are the entry's `text`. */
export type Change = Target & ({ readonly kind: 'edit' } | { readonly kind: 'delete' } | { readonly kind: 'react'; readonly emoji: string; readonly on: boolean });

export interface Entry {
  /** The row's name on the page. */
  readonly key: string;
  readonly room: string;
  readonly text: string;
  readonly to: Recipient | null;
  /** A change of a line that was said before; without it, the entry is a line to be said. */
  readonly change?: Change;
  /** When it was typed, Unix ms. */
  readonly at: number;
  readonly state: 'queued' | 'failed' | 'unconfirmed';
  /** The number under which it was handed to the server; null before. */
  readonly id: number | null;
  /** Where the room stood when this id was first handed over: what became of the line stands further on. */
  readonly after: Position | null;
  /** Handed to the present socket, and not answered yet. */
  readonly onWay: boolean;
  /** Handed to an earlier socket under this id and never answered: the server may have it. Only the same id may be sent. */
  readonly doubt: boolean;
  readonly error?: ErrorNotice;
}

export interface Outbox {
  readonly entries: readonly Entry[];
  /** How many lines were ever put in; makes the keys. */
  readonly typed: number;
}

export const EMPTY: Outbox = { entries: [], typed: 0 };

/** The outbox with one line more, or null if it is full: the line stays with the person who typed it. */
export function put(outbox: Outbox, room: string, text: string, to: Recipient | null, at: number, change?: Change): Outbox | null {
  const bytes = outbox.entries.reduce((sum, entry) => sum + entry.text.length * 2, text.length * 2);
  if (outbox.entries.length >= MOST_LINES || bytes > MOST_BYTES) return null;
  const typed = outbox.typed + 1;
  const entry: Entry = { key: `own-${typed}`, room, text, to, at, state: 'queued', id: null, after: null, onWay: false, doubt: false };
  return { entries: [...outbox.entries, change === undefined ? entry : { ...entry, change }], typed };
}

/**
 * The same for a change of a line. It takes the place of what was wished for the same line before and was not handed over; what
 * undoes such a wish leaves neither.
 */
export function wish(outbox: Outbox, room: string, change: Change, text: string, to: Recipient | null, at: number): Outbox | null {
  const before = outbox.entries.filter((entry) => !entry.onWay && !entry.doubt && entry.room === room && outdoes(change, entry.change));
  const rest = before.reduce((after, { key }) => without(after, key), outbox);
  const undoes = change.kind === 'react' && before.some(({ state, change: other }) => state === 'queued' && other?.kind === 'react' && other.on !== change.on);
  return undoes ? rest : put(rest, room, text, to, at, change);
}

export function isOfLine(change: Change, seq: number, epoch: string): boolean {
  return change.seq === seq && change.epoch === epoch;
}

function outdoes(change: Change, other: Change | undefined): boolean {
  if (other === undefined || !isOfLine(other, change.seq, change.epoch)) return false;
  if (change.kind === 'react') return other.kind === 'react' && other.emoji === change.emoji;
  return change.kind === 'delete' || other.kind === 'edit';
}

/** `open`: lines can be handed over; `soon`: joining is under way; `shut`: not to be had for now. */
export type Door = 'open' | 'soon' | 'shut';

/**
 * The line to hand over next, if there is one. A line in doubt goes before all others, and while its room is still being joined
 * the others wait for it: otherwise their higher numbers would reach the server before its lower one.
 */
export function next(outbox: Outbox, door: (room: string) => Door): Entry | null {
  const queued = outbox.entries.filter((entry) => entry.state === 'queued');
  if (queued.some((entry) => entry.onWay)) return null;
  const doubtful = queued.find((entry) => entry.doubt && door(entry.room) !== 'shut');
  if (doubtful !== undefined) return door(doubtful.room) === 'open' ? doubtful : null;
  return queued.find((entry) => !entry.doubt && door(entry.room) === 'open') ?? null;
}

/**
 * The line is handed to the socket, as number `id`, while the room stands at `at`. Whoever a private line is for was found there:
 * in doubt, it is asked whether the number is of the same life of the log.
 */
export function handed(outbox: Outbox, key: string, id: number, at: Position): Outbox {
  return change(outbox, (entry) => entry.key === key
    ? { ...entry, id, to: entry.to === null ? null : { ...entry.to, epoch: at.epoch }, after: entry.after ?? at, onWay: true } : entry);
}

/** The line of this command, if there is one. */
export function ofCommand(outbox: Outbox, id: number): Entry | null {
  return outbox.entries.find((entry) => entry.id === id) ?? null;
}

/** The server refused the line for good: it stays, with the reason, until the person decides. */
export function refused(outbox: Outbox, key: string, error: ErrorNotice): Outbox {
  return change(outbox, (entry) => entry.key === key ? { ...entry, state: 'failed', onWay: false, doubt: false, error } : entry);
}

/**
 * The server wants it later; `error`: why, where that is worth telling. A refused number was surely not used, so it gets a fresh one;
 * a line in doubt must keep its own.
 */
export function postponed(outbox: Outbox, key: string, error?: ErrorNotice): Outbox {
  return change(outbox, (entry) => {
    if (entry.key !== key) return entry;
    const { error: _, ...rest } = entry;
    const waiting = error === undefined ? rest : { ...rest, error };
    return entry.doubt ? { ...waiting, onWay: false } : { ...waiting, onWay: false, id: null, after: null };
  });
}

/** The socket is gone: what was on its way is in doubt. */
export function cut(outbox: Outbox): Outbox {
  return change(outbox, (entry) => entry.onWay ? { ...entry, onWay: false, doubt: true } : entry);
}

/** The server no longer knows the session, so it would not recognise a second sending: the person decides. */
export function forgotten(outbox: Outbox): Outbox {
  return change(cut(outbox), (entry) => entry.doubt ? unconfirmed(entry) : entry);
}

/** A room is not to be had again for this session: what was in doubt there stays so. */
export function barred(outbox: Outbox, room: string): Outbox {
  return change(outbox, (entry) => entry.doubt && entry.room === room ? unconfirmed(entry) : entry);
}

/** The server cannot tell any more whether it has this line. */
export function doubted(outbox: Outbox, key: string): Outbox {
  return change(outbox, (entry) => entry.key === key ? unconfirmed(entry) : entry);
}

function unconfirmed(entry: Entry): Entry {
  return { ...entry, state: 'unconfirmed', onWay: false, doubt: false };
}

/**
 * Sends a failed or unconfirmed line as if it had just been typed: at the end, with a new number. `stray`: it was to change a line
 * that is not here any more, and is said as a line of its own instead.
 */
export function retried(outbox: Outbox, key: string, at: number, stray: boolean): Outbox {
  const entry = outbox.entries.find((one) => one.key === key);
  if (entry === undefined || entry.state === 'queued') return outbox;
  const { error: _, change: wished, ...rest } = entry;
  const again: Entry = { ...rest, at, state: 'queued', id: null, after: null, ...(wished === undefined || stray ? {} : { change: wished }) };
  return { ...outbox, entries: [...without(outbox, key).entries, again] };
}

/** Takes a line out: it was acknowledged, or the person gave it up. */
export function without(outbox: Outbox, key: string): Outbox {
  const entries = outbox.entries.filter((entry) => entry.key !== key);
  return entries.length === outbox.entries.length ? outbox : { ...outbox, entries };
}

/** The room has a proper name, other than the one it was joined by. */
export function renamed(outbox: Outbox, from: string, to: string): Outbox {
  return change(outbox, (entry) => entry.room === from ? { ...entry, room: to } : entry);
}

/** Takes out all lines of a room. */
export function withoutRoom(outbox: Outbox, room: string): Outbox {
  const entries = outbox.entries.filter((entry) => entry.room !== room);
  return entries.length === outbox.entries.length ? outbox : { ...outbox, entries };
}

function change(outbox: Outbox, of: (entry: Entry) => Entry): Outbox {
  let changed = false;
  const entries = outbox.entries.map((entry) => {
    const after = of(entry);
    changed ||= after !== entry;
    return after;
  });
  return changed ? { ...outbox, entries } : outbox;
}

// What survives a reload of the page: who one is, which rooms one is in, and what was typed and not acknowledged.
// Storage may be missing, full or forbidden: then the page works on without it. What comes back from it is not trusted.
import { EMPTY, MOST_LINES, type Change, type Entry, type Outbox, type Recipient } from './outbox.ts';
import type { StorageLike } from './platform.ts';
import type { Position } from './protocol.ts';
import type { ErrorNotice } from './view.ts';

const WHO = 'charsu.session';
const LINES = 'charsu.outbox';

/** A room one wants to be in; and from which number on its lines can be asked for again, if it was joined. */
export interface KeptRoom {
  readonly room: string;
  readonly name: string;
  readonly epoch: string | null;
  readonly base: number;
  /** Highest number that the person has seen. */
  readonly read: number;
  /** Member numbers that were one's own in this life of the log, and where one came in. */
  readonly selves: readonly number[];
  readonly came: number | null;
}

export interface Who {
  /** The secret that makes this tab the same person again; null before the first welcome. */
  readonly session: string | null;
  /** The last command's number. */
  readonly lastId: number;
  readonly rooms: readonly KeptRoom[];
  /** Rooms that were left while the server could not be told. */
  readonly leaving: readonly string[];
}

export class Keep {
  readonly #storage: StorageLike;
  #who = '';
  #lines = '';

  constructor(storage: StorageLike) {
    this.#storage = storage;
  }

  who(): Who {
    const kept = this.#read(WHO);
    const rooms = listOf(kept['rooms']).map(roomOf).filter((room) => room !== null);
    return {
      session: typeof kept['session'] === 'string' ? kept['session'] : null,
      lastId: whole(kept['lastId']) ?? 0,
      rooms,
      leaving: listOf(kept['leaving']).filter((room) => typeof room === 'string'),
    };
  }

  keepWho(who: Who): void {
    this.#who = this.#write(WHO, JSON.stringify(who), this.#who);
  }

  outbox(): Outbox {
    const kept = this.#read(LINES);
    const entries = listOf(kept['entries']).map(entryOf).filter((entry) => entry !== null).slice(0, MOST_LINES);
    // Keys are given by counting on, and must not meet a kept one.
    const numbers = entries.map((entry) => Number(entry.key.slice('own-'.length)));
    return { ...EMPTY, entries, typed: Math.max(whole(kept['typed']) ?? 0, ...numbers) };
  }

  keepOutbox(outbox: Outbox): void {
    this.#lines = this.#write(LINES, JSON.stringify(outbox), this.#lines);
  }

  #read(key: string): Readonly<Record<string, unknown>> {
    try {
      return fieldsOf(JSON.parse(this.#storage.getItem(key) ?? '{}'));
    } catch {
      return {};
    }
  }

  /** Writes what differs from `before`; gives back what is now known to be written. */
  #write(key: string, text: string, before: string): string {
    if (text === before) return before;
    // An old state is worse than none: it may call a line unsent that was sent. So what cannot be replaced is removed.
    if (this.#set(key, text)) return text;
    try {
      this.#storage.removeItem(key);
    } catch {
      return '';
    }
    return this.#set(key, text) ? text : '';
  }

  #set(key: string, text: string): boolean {
    try {
      this.#storage.setItem(key, text);
      return true;
    } catch {
      return false;
    }
  }
}

function roomOf(value: unknown): KeptRoom | null {
  const { room, name, epoch, base, read, selves, came } = fieldsOf(value);
  if (typeof room !== 'string' || typeof name !== 'string') return null;
  const known = typeof epoch === 'string' && whole(base) !== null;
  return {
    room, name, epoch: known ? epoch : null, base: known ? whole(base) ?? 0 : 0, read: whole(read) ?? 0,
    selves: known ? listOf(selves).filter((member): member is number => whole(member) !== null) : [], came: known ? whole(came) : null,
  };
}

function entryOf(value: unknown): Entry | null {
  const fields = fieldsOf(value);
  const { key, room, text, at, state } = fields;
  if (typeof key !== 'string' || !/^own-\d{1,15}$/.test(key) || typeof room !== 'string' || typeof text !== 'string') return null;
  if (state !== 'queued' && state !== 'failed' && state !== 'unconfirmed') return null;
  const id = whole(fields['id']);
  const to = fields['to'] === null ? null : recipientOf(fields['to']);
  // A private line whose recipient is unreadable must never be said aloud.
  if (to === undefined) return null;
  const change = fields['change'] === undefined ? undefined : changeOf(fields['change']);
  // Nor must the words of a change whose line is unreadable. Of what was refused only words are worth keeping.
  if (change === null || (change !== undefined && change.kind !== 'edit' && state !== 'queued')) return null;
  // What was on its way when the page went is in doubt now.
  const doubt = id !== null && state === 'queued' && (fields['doubt'] === true || fields['onWay'] === true);
  const error = errorOf(fields['error']);
  const sent = doubt ? { id, after: positionOf(fields['after']) } : { id: null, after: null };
  return { key, room, text, to, at: whole(at) ?? 0, state, ...sent, onWay: false, doubt, ...(change ? { change } : {}), ...(error ? { error } : {}) };
}

function changeOf(value: unknown): Change | null {
  const { kind, seq, epoch, emoji, on } = fieldsOf(value);
  const number = whole(seq);
  if (number === null || typeof epoch !== 'string') return null;
  // The rows of the page before have other keys than those of this one.
  const target = { seq: number, epoch, line: '' };
  if (kind === 'edit' || kind === 'delete') return { ...target, kind };
  return kind === 'react' && typeof emoji === 'string' && typeof on === 'boolean' ? { ...target, kind, emoji, on } : null;
}

function positionOf(value: unknown): Position | null {
  const { epoch, seq } = fieldsOf(value);
  const number = whole(seq);
  return typeof epoch === 'string' && number !== null ? { epoch, seq: number } : null;
}

function recipientOf(value: unknown): Recipient | undefined {
  const { id, name, epoch } = fieldsOf(value);
  const number = whole(id);
  return number !== null && typeof name === 'string' && typeof epoch === 'string' ? { id: number, name, epoch } : undefined;
}

function errorOf(value: unknown): ErrorNotice | null {
  const { code, message, suggestion, near } = fieldsOf(value);
  if (typeof code !== 'string' || typeof message !== 'string') return null;
  const names = listOf(near).filter((name) => typeof name === 'string');
  return { code, message, ...(typeof suggestion === 'string' ? { suggestion } : {}), ...(names.length > 0 ? { near: names } : {}) };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function whole(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? value as number : null;
}

// The rows of one room's log: how an event becomes a row, where it goes, and how many are kept. Pure.
import type { Event, Saying } from './frames.ts';
import type { Member } from './protocol.ts';
import type { GapReason, Line, MessageLine, Person, PrivateLine } from './view.ts';

/** So many rows of a room are kept. Older ones give way to one row that says so. */
export const MOST_KEPT = 2_000;

export type Log = readonly Line[];
export type SaidLine = MessageLine | PrivateLine;

/** The row of an event; null for what makes no row. `selves`: member numbers that are or were one's own. */
export function lineOf(event: Event, selves: readonly number[], key: string): Line | null {
  switch (event.type) {
    case 'message': {
      const { seq, at, from, name, text, guest = false } = event;
      return { kind: 'message', key, seq, at, from, name, guest, own: selves.includes(from) && !guest, text, state: 'sent', ...marksOf(event) };
    }
    case 'private': {
      const { seq, at, from, name, to, to_name, text } = event;
      return { kind: 'private', key, seq, at, from, name, to, toName: to_name, own: selves.includes(from), text, state: 'sent', ...marksOf(event) };
    }
    case 'join':
    case 'leave':
      return { kind: event.type, key, seq: event.seq, at: event.at, person: personOf(event.member) };
    case 'edit':
    case 'delete':
    case 'react':
    case 'skip':
      return null;
  }
}

function marksOf({ edited_at, reactions }: Saying): Pick<SaidLine, 'editedAt' | 'reactions'> {
  return { ...(edited_at === undefined ? {} : { editedAt: edited_at }), ...(reactions === undefined ? {} : { reactions }) };
}

function personOf({ id, name, guest = false }: Member): Person {
  return { id, name, guest };
}

/** Adds rows at the end and keeps the bound, or what somebody has read back to beyond it. */
export function append(log: Log, lines: readonly Line[]): Log {
  return lines.length === 0 ? log : bounded([...log, ...lines], Math.max(MOST_KEPT, log.length));
}

function bounded(log: Log, most: number): Log {
  return log.length <= most ? log : [TRIMMED, ...log.slice(log.length - most + 1)];
}

export const TRIMMED: Line = { kind: 'gap', key: 'gap-trimmed', reason: 'trimmed' };

export function gap(number: number, reason: GapReason): Line {
  return { kind: 'gap', key: `gap-${number}`, reason };
}

/** Index of the first row of the present life of the log; `birth` is the key of the gap where that life began. */
function born(log: Log, birth: string | null): number {
  return birth === null ? 0 : log.findLastIndex((line) => line.key === birth) + 1;
}

/** The rows of the present life of the log: only there a number means anything. */
export function young(log: Log, birth: string | null): Log {
  return birth === null ? log : log.slice(born(log, birth));
}

/**
 * Puts a row that comes late into its place by number, within the present life of the log, whose last number is `last`. A row from
 * within a gap parts it in two.
 */
export function place(log: Log, line: SaidLine & { readonly seq: number }, birth: string | null, last: number): Log {
  const first = born(log, birth);
  let at = log.length;
  for (; at > first; at--) {
    const before = log[at - 1];
    if (before === undefined || before.kind === 'gap' || (before.seq ?? 0) < line.seq) break;
  }
  const [above, below] = [log[at - 1], log[at]];
  const following = below === undefined || below.kind === 'gap' ? last + 1 : below.seq ?? 0;
  const parted: Line[] = above?.kind === 'gap' && following > line.seq + 1 ? [{ ...above, key: `${above.key}-${line.seq}` }] : [];
  return bounded([...log.slice(0, at), line, ...parted, ...log.slice(at)], Math.max(MOST_KEPT, log.length));
}

/** Puts a row of an earlier life of the log above the present one. */
export function placeEarlier(log: Log, line: SaidLine, birth: string | null): Log {
  const at = Math.max(0, born(log, birth) - 1);
  return bounded([...log.slice(0, at), line, ...log.slice(at)], Math.max(MOST_KEPT, log.length));
}

/** Does the present life of the log hold a row of this number? */
export function has(log: Log, seq: number, birth: string | null): boolean {
  const first = born(log, birth);
  for (let at = log.length - 1; at >= first; at--) {
    const line = log[at];
    if (line !== undefined && line.kind !== 'gap' && line.seq === seq) return true;
  }
  return false;
}

/** What makes a line of an earlier life recognisable in a later one, where its number means nothing. */
export function mark(line: Line): string | null {
  return line.kind === 'message' || line.kind === 'private' ? JSON.stringify([line.kind, line.at, line.name, line.text]) : null;
}

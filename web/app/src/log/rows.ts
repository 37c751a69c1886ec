// Turns a room's lines into the rows that are drawn: days, grouped messages, folded comings and goings, the "new" line. Pure.
import type { GapLine, Line, Person } from '../../../client/src/index.ts';

/** Messages of one person within this time stand together. Milliseconds. */
export const GROUP_MS = 5 * 60_000;

export type SpokenLine = Extract<Line, { kind: 'message' | 'private' }>;
type MoveLine = Extract<Line, { kind: 'join' | 'leave' }>;

export type What = 'joined' | 'left' | 'passed' | 'returned';

/** Comings and goings of one kind. `passed`: came and left again; `returned`: left and came back. */
export interface Moves {
  what: What;
  people: Person[];
}

/** `head`: the first of its group, with name, time and star. `tail`: the last. */
export interface SpokenRow {
  kind: 'spoken';
  key: string;
  line: SpokenLine;
  head: boolean;
  tail: boolean;
}

export type Row =
  | { kind: 'day'; key: string; at: number }
  | { kind: 'new'; key: string; count: number }
  | SpokenRow
  | { kind: 'moves'; key: string; moves: Moves[] }
  | { kind: 'gap'; key: string; reason: GapLine['reason'] };

export const isSpoken = (line: Line): line is SpokenLine => line.kind === 'message' || line.kind === 'private';
const dayOf = (at: number) => new Date(at).setHours(0, 0, 0, 0);

/** Same person, same kind of line, same addressee, close in time. */
function together(a: SpokenLine, b: SpokenLine): boolean {
  if (a.from !== b.from || a.name !== b.name || a.own !== b.own || a.kind !== b.kind) return false;
  if (a.kind === 'private' && b.kind === 'private' && a.to !== b.to) return false;
  return Math.abs(b.at - a.at) <= GROUP_MS && dayOf(a.at) === dayOf(b.at);
}

/** `firstUnread` is the key of the line before which "new" stands; `you` is left out of comings and goings. */
export function rowsOf(lines: readonly Line[], firstUnread: string | null, you: number): Row[] {
  const rows: Row[] = [];
  let day: number | null = null;
  let moves: MoveLine[] = [];
  // The message that the next one may join; anything else in between sets it back.
  let above = null as SpokenRow | null;

  const fold = () => {
    const first = moves[0];
    if (first !== undefined) {
      const folded = foldMoves(moves);
      rows.push({ kind: 'moves', key: `moves ${first.key}`, moves: folded });
      above = null;
    }
    moves = [];
  };
  const startDay = (at: number) => {
    if (day === dayOf(at)) return;
    day = dayOf(at);
    rows.push({ kind: 'day', key: `day ${day}`, at });
    above = null;
  };

  for (const line of lines) {
    if (line.kind === 'join' || line.kind === 'leave') {
      if (line.person.id === you) continue;
      if (day !== dayOf(line.at)) {
        fold();
        startDay(line.at);
      }
      moves.push(line);
      continue;
    }
    fold();
    if (isSpoken(line)) startDay(line.at);
    if (line.key === firstUnread) {
      rows.push({ kind: 'new', key: `new ${line.key}`, count: unreadFrom(lines, line) });
      above = null;
    }
    if (line.kind === 'gap') {
      rows.push({ kind: 'gap', key: line.key, reason: line.reason });
      above = null;
      continue;
    }
    if (!isSpoken(line)) continue;
    const head = above === null || !together(above.line, line);
    if (above !== null && !head) above.tail = false;
    const row: SpokenRow = { kind: 'spoken', key: line.key, line, head, tail: true };
    above = row;
    rows.push(row);
  }
  fold();
  return rows;
}

function unreadFrom(lines: readonly Line[], first: Line): number {
  return lines.slice(lines.indexOf(first)).filter((line) => isSpoken(line) && !line.own).length;
}

/** What became of each person over a stretch of comings and goings; what ended last stands last. */
export function foldMoves(lines: readonly MoveLine[]): Moves[] {
  const stretches = new Map<number, { first: MoveLine; last: MoveLine }>();
  for (const line of lines) {
    const first = stretches.get(line.person.id)?.first ?? line;
    // Taken out and put in again: a Map keeps the order of insertion, and the last move decides it.
    stretches.delete(line.person.id);
    stretches.set(line.person.id, { first, last: line });
  }
  const moves = new Map<What, Person[]>();
  for (const { first, last } of stretches.values()) {
    const what = first.kind === 'join' ? (last.kind === 'join' ? 'joined' : 'passed') : last.kind === 'leave' ? 'left' : 'returned';
    const people = [...(moves.get(what) ?? []), last.person];
    moves.delete(what);
    moves.set(what, people);
  }
  return [...moves].map(([what, people]) => ({ what, people }));
}

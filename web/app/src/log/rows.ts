// Turns a room's lines into the rows that are drawn: days, grouped messages, folded comings and goings, the "new" line. Pure.
import type { Earlier, GapLine, Line, Person } from '../../../client/src/index.ts';

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
  /** Of an earlier life of the room, of which it knows nothing any more. */
  old: boolean;
}

/** What a room tells of its past beside its lines. */
export interface Past {
  birth: string | null;
  earlier: Earlier;
  came: number | null;
}

export type Row =
  | { kind: 'day'; key: string; at: number }
  | { kind: 'new'; key: string; count: number }
  | SpokenRow
  | { kind: 'moves'; key: string; moves: Moves[] }
  | { kind: 'earlier'; key: string; state: Exclude<Earlier, 'none'> }
  | { kind: 'came'; key: string }
  | { kind: 'gap'; key: string; reason: GapLine['reason'] };

export const isSpoken = (line: Line): line is SpokenLine => line.kind === 'message' || line.kind === 'private';
const dayOf = (at: number) => new Date(at).setHours(0, 0, 0, 0);

/** Same person, same kind of line, same addressee, close in time. */
function together(a: SpokenLine, b: SpokenLine): boolean {
  if (a.from !== b.from || a.name !== b.name || a.own !== b.own || a.kind !== b.kind) return false;
  if (a.kind === 'private' && b.kind === 'private' && a.to !== b.to) return false;
  return Math.abs(b.at - a.at) <= GROUP_MS && dayOf(a.at) === dayOf(b.at);
}

const NO_PAST: Past = { birth: null, earlier: 'none', came: null };

/** `firstUnread` is the key of the line before which "new" stands; `you` is left out of comings and goings. */
export function rowsOf(lines: readonly Line[], firstUnread: string | null, you: number, { birth, earlier, came }: Past = NO_PAST): Row[] {
  const rows: Row[] = [];
  const born = birth === null ? 0 : lines.findIndex((line) => line.key === birth) + 1;
  // Above this line something is missing that can be asked for.
  const frontier = lines.findLastIndex((line) => line.kind === 'gap') + 1;
  const cameAt = came === null ? -1 : lines.findIndex((line, at) => at >= born && line.kind !== 'gap' && (line.seq === null || line.seq > came));
  const first = lines.findIndex((line, at) => at >= born && isSpoken(line));
  const saidBefore = came !== null && first >= 0 && isBefore(lines[first], came);
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

  const entered = () => {
    fold();
    rows.push({ kind: 'came', key: 'came' });
    above = null;
  };

  for (const [at, line] of lines.entries()) {
    if (at === frontier && earlier !== 'none') {
      fold();
      rows.push({ kind: 'earlier', key: 'earlier', state: earlier });
      above = null;
    }
    if (at === cameAt && saidBefore) entered();
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
      // With nothing above it, and with a way to see what is missing, there is nothing to be told.
      if (earlier !== 'none' && at === 0 && at === frontier - 1 && line.key !== birth) continue;
      rows.push({ kind: 'gap', key: line.key, reason: line.reason });
      above = null;
      continue;
    }
    if (!isSpoken(line)) continue;
    const head = above === null || !together(above.line, line);
    if (above !== null && !head) above.tail = false;
    const row: SpokenRow = { kind: 'spoken', key: line.key, line, head, tail: true, old: at < born };
    above = row;
    rows.push(row);
  }
  if (saidBefore && cameAt < 0) entered();
  fold();
  if (frontier === lines.length && earlier !== 'none') rows.push({ kind: 'earlier', key: 'earlier', state: earlier });
  return rows;
}

const isBefore = (line: Line | undefined, came: number): boolean => line !== undefined && line.kind !== 'gap' && line.seq !== null && line.seq <= came;

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

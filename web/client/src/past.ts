// Pages of the past: where they are put, and what is known without a hole. Pure.
import { isSaid, renewed } from './changes.ts';
import type { Saying } from './frames.ts';
import { gap, lineOf, young, type Log, type SaidLine } from './lines.ts';
import type { Line } from './view.ts';

/** So many lines are asked for at a time. */
export const PAGE = 100;
/** So many rows of a room are kept when somebody reads back; beyond that the page asks for no more. */
export const MOST_READ = 5_000;

/** The row from which on everything is known: before it stands a gap, or nothing of this life of the log. An index into the log. */
export function frontier(log: Log, birth: string | null): number {
  const rows = young(log, birth);
  return log.length - rows.length + rows.findLastIndex((line) => line.kind === 'gap') + 1;
}

/** The number before which to ask. `last`: the log's last number, for a room of which nothing is here. */
export function askedBefore(log: Log, birth: string | null, last: number): number {
  for (let at = frontier(log, birth); at < log.length; at++) {
    const line = log[at];
    if (line !== undefined && line.kind !== 'gap' && line.seq !== null) return line.seq;
  }
  return last + 1;
}

/** Would the server tell of this row, if it still were? Private lines of an earlier membership it tells nobody. */
function tellable(line: SaidLine, you: number): boolean {
  return line.kind === 'message' || line.from === you || line.to === you;
}

/**
 * Rows that are here already, after the server has told of the stretch from `from` on once more: words and reactions are the
 * server's, and what it does not tell of any more was taken back.
 */
export function reconciled(rows: readonly Line[], told: readonly SaidLine[], from: number, to: number, you: number): Line[] {
  const fresh = new Map(told.map((line) => [line.seq, line]));
  return rows.flatMap((line) => {
    if (!isSaid(line) || line.seq === null || line.seq < from || line.seq > to) return [line];
    const same = fresh.get(line.seq);
    if (same !== undefined) return [renewed(line, same)];
    return tellable(line, you) ? [] : [line];
  });
}

interface Reader {
  readonly you: number;
  /** Member numbers that are or were one's own. */
  readonly selves: readonly number[];
  readonly birth: string | null;
  readonly lives: number;
}

/**
 * The log with a page put before its frontier. Where the page reaches what stands above the gap, there is no gap any more. `more`:
 * the server has lines before these.
 */
export function withPage(log: Log, page: readonly Saying[], more: boolean, { you, selves, birth, lives }: Reader): Log {
  const rows = young(log, birth);
  const before = log.slice(0, log.length - rows.length);
  const edge = frontier(log, birth) - before.length;
  const [above, below] = [rows.slice(0, Math.max(0, edge - 1)), rows.slice(edge)];
  const hole = edge > 0 ? rows[edge - 1] : undefined;
  const first = askedBefore(log, birth, Infinity);
  const lines = page.filter((event) => event.seq < first).map((event) => lineOf(event, selves, `${lives}-${event.seq}`) as SaidLine);
  const oldest = lines[0]?.seq ?? Infinity;
  const reached = above.findLast((line) => line.kind !== 'gap' && line.seq !== null);
  const top = reached === undefined || reached.kind === 'gap' ? null : reached.seq;
  if (top === null) {
    const nothing = hole?.kind === 'gap' && lines.length === 0 && hole.reason === 'trimmed';
    const end = more || nothing ? (hole === undefined ? [] : [hole]) : [gap(-lives, 'start')];
    return [...before, ...end, ...lines, ...below];
  }
  if (oldest > top) return [...before, ...above, ...(hole === undefined ? [] : [hole]), ...lines, ...below];
  const known = reconciled(above, lines, oldest, top, you);
  const numbers = new Set(known.map((line) => line.kind === 'gap' ? null : line.seq));
  const joined = [...known, ...lines.filter((line) => !numbers.has(line.seq))];
  // A line that this page did not have may stand between lines that it had.
  joined.sort((one, other) => one.kind === 'gap' || other.kind === 'gap' ? 0 : (one.seq ?? 0) - (other.seq ?? 0));
  return [...before, ...joined, ...below];
}

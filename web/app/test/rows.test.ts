import { describe, expect, it } from 'vitest';
import type { Line, MessageLine, Person, PresenceLine, PrivateLine } from '../../client/src/index.ts';
import { foldMoves, GROUP_MS, rowsOf, type Row } from '../src/log/rows.ts';

const NOON = new Date(2026, 10, 22, 12).getTime();
const person = (id: number): Person => ({ id, name: `p${id}`, guest: false });
let number = 0;

function message(from: number, at: number, more: Partial<MessageLine> = {}): MessageLine {
  number += 1;
  return { kind: 'message', key: `m${number}`, seq: number, at, from, name: `p${from}`, own: false, guest: false, text: 'x', state: 'sent', ...more };
}
function privately(from: number, to: number, at: number): PrivateLine {
  number += 1;
  return { kind: 'private', key: `m${number}`, seq: number, at, from, name: `p${from}`, to, toName: `p${to}`, own: false, text: 'x', state: 'sent' };
}
function move(kind: 'join' | 'leave', id: number, at = NOON): PresenceLine {
  number += 1;
  return { kind, key: `m${number}`, seq: number, at, person: person(id) };
}
const kinds = (rows: Row[]) => rows.map((row) => row.kind);
const heads = (lines: Line[]) => rowsOf(lines, null, 0).filter((row) => row.kind === 'spoken').map((row) => row.kind === 'spoken' && row.head);

describe('messages of one person', () => {
  it('stand together within five minutes, counted from one to the next', () => {
    expect(heads([message(1, NOON), message(1, NOON + GROUP_MS), message(1, NOON + 2 * GROUP_MS)])).toEqual([true, false, false]);
    expect(heads([message(1, NOON), message(1, NOON + GROUP_MS + 1)])).toEqual([true, true]);
  });

  it('begin anew after somebody else, after a private line and after a line to another person', () => {
    expect(heads([message(1, NOON), message(2, NOON), message(1, NOON)])).toEqual([true, true, true]);
    expect(heads([message(1, NOON), privately(1, 2, NOON), privately(1, 3, NOON), privately(1, 3, NOON)])).toEqual([true, true, true, false]);
  });

  it('begin anew after a coming or going, and under a name that a guest has changed', () => {
    expect(heads([message(1, NOON), move('join', 2), message(1, NOON)])).toEqual([true, true]);
    expect(heads([message(1, NOON), message(1, NOON, { name: 'other' })])).toEqual([true, true]);
  });

  it('know their last one, for the corner of its bubble', () => {
    const rows = rowsOf([message(1, NOON), message(1, NOON), message(2, NOON)], null, 0);
    expect(rows.map((row) => row.kind === 'spoken' && row.tail)).toEqual([false, false, true, true]);
  });
});

describe('days', () => {
  it('stand before the first message of each, by the local calendar', () => {
    const midnight = new Date(2026, 10, 23).getTime();
    const rows = rowsOf([message(1, midnight - 1), message(1, midnight)], null, 0);
    expect(kinds(rows)).toEqual(['day', 'spoken', 'day', 'spoken']);
  });
});

describe('comings and goings', () => {
  it('fold into one row until something is said', () => {
    const rows = rowsOf([move('join', 1), move('join', 2), move('leave', 2), message(1, NOON), move('leave', 1)], null, 0);
    expect(kinds(rows)).toEqual(['day', 'moves', 'spoken', 'moves']);
  });

  it('say what became of each: joined, left, came and left, came back', () => {
    const folded = foldMoves([move('join', 1), move('join', 2), move('leave', 3), move('leave', 2), move('leave', 4), move('join', 4)]);
    expect(folded.map(({ what, people }) => [what, people.map((one) => one.id)])).toEqual([
      ['joined', [1]], ['left', [3]], ['passed', [2]], ['returned', [4]],
    ]);
  });

  it('stand in the order in which they ended', () => {
    expect(foldMoves([move('leave', 1), move('join', 2)]).map(({ what }) => what)).toEqual(['left', 'joined']);
    expect(foldMoves([move('join', 2), move('leave', 1)]).map(({ what }) => what)).toEqual(['joined', 'left']);
  });

  it('leave oneself out, and make no row of that', () => {
    expect(kinds(rowsOf([move('join', 7)], null, 7))).toEqual([]);
  });
});

describe('the "new" line', () => {
  it('stands before the first unread message, counts those of others, and parts a group', () => {
    const lines = [message(1, NOON), message(1, NOON), message(1, NOON, { own: true }), message(2, NOON)];
    const rows = rowsOf(lines, lines[1]?.key ?? null, 0);
    expect(kinds(rows)).toEqual(['day', 'spoken', 'new', 'spoken', 'spoken', 'spoken']);
    expect(rows[2]).toMatchObject({ count: 2 });
    expect(rows[3]).toMatchObject({ head: true });
  });
});

describe('a gap', () => {
  it('is shown with its reason and parts a group', () => {
    const rows = rowsOf([message(1, NOON), { kind: 'gap', key: 'g', reason: 'too_old' }, message(1, NOON)], null, 0);
    expect(kinds(rows)).toEqual(['day', 'spoken', 'gap', 'spoken']);
    expect(rows[2]).toMatchObject({ reason: 'too_old' });
    expect(rows[3]).toMatchObject({ head: true });
  });
});

describe('the past', () => {
  const past = { birth: null, earlier: 'some' as const, came: null };
  const gapLine = (reason: 'trimmed' | 'away' | 'epoch', key = `gap-${reason}`): Line => ({ kind: 'gap', key, reason });

  it('can be asked for above the first line; a gap there need not be told', () => {
    expect(kinds(rowsOf([message(1, NOON)], null, 0, past))).toEqual(['earlier', 'day', 'spoken']);
    expect(kinds(rowsOf([gapLine('trimmed'), message(1, NOON)], null, 0, past))).toEqual(['earlier', 'day', 'spoken']);
    expect(kinds(rowsOf([], null, 0, past))).toEqual(['earlier']);
    expect(kinds(rowsOf([gapLine('trimmed'), message(1, NOON)], null, 0, { ...past, earlier: 'none' }))).toEqual(['gap', 'day', 'spoken']);
  });

  it('can be asked for below a gap between lines, which is told', () => {
    expect(kinds(rowsOf([message(1, NOON), gapLine('away'), message(1, NOON)], null, 0, past))).toEqual(['day', 'spoken', 'gap', 'earlier', 'spoken']);
  });

  it('is told apart from what was said since one came in, whether that is much or nothing yet', () => {
    const before = message(1, NOON);
    const since = message(1, NOON);
    const came = before.seq ?? 0;
    expect(kinds(rowsOf([before, since], null, 0, { ...past, earlier: 'none', came }))).toEqual(['day', 'spoken', 'came', 'spoken']);
    expect(kinds(rowsOf([before], null, 0, { ...past, earlier: 'none', came }))).toEqual(['day', 'spoken', 'came']);
    expect(kinds(rowsOf([since], null, 0, { ...past, earlier: 'none', came }))).toEqual(['day', 'spoken']);
  });

  it('of an earlier life of the room can be read and not changed', () => {
    const rows = rowsOf([message(1, NOON), gapLine('epoch'), message(1, NOON)], null, 0, { ...past, birth: 'gap-epoch', earlier: 'none' });
    expect(rows.map((row) => row.kind === 'spoken' ? row.old : null)).toEqual([null, true, null, false]);
  });
});

// One room as this page knows it: a pure reducer over what the server says. Knows no socket, no outbox storage, no clock.
import { changedBy, eventOf, isSaid, type ChangeEvent } from './changes.ts';
import type { Arrival, Event, Frame, PastPage } from './frames.ts';
import { append, gap, has, lineOf, mark, MOST_KEPT, place, placeEarlier, TRIMMED, young, type Log, type SaidLine } from './lines.ts';
import { mentions } from './mention.ts';
import type { Change, Entry } from './outbox.ts';
import { askedBefore, frontier, MOST_READ, reconciled, withPage } from './past.ts';
import { entered, gone, NOBODY, roster, type Roster } from './roster.ts';
import { heard, NO_TYPISTS, type Typists } from './typing.ts';
import type { Earlier, ErrorNotice, GapReason, Line, RoomStatus } from './view.ts';

/** So many member numbers of one's own are remembered. */
const SELVES = 16;

export interface Room {
  readonly room: string;
  readonly status: RoomStatus;
  readonly refusal: ErrorNotice | null;
  readonly notice: ErrorNotice | null;
  /** The name as the server has it; before that, the name asked for. */
  readonly name: string;
  /** Own member number, 0 before the first answer. */
  readonly you: number;
  /** Member numbers that are or were one's own in this life of the log: their lines are one's own. */
  readonly selves: readonly number[];
  /** Where one came in for the first time, in this life of the log. */
  readonly came: number | null;
  readonly earlier: Earlier;
  /** The position: the life of the log, and the last number taken in. */
  readonly epoch: string | null;
  readonly seq: number;
  /** From here on everything was taken in without a gap: what a reload asks for again. */
  readonly base: number;
  readonly roster: Roster;
  readonly log: Log;
  /** Own lines with a number that the log has not come to yet, by number. */
  readonly acked: readonly SaidLine[];
  /** An own line that came back before its acknowledgement: its row in the outbox must not be shown beside it. */
  readonly echoed: { readonly key: string; readonly seq: number } | null;
  /** Lives of the log and gaps seen so far; they make the keys. `birth`: the gap where the present life began. */
  readonly lives: number;
  readonly gaps: number;
  readonly birth: string | null;
  readonly typists: Typists;
  /** Highest number that the person has seen. */
  readonly read: number;
  readonly unread: number;
  readonly mentioned: boolean;
  readonly firstUnread: string | null;
}

export function room(name: string, person: string): Room {
  return {
    room: name, status: 'joining', refusal: null, notice: null, name: person, you: 0, selves: [], came: null, earlier: 'none',
    epoch: null, seq: 0, base: 0, roster: NOBODY, log: [], acked: [], echoed: null, lives: 0, gaps: 0, birth: null,
    typists: NO_TYPISTS, read: 0, unread: 0, mentioned: false, firstUnread: null,
  };
}

/**
 * `joined` or `reset`: the room from the position that the frame names. `seen`: is the room before somebody's eyes? `waiting`: the
 * own line of this room that was sent and is not acknowledged, if there is one.
 */
export function arrived(before: Room, frame: Arrival, seen: boolean, waiting: Entry | null): Room {
  const sameEpoch = before.epoch === frame.epoch;
  const now: Room = {
    ...before,
    selves: sameEpoch && before.selves.includes(frame.you) ? before.selves : [...sameEpoch ? before.selves : [], frame.you].slice(-SELVES),
    // What was asked of the server before it answered this, it will not answer any more.
    earlier: before.earlier === 'loading' || before.earlier === 'failed' ? 'some' : before.earlier,
    status: 'live', refusal: null, you: frame.you, name: frame.name,
    roster: roster(frame.members, frame.count, before.roster),
  };
  const first = before.epoch === null;
  const sameLife = before.epoch === frame.epoch && frame.seq >= before.seq;
  const goesOn = frame.type === 'joined' && frame.resumed && (first || (before.epoch === frame.epoch && frame.seq <= before.seq));
  const offered: Earlier = frame.earlier === true ? 'some' : 'none';
  if (goesOn) {
    // After a reload nothing is here, and what was before the page asks for when it is wanted.
    const earlier = before.log.length === 0 && (first || before.seq === frame.seq) ? offered : now.earlier;
    return first ? { ...now, earlier, epoch: frame.epoch, seq: frame.seq, base: frame.seq, read: frame.seq } : { ...now, earlier };
  }
  const came = sameEpoch ? before.came : isNew(frame) ? frame.seq : null;
  const placed: Room = { ...now, came, epoch: frame.epoch, seq: frame.seq, read: first ? frame.seq : now.read };
  const room = sameLife ? caughtUp(placed, before, frame, seen) : bornAnew(placed, before, frame, seen);
  return frame.history.reduce((after, event) => recognised(after, event, before.acked, waiting), room);
}

/** The same life of the log, further on; between the two there may be a gap. */
function caughtUp(now: Room, before: Room, frame: Arrival, seen: boolean): Room {
  const empty = before.log.length === 0;
  const [oldest] = frame.history;
  const missing = oldest === undefined ? frame.seq > before.seq : oldest.seq > before.seq + 1;
  // What the server can show again on request need not stay here behind a gap, where nobody would hear of it being changed.
  const afresh = missing && frame.earlier === true && !isNew(frame);
  const kept = afresh ? before.log.slice(0, before.log.length - young(before.log, before.birth).length) : oldest === undefined ? before.log
    : again(before, linesOf(now, frame.history, []), oldest.seq, frame.you);
  const events = frame.history.filter((event) => afresh || ((empty || event.seq > before.seq) && !has(before.log, event.seq, before.birth)));
  // Who comes to a room without having lines of it misses nothing; who was reset is told.
  const torn = missing && !afresh && (frame.type === 'reset' || !empty);
  const history = linesOf(now, events, before.acked);
  const earlier: Earlier = afresh || torn || empty ? (frame.earlier === true ? 'some' : 'none') : now.earlier;
  const placed: Room = { ...now, log: kept, earlier };
  const room = torn ? withGap(placed, why(frame)) : placed;
  const base = torn || afresh || isNew(frame) ? askable(frame) : before.base;
  const acked = before.acked.filter((line) => (line.seq ?? 0) > frame.seq);
  const after = added({ ...room, acked, base }, history, seen);
  // Acknowledged lines that the history has not brought keep their place all the same.
  const passed = before.acked.filter(({ seq }) => seq !== null && seq <= frame.seq && !history.some((other) => other.seq === seq) && !(afresh && seq < (oldest?.seq ?? Infinity)));
  return { ...after, log: passed.reduce((log, line) => place(log, { ...line, seq: line.seq ?? 0 }, after.birth, after.seq), after.log) };
}

/** The log, where the server tells once more of what was from the number `oldest` on. */
function again(before: Room, told: readonly Line[], oldest: number, you: number): Log {
  if (oldest > before.seq) return before.log;
  const rows = young(before.log, before.birth);
  const after = reconciled(rows, told.filter(isSaid), oldest, before.seq, you);
  return [...before.log.slice(0, before.log.length - rows.length), ...after];
}

/** A membership that begins with this frame: what was before it is not ours to ask for. */
function isNew(frame: Arrival): boolean {
  return frame.type === 'joined' || frame.reason === 'left';
}

/** From where on a reload may ask again, if it is not further back than this frame. */
function askable(frame: Arrival): number {
  const [oldest] = frame.history;
  return isNew(frame) || oldest === undefined ? frame.seq : oldest.seq - 1;
}

function why(frame: Arrival): GapReason {
  return frame.type === 'joined' || frame.reason === 'left' ? 'away' : frame.reason;
}

/** Another life of the log, or the room's first for us: numbers from before mean nothing in it. */
function bornAnew(now: Room, before: Room, frame: Arrival, seen: boolean): Room {
  // What was acknowledged was said in the old life, and is shown there.
  const old = append(before.log, before.acked);
  const shown = new Set(old.map(mark));
  const own = new Set(before.acked.map((line) => tidy(line.text)));
  const events = frame.history.filter((event) => {
    if (event.type !== 'message' && event.type !== 'private') return true;
    if (event.from === frame.you && own.has(tidy(event.text))) return false;
    const line = lineOf(event, now.selves, '');
    return line === null || !shown.has(mark(line));
  });
  const earlier: Earlier = frame.earlier === true ? 'some' : 'none';
  let room: Room = { ...now, log: old, acked: [], base: askable(frame), lives: before.lives + 1, earlier };
  if (before.epoch !== null && (frame.type === 'reset' || old.length > 0)) {
    room = withGap(room, frame.type === 'reset' && frame.reason === 'future' ? 'future' : 'epoch');
    room = { ...room, birth: `gap-${room.gaps}`, read: old.length > 0 ? 0 : frame.seq };
  }
  return added(room, linesOf(room, events, []), seen);
}

export type Step = { readonly room: Room; readonly taken: 'next' | 'repeat' | 'hole' };

/**
 * A numbered frame. Only the next number is taken in; a lower one was already, and a higher one means that the server left a hole
 * without a word, which the caller must not show. `waiting`: the own line of this room that is not acknowledged, if one was sent.
 */
export function numbered(before: Room, event: Event, seen: boolean, waiting: Entry | null): Step {
  if (event.seq <= before.seq) return { room: before, taken: 'repeat' };
  if (event.seq > before.seq + 1) return { room: before, taken: 'hole' };
  return { room: taken(before, event, seen, waiting), taken: 'next' };
}

/** Takes in an event after a hole that the server cannot fill, and says so in the room. */
export function torn(before: Room, event: Event, seen: boolean): Room {
  return taken(withGap({ ...before, base: event.seq - 1 }, 'hole'), event, seen, null);
}

function taken(before: Room, event: Event, seen: boolean, waiting: Entry | null): Room {
  let room: Room = { ...before, seq: event.seq, acked: before.acked.filter((line) => line.seq !== event.seq) };
  if (event.type === 'join') room = { ...room, roster: entered(room.roster, event.member), ...(event.member.id === room.you ? { base: event.seq } : {}) };
  if (event.type === 'leave') room = { ...quiet(room, event.member.id), roster: gone(room.roster, event.member) };
  if (event.type === 'message' || event.type === 'private') room = quiet(room, event.from);
  if (event.type === 'edit' || event.type === 'delete' || event.type === 'react') return changed(room, event, seen);
  return added(recognised(room, event, before.acked, waiting), linesOf(room, [event], before.acked), seen);
}

/** A page of the past, which begins where the log's frontier is. */
export function paged(before: Room, { events, more }: PastPage): Room {
  const log = withPage(before.log, events, more, before);
  if (log.length < MOST_READ) return { ...before, log, earlier: more ? 'some' : 'none' };
  return { ...before, log: [TRIMMED, ...young(log, before.birth).filter((line) => line !== TRIMMED)], earlier: 'none' };
}

/** A line has other words, is gone, or bears other reactions. */
function changed(before: Room, event: ChangeEvent, seen: boolean): Room {
  const log = changedBy(before.log, event, before.birth);
  const read = seen ? Math.max(before.read, before.seq) : before.read;
  if (log === before.log) return { ...before, read };
  if (event.type === 'react') return { ...before, log, read };
  const counted = event.target > before.read ? young(log, before.birth).filter((line): line is SaidLine => isSaid(line) && !line.own && (line.seq ?? 0) > before.read) : [];
  if (event.type === 'edit') {
    const calls = counted.some((line) => line.seq === event.target && mentions(line.text, before.name));
    return { ...before, log, read, mentioned: before.mentioned || (before.unread > 0 && calls) };
  }
  const gone = before.log.find((line, at) => line !== log[at]);
  const next = log.slice(before.log.findIndex((line) => line === gone)).find((line) => isSaid(line) && !line.own);
  // A line that nobody has seen and that is gone is not unread, and the mark goes on to the next one.
  const wasUnread = before.unread > 0 && event.target > before.read && gone !== undefined && isSaid(gone) && !gone.own;
  const unread = wasUnread ? before.unread - 1 : before.unread;
  return {
    ...before, log, read, unread,
    mentioned: before.mentioned && unread > 0 && (!wasUnread || counted.some((line) => line.kind === 'private' || mentions(line.text, before.name))),
    firstUnread: gone?.key !== before.firstUnread ? before.firstUnread : next?.key ?? null,
  };
}

/** The line of the present life of the log that a change is about, or one of an earlier life that this page still shows. */
export function targetOf(room: Room, change: Change): SaidLine | null {
  const rows = change.epoch === room.epoch ? [...young(room.log, room.birth), ...room.acked] : [];
  const line = rows.find((row) => isSaid(row) && row.seq === change.seq) ?? room.log.find((row) => row.key === change.line);
  return line !== undefined && isSaid(line) ? line : null;
}

/** A line that can be changed: it has a number in the present life of the log. */
export function changeable(room: Room, key: string): (SaidLine & { readonly seq: number }) | null {
  const line = [...young(room.log, room.birth), ...room.acked].find((row) => row.key === key);
  if (line === undefined || !isSaid(line) || line.seq === null) return null;
  return { ...line, seq: line.seq };
}

/** Whoever said something, or left, does not type. */
function quiet(room: Room, member: number): Room {
  const typists = heard(room.typists, member, false, 0);
  return typists === room.typists ? room : { ...room, typists };
}

/** Notices that an event is the own line `waiting`, which is not acknowledged yet. */
function recognised(room: Room, event: Event, acked: readonly SaidLine[], waiting: Entry | null): Room {
  if (waiting === null || room.echoed !== null || (event.type !== 'message' && event.type !== 'private')) return room;
  if (event.from !== room.you || acked.some((line) => line.seq === event.seq) || !isEcho(event, waiting)) return room;
  if (waiting.after !== null && waiting.after.epoch === room.epoch && event.seq <= waiting.after.seq) return room;
  return { ...room, echoed: { key: waiting.key, seq: event.seq } };
}

/** Is this event what becomes of the line? The server may have tidied its spaces, and taken a command off its beginning. */
function isEcho(event: { readonly type: 'message' | 'private'; readonly text: string }, line: Entry): boolean {
  const typed = tidy(line.text);
  const said = tidy(event.text);
  if (event.type === 'private') return line.to !== null ? typed === said : typed.startsWith('/') && typed.endsWith(said);
  return line.to === null && (typed === said || (typed.startsWith('//') && tidy(typed.slice(1)) === said));
}

function tidy(text: string): string {
  return text.normalize('NFC').replace(/\s+/gu, ' ').trim();
}

/** The server acknowledged an own line, which the caller takes out of the outbox. */
export function acknowledged(before: Room, entry: Entry, frame: Frame<'ack'>): Room {
  if (entry.change !== undefined) return done(before, { ...entry, change: entry.change }, frame);
  const room = before.echoed?.key === entry.key ? { ...before, echoed: null } : before;
  if (before.echoed?.key === entry.key && before.echoed.seq === frame.seq) return room;
  const line = { ...ownLine(room, entry), seq: frame.seq, state: 'sent' as const };
  // Said in an earlier life of the log.
  if (frame.epoch !== room.epoch) return { ...room, log: placeEarlier(room.log, line, room.birth) };
  if (frame.seq <= room.seq) return has(room.log, frame.seq, room.birth) || isEarlier(room, frame.seq) ? room : { ...room, log: place(room.log, line, room.birth, room.seq) };
  const acked = [...room.acked, line].sort((one, other) => (one.seq ?? 0) - (other.seq ?? 0));
  return { ...room, acked };
}

/** Is a number from before what is here, so that its line comes with a page of the past? Put here, it would hide what is between. */
function isEarlier({ log, birth, seq, earlier }: Room, number: number): boolean {
  return earlier !== 'none' && frontier(log, birth) === log.length - young(log, birth).length && number < askedBefore(log, birth, seq);
}

/** An own change is done. Its event is about to come, and says the same; until then nobody is to see it undone. */
function done(before: Room, entry: Entry & { readonly change: Change }, { epoch, seq }: Frame<'ack'>): Room {
  if (epoch !== before.epoch || entry.change.epoch !== epoch) return before;
  return { ...before, log: changedBy(before.log, eventOf(entry, before.room, seq, before.you, before.name), before.birth) };
}

/** An own line as a row, as it stands in the outbox. */
export function ownLine(room: Pick<Room, 'you' | 'name'>, entry: Entry): SaidLine {
  const said = {
    key: entry.key, seq: null, at: entry.at, from: room.you, name: room.name, own: true, text: entry.text, state: entry.state,
    ...(entry.error === undefined ? {} : { error: entry.error }),
    ...(entry.id === null ? {} : { id: entry.id }),
    ...(entry.change === undefined ? {} : { stray: true as const }),
  };
  return entry.to === null
    ? { ...said, kind: 'message', guest: false }
    : { ...said, kind: 'private', to: entry.to.id, toName: entry.to.name };
}

/** The person looks at the room: nothing in it is unread. Where the new lines began stays marked. */
export function lookedAt(room: Room): Room {
  if (room.unread === 0 && !room.mentioned && room.read >= room.seq) return room;
  return { ...room, unread: 0, mentioned: false, read: Math.max(room.read, room.seq) };
}

/** From where on a reload can ask for the lines again: what is no longer kept is not asked for. */
export function askableFrom(room: Room): number {
  const [top, ...rest] = room.log.slice(0, 2);
  const first = rest[0];
  const cut = top?.kind === 'gap' && top.reason === 'trimmed' && first !== undefined && first.kind !== 'gap';
  const stillOld = cut && room.birth !== null && room.log.some((line) => line.key === room.birth);
  return cut && !stillOld ? Math.max(room.base, (first.seq ?? 0) - 1) : room.base;
}

function withGap(room: Room, reason: GapReason): Room {
  const gaps = room.gaps + 1;
  return { ...room, gaps, log: append(room.log, [gap(gaps, reason)]) };
}

type Numbered = Exclude<Line, { kind: 'gap' }>;

/** Events as rows. An own line that stands among `acked` keeps the key of its row. */
function linesOf(room: Room, events: readonly Event[], acked: readonly SaidLine[]): Numbered[] {
  const rows: Numbered[] = [];
  for (const event of events) {
    const own = acked.find((line) => line.seq === event.seq);
    const line = lineOf(event, room.selves, own?.key ?? `${room.lives}-${event.seq}`) ?? own ?? null;
    if (line !== null && line.kind !== 'gap') rows.push(line);
  }
  return rows;
}

/** Adds rows at the end, and counts what nobody has seen. */
function added(before: Room, rows: readonly Numbered[], seen: boolean): Room {
  let { unread, mentioned, firstUnread, read } = before;
  for (const line of rows) {
    const seq = line.seq ?? 0;
    const counts = (line.kind === 'message' || line.kind === 'private') && !line.own && seq > read;
    if (!seen && counts) {
      if (unread === 0) firstUnread = line.key;
      unread += 1;
      mentioned ||= line.kind === 'private' || mentions(line.text, before.name);
    }
  }
  if (seen) read = Math.max(read, before.seq);
  const log = append(before.log, rows);
  // What has given way here may still be there.
  const earlier = log[0]?.key === 'gap-trimmed' && before.log[0]?.key !== 'gap-trimmed' ? 'some' : before.earlier;
  // The row that was marked may have given way to newer ones.
  const marked = firstUnread;
  if (marked !== null && log.length >= MOST_KEPT && !log.some((line) => line.key === marked)) firstUnread = log[1]?.key ?? null;
  return { ...before, log, earlier, unread, mentioned, firstUnread, read };
}

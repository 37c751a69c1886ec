// Turns what came over the wire into a frame, or into nothing. Believes no field; knows nothing of rooms or sockets.
import type { CheckedSnapshot, Event, Heard, Saying } from './frames.ts';
import type { Limits, Member, Reaction, ResetReason } from './protocol.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The text of one WebSocket message as a frame, or null if it is none that this page knows. Never throws. */
export function decodeText(data: unknown): Heard | null {
  if (typeof data !== 'string') return null;
  try {
    return decode(JSON.parse(data));
  } catch {
    return null;
  }
}

/** A parsed JSON value as a frame, or null. Fields that are not of the protocol are left behind. */
export function decode(value: unknown): Heard | null {
  if (!isObject(value)) return null;
  switch (value['type']) {
    case 'welcome': return welcome(value);
    case 'joined': return joined(value);
    case 'reset': return reset(value);
    case 'ack': return ack(value);
    case 'people': return people(value);
    case 'left': return left(value);
    case 'history': return history(value);
    case 'goaway': return isWhole(value['retry_after_ms']) ? { type: 'goaway', retry_after_ms: value['retry_after_ms'] } : null;
    case 'pong': return { type: 'pong' };
    case 'error': return error(value);
    case 'typing': return typing(value);
    default: return event(value);
  }
}

function welcome(f: Fields): Heard | null {
  const session = f['session'];
  const heartbeat = f['heartbeat_ms'];
  const limits = limitsOf(f['limits']);
  if (!isText(session) || session === '' || !isWhole(heartbeat) || heartbeat === 0 || limits === null) return null;
  return { type: 'welcome', session, resumed: f['resumed'] === true, heartbeat_ms: heartbeat, limits };
}

function limitsOf(value: unknown): Limits | null {
  if (!isObject(value)) return null;
  const { text_chars, name_chars, rooms } = value;
  return isWhole(text_chars) && isWhole(name_chars) && isWhole(rooms) ? { text_chars, name_chars, rooms } : null;
}

function joined(f: Fields): Heard | null {
  const id = f['id'];
  const snapshot = snapshotOf(f);
  return isWhole(id) && snapshot !== null ? { type: 'joined', id, ...snapshot } : null;
}

const REASONS: readonly string[] = ['too_old', 'epoch', 'future', 'slow', 'left'] satisfies ResetReason[];

function reset(f: Fields): Heard | null {
  const snapshot = snapshotOf(f);
  if (snapshot === null) return null;
  // A reason that a newer server knows is still a reset: what it asks of the page is the same.
  const reason = (REASONS.includes(String(f['reason'])) ? f['reason'] : 'too_old') as ResetReason;
  return { type: 'reset', reason, ...snapshot, ...(isWhole(f['id']) ? { id: f['id'] } : {}) };
}

function snapshotOf(f: Fields): CheckedSnapshot | null {
  const { room, epoch, seq, you, name, resumed, count, history, earlier } = f;
  const members = membersOf(f['members']);
  if (!isText(room) || !isText(epoch) || !isWhole(seq) || !isWhole(you) || !isText(name) || !isWhole(count)) return null;
  if (members === null || !Array.isArray(history)) return null;
  return {
    room, epoch, seq, you, name, resumed: resumed === true, members, count, history: eventsOf(history, room),
    ...(earlier === true ? { earlier } : {}),
  };
}

function eventsOf(values: unknown[], room: string): Event[] {
  const events: Event[] = [];
  for (const past of values) {
    const one: Event | null = isObject(past) ? event({ room, ...past }) : null;
    if (one !== null && one.room === room) events.push(one);
  }
  return events;
}

/** Only lines, and only in their order: nothing else can be put into its place. */
function history(f: Fields): Heard | null {
  const { id, room, events, more } = f;
  if (!isWhole(id) || !isText(room) || !Array.isArray(events)) return null;
  const lines: Saying[] = [];
  for (const one of eventsOf(events, room)) {
    if ((one.type === 'message' || one.type === 'private') && one.seq > (lines.at(-1)?.seq ?? 0)) lines.push(one);
  }
  return { type: 'history', id, room, events: lines, more: more === true };
}

function ack(f: Fields): Heard | null {
  const { id, room, epoch, seq } = f;
  return isWhole(id) && isText(room) && isText(epoch) && isWhole(seq) ? { type: 'ack', id, room, epoch, seq } : null;
}

function people(f: Fields): Heard | null {
  const { id, room, count, more } = f;
  const members = membersOf(f['members']);
  if (!isWhole(id) || !isText(room) || !isWhole(count) || members === null) return null;
  return { type: 'people', id, room, members, count, more: more === true };
}

function left(f: Fields): Heard | null {
  const { id, room } = f;
  return isWhole(id) && isText(room) ? { type: 'left', id, room } : null;
}

function error(f: Fields): Heard | null {
  const { code, message, id, room, retry_after_ms, suggestion, near } = f;
  if (!isText(code) || !isText(message)) return null;
  return {
    type: 'error', code, message,
    ...(isWhole(id) ? { id } : {}),
    ...(isText(room) ? { room } : {}),
    ...(isWhole(retry_after_ms) ? { retry_after_ms } : {}),
    ...(isText(suggestion) ? { suggestion } : {}),
    ...(Array.isArray(near) ? { near: near.filter(isText) } : {}),
  };
}

function typing(f: Fields): Heard | null {
  const { room, from, on } = f;
  return isText(room) && isWhole(from) && typeof on === 'boolean' ? { type: 'typing', room, from, on } : null;
}

/**
 * A numbered frame. One that is of an unknown kind, or broken, still takes up its number: it becomes a `skip`. To ignore it
 * would leave a hole in the numbers, and the page would ask for the same frame again and again.
 */
function event(f: Fields): Event | null {
  const { type, room, seq, at, from, to, name, to_name, text, target, emoji, on } = f;
  if (!isText(room) || !isWhole(seq) || seq === 0 || 'id' in f) return null;
  if (isTime(at)) {
    if ((type === 'message' || type === 'private') && isWhole(from) && isText(name) && isText(text)) {
      if (type === 'message') return { type, room, seq, at, from, name, text, ...(f['guest'] === true ? { guest: true } : {}), ...marksOf(f) };
      if (isWhole(to) && isText(to_name)) return { type, room, seq, at, from, name, to, to_name, text, ...marksOf(f) };
    }
    if (isWhole(target) && isWhole(from)) {
      if (type === 'edit' && isText(text)) return { type, room, seq, at, target, from, text };
      if (type === 'delete') return { type, room, seq, at, target, from };
      if (type === 'react' && isText(name) && isText(emoji) && typeof on === 'boolean') return { type, room, seq, at, target, from, name, emoji, on };
    }
    const member = memberOf(f['member']);
    if ((type === 'join' || type === 'leave') && member !== null) return { type, room, seq, at, member };
  }
  return { type: 'skip', room, seq };
}

/** What became of a line since it was said. */
function marksOf(f: Fields): { edited_at?: number; reactions?: Reaction[] } {
  const { edited_at, reactions } = f;
  const whole: Reaction[] = [];
  for (const one of Array.isArray(reactions) ? reactions as unknown[] : []) {
    if (!isObject(one)) continue;
    const { from, name, emoji } = one;
    if (isWhole(from) && isText(name) && isText(emoji)) whole.push({ from, name, emoji });
  }
  return { ...(isTime(edited_at) ? { edited_at } : {}), ...(whole.length > 0 ? { reactions: whole } : {}) };
}

function membersOf(value: unknown): Member[] | null {
  return Array.isArray(value) ? value.map(memberOf).filter((member) => member !== null) : null;
}

function memberOf(value: unknown): Member | null {
  if (!isObject(value) || !isWhole(value['id']) || !isText(value['name'])) return null;
  return { id: value['id'], name: value['name'], ...(value['guest'] === true ? { guest: true } : {}) };
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** A time is only shown, so any will do that a clock can show. */
function isTime(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0 && (value as number) <= 8.64e15;
}

/** Whole numbers of the wire: 0 to 2^53-1. */
function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

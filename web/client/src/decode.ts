// Turns what came over the wire into a frame, or into nothing. Believes no field; knows nothing of rooms or sockets.
import type { Event, Heard, Saying } from './frames.ts';
import type { ResetReason } from './protocol.ts';

type Fields = Readonly<Record<string, unknown>>;
/** A field's value, if it is what it should be; else undefined. `of`: what it is a field of. */
type Read = (value: unknown, of: Fields) => unknown;

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
  const read = kindOf(ANSWERS, value);
  // The table says what the type says: the fixtures hold both to the same.
  return (read === undefined ? event(value) : read(value, value) ?? null) as Heard | null;
}

/**
 * A numbered frame. One that is of an unknown kind, or broken, still takes up its number: it becomes a `skip`. To ignore it
 * would leave a hole in the numbers, and the page would ask for the same frame again and again.
 */
function event(f: Fields): Event | null {
  const { room, seq } = f;
  if (!isText(room) || !isWhole(seq) || seq === 0 || 'id' in f) return null;
  return (kindOf(EVENTS, f)?.(f, f) ?? { type: 'skip', room, seq }) as Event;
}

function kindOf(table: Readonly<Record<string, Read>>, { type }: Fields): Read | undefined {
  return isText(type) && Object.hasOwn(table, type) ? table[type] : undefined;
}

const whole: Read = (value) => isWhole(value) ? value : undefined;
const text: Read = (value) => isText(value) ? value : undefined;
const whether: Read = (value) => typeof value === 'boolean' ? value : undefined;
/** Not said is no. */
const surely: Read = (value) => value === true;
/** Only yes is ever said. */
const marked: Read = (value) => value === true ? value : undefined;
/** A time is only shown, so any will do that a clock can show. */
const time: Read = (value) => Number.isFinite(value) && (value as number) >= 0 && (value as number) <= 8.64e15 ? value : undefined;

/** An object with these fields; those with a question mark may be missing, and are if they are not what they should be. */
function shape(fields: Readonly<Record<string, Read>>, type?: string): Read {
  const reads = Object.entries(fields).map(([name, read]) => [name.replace('?', ''), name.endsWith('?'), read] as const);
  return (value) => {
    if (!isObject(value)) return undefined;
    const taken: Record<string, unknown> = type === undefined ? {} : { type };
    for (const [name, may, read] of reads) {
      const got = read(value[name], value);
      if (got !== undefined) taken[name] = got;
      else if (!may) return undefined;
    }
    return taken;
  };
}

/** What of a list can be read. */
function list(read: Read): Read {
  return (value, of) => Array.isArray(value) ? value.map((one) => read(one, of)).filter((one) => one !== undefined) : undefined;
}

const kinds = (table: Readonly<Record<string, Readonly<Record<string, Read>>>>): Readonly<Record<string, Read>> =>
  Object.fromEntries(Object.entries(table).map(([type, fields]) => [type, shape(fields, type)]));

const member = shape({ id: whole, name: text, 'guest?': marked });
const borne = list(shape({ from: whole, name: text, emoji: text }));
/** None are not written. */
const reactions: Read = (value, of) => {
  const some = borne(value, of) as unknown[] | undefined;
  return some?.length === 0 ? undefined : some;
};
const numbered = { room: text, seq: whole, at: time };
const said = {
  ...numbered, from: whole, name: text, text, 'edited_at?': time,
  'reactions?': reactions,
};
const change = { ...numbered, target: whole, from: whole };
const presence = { ...numbered, member };

const EVENTS = kinds({
  message: { ...said, 'guest?': marked },
  private: { ...said, to: whole, to_name: text },
  edit: { ...change, text },
  delete: change,
  react: { ...change, name: text, emoji: text, on: whether },
  join: presence,
  leave: presence,
});

/** Of a past, within the frame that names its room. */
const past = list((one, { room }) => {
  const of = isObject(one) ? event({ room, ...one }) : null;
  return of?.room === room ? of ?? undefined : undefined;
});

/** Only lines, and only in their order: nothing else can be put into its place. */
const lines: Read = (value, of) => {
  let last = 0;
  return (past(value, of) as Event[] | undefined)?.filter((one): one is Saying => {
    const next = (one.type === 'message' || one.type === 'private') && one.seq > last;
    if (next) last = one.seq;
    return next;
  });
};

const REASONS: readonly unknown[] = ['too_old', 'epoch', 'future', 'slow', 'left'] satisfies ResetReason[];
const answer = { id: whole, room: text };
const arrival = {
  room: text, epoch: text, seq: whole, you: whole, name: text, resumed: surely, members: list(member), count: whole, history: past, 'earlier?': marked,
};

const ANSWERS = kinds({
  welcome: {
    session: text, resumed: surely, heartbeat_ms: whole, limits: shape({ text_chars: whole, name_chars: whole, rooms: whole }),
  },
  joined: { id: whole, ...arrival },
  // A reason that a newer server knows is still a reset: what it asks of the page is the same.
  reset: { 'id?': whole, reason: (value) => REASONS.includes(value) ? value : 'too_old', ...arrival },
  ack: { ...answer, epoch: text, seq: whole },
  people: { ...answer, members: list(member), count: whole, more: surely },
  history: { ...answer, events: lines, more: surely },
  left: answer,
  goaway: { retry_after_ms: whole },
  pong: {},
  error: { code: text, message: text, 'id?': whole, 'room?': text, 'retry_after_ms?': whole, 'suggestion?': text, 'near?': list(text) },
  typing: { room: text, from: whole, on: whether },
});

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Whole numbers of the wire: 0 to 2^53-1. */
function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

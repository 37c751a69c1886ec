// Turns what came over the wire into a frame, or into nothing. Believes no field; knows nothing of rooms or sockets.
import type { Event, Heard, Saying } from './frames.ts';
import type { ResetReason } from './protocol.ts';

type Fields = Readonly<Record<string, unknown>>;
/** A field's value, if it is what it should be; else undefined. `of`: what it is a field of. */
type Read = (value: unknown, of: Fields) => unknown;

/** The text of one WebSocket message as a frame, or null if it is none that this page knows. Never throws. */
export function decodeText(data: unknown): Heard | null {
  try {
    // Bytes are no JSON, either.
    return decode(JSON.parse(data as string));
  } catch {
    return null;
  }
}

/** A parsed JSON value as a frame, or null. Fields that are not of the protocol are left behind. */
export function decode(value: unknown): Heard | null {
  if (!isObject(value)) return null;
  const read = ANSWERS.get(value['type']);
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
  return (EVENTS.get(f['type'])?.(f, f) ?? { type: 'skip', room, seq }) as Event;
}

const where = (is: (value: unknown) => boolean): Read => (value) => is(value) ? value : undefined;

const whole = where(isWhole);
const text = where(isText);
const whether = where((value) => typeof value === 'boolean');
/** Not said is no. */
const surely = (value: unknown): boolean => value === true;
/** Only yes is ever said. */
const marked = where(surely);

/** An object with these fields; those with a question mark may be missing, and are if they are not what they should be. */
function shape(fields: Readonly<Record<string, Read>>, type?: string): Read {
  return (value) => {
    if (!isObject(value)) return undefined;
    const taken: Record<string, unknown> = { ...(type && { type }) };
    for (const [field, read] of Object.entries(fields)) {
      const name = field.replace('?', '');
      const got = read(value[name], value);
      if (got !== undefined) taken[name] = got;
      else if (name === field) return undefined;
    }
    return taken;
  };
}

/** What of a list can be read. */
function list(read: Read): Read {
  return (value, of) => Array.isArray(value) ? value.map((one) => read(one, of)).filter((one) => one !== undefined) : undefined;
}

const kinds = (table: Readonly<Record<string, Readonly<Record<string, Read>>>>): ReadonlyMap<unknown, Read> =>
  new Map(Object.entries(table).map(([type, fields]) => [type, shape(fields, type)]));

const member = shape({ id: whole, name: text, 'guest?': marked });
const borne = list(shape({ from: whole, name: text, emoji: text }));
/** None are not written. */
const reactions: Read = (value, of) => {
  const some = borne(value, of) as unknown[] | undefined;
  return some?.length === 0 ? undefined : some;
};
const numbered = { room: text, seq: whole, at: whole };
const said = {
  ...numbered, from: whole, name: text, text, 'edited_at?': whole,
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
  // A list is one, too, and has none of the fields that are asked for.
  return Object(value) === value;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Whole numbers of the wire: from 0 to the last moment that a clock can show (ECMA-262 section 21.4.1.1), in milliseconds. */
function isWhole(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 8.64e15;
}

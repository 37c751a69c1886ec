// A world for the tests: a clock that stands still, sockets that can be cut or go silent, and a server that keeps rooms as
// docs/protocol.md says. It is strict: a frame that the protocol does not know is an error of the test that caused it.
import { expect } from 'vitest';
import { Chat, connect, type ChatOptions, type ConnectOptions, type MessageLine, type Session as Visit, type StorageLike, type WebSocketLike } from '../src/index.ts';
import type { Event } from '../src/frames.ts';
import type { ClientFrame, Member, ServerFrame } from '../src/protocol.ts';

// Beside its sockets nothing is reached here, unless a test says otherwise.
globalThis.fetch = () => Promise.reject(new TypeError('there is no network'));

/** A seeded source of chance (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Clock {
  time = 1_764_000_000_000;
  #timers = new Map<number, { at: number; run: () => void }>();
  #last = 0;

  set(run: () => void, ms: number): number {
    this.#last += 1;
    this.#timers.set(this.#last, { at: Math.ceil(this.time + Math.max(0, ms)), run });
    return this.#last;
  }

  clear(timer: number): void {
    this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Lets `ms` pass; what is due happens in its order. */
  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      // The earliest; among equals the one that was set first, which is how they stand in the map.
      let due: { timer: number; at: number; run: () => void } | null = null;
      for (const [timer, { at, run }] of this.#timers) if (at <= end && (due === null || at < due.at)) due = { timer, at, run };
      if (due === null) break;
      this.#timers.delete(due.timer);
      this.time = Math.max(this.time, due.at);
      due.run();
    }
    this.time = end;
  }
}

export class Store implements StorageLike {
  readonly items = new Map<string, string>();
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
  removeItem(key: string): void {
    this.items.delete(key);
  }
}

const FIELDS: Record<ClientFrame['type'], { must: string[]; may: string[] }> = {
  hello: { must: [], may: ['session'] },
  join: { must: ['id', 'room', 'name'], may: ['since'] },
  say: { must: ['id', 'room', 'text'], may: [] },
  private: { must: ['id', 'room', 'to', 'text'], may: [] },
  edit: { must: ['id', 'room', 'seq', 'text'], may: [] },
  delete: { must: ['id', 'room', 'seq'], may: [] },
  react: { must: ['id', 'room', 'seq', 'emoji', 'on'], may: [] },
  history: { must: ['id', 'room'], may: ['before', 'after', 'limit'] },
  typing: { must: ['room', 'on'], may: [] },
  people: { must: ['id', 'room'], may: ['after'] },
  leave: { must: ['id', 'room'], may: [] },
  ping: { must: [], may: [] },
};
const TYPES: Record<string, string> = {
  session: 'string', id: 'number', room: 'string', name: 'string', text: 'string', to: 'number', on: 'boolean', after: 'number', since: 'object',
  seq: 'number', emoji: 'string', before: 'number', limit: 'number',
};

/** A text as a frame of the page, field by field. */
export function clientFrame(text: string): ClientFrame {
  const frame = JSON.parse(text) as Record<string, unknown>;
  const { type, ...rest } = frame;
  const fields = FIELDS[type as ClientFrame['type']];
  expect(fields, text).toBeDefined();
  for (const field of fields.must) expect(rest, text).toHaveProperty(field);
  for (const [field, value] of Object.entries(rest)) {
    expect([...fields.must, ...fields.may], text).toContain(field);
    expect(typeof value, text).toBe(TYPES[field]);
  }
  if ('id' in rest) expect(Number.isSafeInteger(rest['id']) && (rest['id'] as number) >= 1, text).toBe(true);
  return frame as ClientFrame;
}

/** Both ends of one connection, a quarter of which a test can lose. Frames arrive in order, after `world.latency`. */
export class FakeSocket implements WebSocketLike {
  readyState = 0;
  onopen: ((event: unknown) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  readonly sent: ClientFrame[] = [];
  /** Nothing comes through any more in either direction, and nobody is told. */
  silent = false;
  closedBy: 'page' | 'server' | null = null;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    world.sockets.push(this);
    world.clock.set(() => {
      if (this.readyState !== 0) return;
      if (world.server.refuses !== null) return this.end(world.server.refuses);
      this.readyState = 1;
      this.onopen?.({});
    }, world.latency());
  }

  send(text: string): void {
    if (this.readyState !== 1) throw new Error('not open');
    const frame = clientFrame(text);
    this.sent.push(frame);
    this.#later(() => this.#world.server.hear(this, frame));
  }

  close(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.closedBy = 'page';
    this.#world.server.gone(this);
  }

  /** From the server. */
  tell(frame: ServerFrame | Record<string, unknown>): void {
    const data = JSON.stringify(frame);
    this.#later(() => this.onmessage?.({ data }));
  }

  /** The connection ends; what is under way is lost. */
  end(code: number, reason = ''): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.closedBy = 'server';
    this.#world.server.gone(this);
    this.onerror?.({});
    this.onclose?.({ code, reason });
  }

  /** In order: nothing overtakes what was on its way before. */
  #due = 0;
  #later(run: () => void): void {
    this.#due = Math.max(this.#due, this.#world.clock.time + this.#world.latency());
    this.#world.clock.set(() => {
      if (this.readyState === 1 && !this.silent) run();
    }, this.#due - this.#world.clock.time);
  }
}

interface Session {
  readonly secret: string;
  readonly rooms: Map<string, { member: number; from: number }>;
  /** Commands that changed a room, by number: recognised when they come again. */
  readonly said: Map<number, { content: string; seq: number; epoch: string }>;
}

interface FakeRoom {
  epoch: string;
  log: { event: Event; only: readonly number[] | null }[];
  readonly members: Map<number, Member>;
  nextMember: number;
  /** Events up to this number are no longer kept. */
  forgotten: number;
}

export class FakeServer {
  readonly rooms = new Map<string, FakeRoom>();
  readonly sessions = new Map<string, Session>();
  readonly seats = new Map<FakeSocket, { session: Session | null; rooms: Set<string> }>();
  /** Close code with which new connections are turned away. */
  refuses: number | null = null;
  /** Answers a command instead of doing it, if it gives a frame. */
  intercept: ((frame: ClientFrame, socket: FakeSocket) => ServerFrame | Record<string, unknown> | 'nothing' | null) | null = null;
  /** Sends the acknowledgement after the line, which the protocol does not do, but networks of other servers may. */
  ackLast: () => boolean = () => false;
  /** How many events of the past a newcomer is shown. */
  history = 0;
  /** The past of a room that was trimmed can still be asked for, page by page. */
  durable = false;
  /** Tells newcomers of their own coming, as an event after `joined`. */
  showsOwnJoin = false;
  /** What the server makes of a text. */
  tidied: (text: string) => string = (text) => text;
  /** How the server spells a room that was asked for. */
  properName: (name: string) => string = (name) => name;
  pageSize = 200;
  heartbeat = 25_000;
  #made = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  room(name: string): FakeRoom {
    const room = this.rooms.get(name) ?? { epoch: this.#word('epoch'), log: [], members: new Map(), nextMember: 1, forgotten: 0 };
    this.rooms.set(name, room);
    return room;
  }

  /** All texts that were said in a room, in order. */
  texts(name: string): string[] {
    return this.room(name).log.flatMap(({ event }) => event.type === 'message' || event.type === 'private' ? [event.text] : []);
  }

  /** Forgets all sessions and rooms, as a restart without a store does. */
  restart(): void {
    this.rooms.clear();
    this.sessions.clear();
    for (const socket of [...this.seats.keys()]) socket.end(1012);
  }

  /** Forgets the past of a room, as a tail does. */
  trim(name: string): void {
    const room = this.room(name);
    room.forgotten = room.log.length;
  }

  gone(socket: FakeSocket): void {
    this.seats.delete(socket);
  }

  /** Somebody who is not one of the tested chats comes in. */
  enter(name: string, person: string): number {
    const room = this.room(name);
    const id = room.nextMember++;
    const member = { id, name: person };
    room.members.set(id, member);
    this.#append(name, (seq, at) => ({ type: 'join', room: name, seq, at, member }), null);
    return id;
  }

  exit(name: string, id: number): void {
    const room = this.room(name);
    const member = room.members.get(id);
    if (member === undefined) return;
    room.members.delete(id);
    this.#append(name, (seq, at) => ({ type: 'leave', room: name, seq, at, member }), null);
  }

  says(name: string, from: number, text: string): number {
    const person = this.room(name).members.get(from);
    return this.#append(name, (seq, at) => ({ type: 'message', room: name, seq, at, from, name: person?.name ?? '', text }), null);
  }

  whispers(name: string, from: number, to: number, text: string): number {
    const { members } = this.room(name);
    return this.#append(name, (seq, at) => ({
      type: 'private', room: name, seq, at, from, name: members.get(from)?.name ?? '', to, to_name: members.get(to)?.name ?? '', text,
    }), [from, to]);
  }

  hear(socket: FakeSocket, frame: ClientFrame): void {
    const instead = this.intercept?.(frame, socket) ?? null;
    if (instead !== null) return instead === 'nothing' ? undefined : socket.tell(instead);
    if (frame.type === 'hello') return this.#hello(socket, frame.session);
    const seat = this.seats.get(socket);
    expect(seat, 'hello comes first').toBeDefined();
    if (seat?.session == null) return;
    switch (frame.type) {
      case 'join': return this.#join(socket, seat, seat.session, frame);
      case 'say':
      case 'private': return this.#say(socket, seat.session, frame);
      case 'edit':
      case 'delete':
      case 'react': return this.#change(socket, seat.session, frame);
      case 'history': return this.#history(socket, seat.session, frame);
      case 'people': return this.#people(socket, frame);
      case 'leave': return this.#leave(socket, seat, seat.session, frame);
      case 'ping': return socket.tell({ type: 'pong' });
      case 'typing': return;
    }
  }

  #hello(socket: FakeSocket, secret: string | undefined): void {
    const known = secret === undefined ? undefined : this.sessions.get(secret);
    const session = known ?? { secret: this.#word('secret'), rooms: new Map(), said: new Map() };
    this.sessions.set(session.secret, session);
    for (const [other, seat] of [...this.seats]) if (seat.session === session) other.end(4000, 'used elsewhere');
    this.seats.set(socket, { session, rooms: new Set() });
    socket.tell({
      type: 'welcome', session: session.secret, resumed: known !== undefined, heartbeat_ms: this.heartbeat,
      limits: { text_chars: 4000, name_chars: 32, rooms: 16 },
    });
  }

  #join(socket: FakeSocket, seat: { rooms: Set<string> }, session: Session, frame: Extract<ClientFrame, { type: 'join' }>): void {
    const { id, since } = frame;
    const name = this.properName(frame.room);
    const room = this.room(name);
    const before = session.rooms.get(name);
    if (before === undefined) {
      const taken = [...room.members.values()].some((member) => member.name === frame.name);
      if (taken) {
        const suggestion = `${frame.name} 2`;
        return socket.tell({ type: 'error', code: 'name_taken', message: 'That name is taken.', id, room: name, suggestion });
      }
      const past = room.log.slice(room.forgotten).filter(({ event, only }) => only === null && SHOWN.has(event.type)).slice(-this.history).map(({ event }) => event);
      const member = this.enter(name, frame.name);
      const own = room.log.length;
      session.rooms.set(name, { member, from: own });
      seat.rooms.add(name);
      const history = this.history === 0 ? [] : past;
      socket.tell({ type: 'joined', id, ...this.#snapshot(name, member, this.showsOwnJoin ? own - 1 : own), resumed: false, history, ...this.#earlier(name, member, own, history) });
      for (const { event } of room.log.slice(this.showsOwnJoin ? own - 1 : own)) socket.tell(event);
      return;
    }
    seat.rooms.add(name);
    const head = room.log.length;
    const kept = since !== undefined && since.epoch === room.epoch && since.seq <= head && since.seq >= Math.max(room.forgotten, before.from);
    if (since === undefined || kept) {
      const from = since?.seq ?? head;
      socket.tell({ type: 'joined', id, ...this.#snapshot(name, before.member, from), resumed: true, history: [], ...this.#earlier(name, before.member, before.from, [], from) });
      for (const { event, only } of room.log.slice(from)) socket.tell(seen(event, only, before.member));
      return;
    }
    const reason = since.epoch !== room.epoch ? 'epoch' : since.seq > head ? 'future' : 'too_old';
    const history = room.log.slice(Math.max(room.forgotten, before.from))
      .filter(({ event, only }) => SHOWN.has(event.type) && (only === null || only.includes(before.member))).map(({ event }) => event);
    const more = this.#earlier(name, before.member, before.from, history);
    socket.tell({ type: 'reset', id, reason, ...this.#snapshot(name, before.member, head), resumed: false, history, ...more });
  }

  /** The lines that a member may see, oldest first. `from`: where the membership began. */
  #lines(name: string, member: number, from: number): Extract<Event, { type: 'message' | 'private' }>[] {
    const room = this.room(name);
    const first = Math.max(this.durable ? 0 : room.forgotten, this.history > 0 ? 0 : from);
    return room.log.slice(first).flatMap(({ event, only }) =>
      (event.type === 'message' || event.type === 'private') && (only === null || only.includes(member)) ? [event] : []);
  }

  #earlier(name: string, member: number, from: number, history: readonly Event[], at = Infinity): { earlier?: true } {
    const before = history[0]?.seq ?? at + 1;
    return this.#lines(name, member, from).some((line) => line.seq < before) ? { earlier: true } : {};
  }

  #history(socket: FakeSocket, session: Session, { id, room: name, before = Infinity, limit = 200 }: Extract<ClientFrame, { type: 'history' }>): void {
    const membership = session.rooms.get(name);
    if (membership === undefined) return socket.tell({ type: 'error', code: 'not_in_room', message: 'You are not in that room.', id, room: name });
    const lines = this.#lines(name, membership.member, membership.from).filter((line) => line.seq < before);
    socket.tell({ type: 'history', id, room: name, events: lines.slice(-limit), more: lines.length > limit });
  }

  #change(socket: FakeSocket, session: Session, frame: Extract<ClientFrame, { type: 'edit' | 'delete' | 'react' }>): void {
    const { id, room: name, seq: target } = frame;
    if (this.#again(socket, session, frame)) return;
    const membership = session.rooms.get(name);
    const refuse = (code: string): void => socket.tell({ type: 'error', code, message: 'No.', id, room: name });
    if (membership === undefined) return refuse('not_in_room');
    expect(id, 'a fresh change has the highest number').toBeGreaterThan(Math.max(0, ...session.said.keys()));
    const room = this.room(name);
    const { member, from: began } = membership;
    const line = this.#lines(name, member, began).find((one) => one.seq === target);
    if (line === undefined) return refuse('no_such_line');
    if (frame.type !== 'react' && line.from !== member) return refuse('not_yours');
    const { epoch } = room;
    session.said.set(id, { content: contentOf(frame), seq: room.log.length + 1, epoch });
    socket.tell({ type: 'ack', id, room: name, epoch, seq: room.log.length + 1 });
    if (frame.type === 'edit') this.edits(name, target, frame.text);
    else if (frame.type === 'delete') this.deletes(name, target);
    else this.reacts(name, member, target, frame.emoji, frame.on);
  }

  edits(name: string, target: number, text: string): void {
    const { event: line, only } = this.#at(name, target);
    this.#superseded(name, target);
    this.#put(name, target, { ...line, text, edited_at: this.#clock.time });
    this.#append(name, (seq, at) => ({ type: 'edit', room: name, seq, at, target, from: line.from, text }), only);
  }

  deletes(name: string, target: number): void {
    const { event: line, only } = this.#at(name, target);
    this.#superseded(name, target);
    this.#put(name, target, { type: 'skip', room: name, seq: target });
    this.#append(name, (seq, at) => ({ type: 'delete', room: name, seq, at, target, from: line.from }), only);
  }

  reacts(name: string, from: number, target: number, emoji: string, on: boolean): void {
    const { event: line, only } = this.#at(name, target);
    const person = this.room(name).members.get(from)?.name ?? '';
    const others = (line.reactions ?? []).filter((one) => one.from !== from || one.emoji !== emoji);
    const { reactions: _, ...rest } = line;
    const after = on ? [...others, { from, name: person, emoji }] : others;
    this.#put(name, target, after.length === 0 ? rest : { ...rest, reactions: after });
    this.#append(name, (seq, at) => ({ type: 'react', room: name, seq, at, target, from, name: person, emoji, on }), only);
  }

  #at(name: string, seq: number): { event: Extract<Event, { type: 'message' | 'private' }>; only: readonly number[] | null } {
    const kept = this.room(name).log[seq - 1];
    if (kept === undefined || (kept.event.type !== 'message' && kept.event.type !== 'private')) throw new Error(`no line ${seq}`);
    return { event: kept.event, only: kept.only };
  }

  #put(name: string, seq: number, event: Event): void {
    const kept = this.room(name).log[seq - 1];
    if (kept !== undefined) kept.event = event;
  }

  /** Earlier words of a line are nowhere any more. */
  #superseded(name: string, target: number): void {
    for (const kept of this.room(name).log) {
      if (kept.event.type === 'edit' && kept.event.target === target) kept.event = { type: 'skip', room: name, seq: kept.event.seq };
    }
  }

  /** Answers a command that was done before as it was answered then. */
  #again(socket: FakeSocket, session: Session, frame: Extract<ClientFrame, { id: number }> & { room: string }): boolean {
    const { id, room } = frame;
    const before = session.said.get(id);
    if (before === undefined) return false;
    if (before.content !== contentOf(frame)) socket.tell({ type: 'error', code: 'id_conflict', message: 'That number was used.', id, room });
    else socket.tell({ type: 'ack', id, room, epoch: before.epoch, seq: before.seq });
    return true;
  }

  #snapshot(name: string, you: number, seq: number): Omit<Extract<ServerFrame, { type: 'joined' }>, 'type' | 'id' | 'resumed' | 'history'> {
    const { epoch, members } = this.room(name);
    const all = [...members.values()].sort((one, other) => one.id - other.id);
    return { room: name, epoch, seq, you, name: members.get(you)?.name ?? '', members: all.slice(0, this.pageSize), count: all.length };
  }

  #say(socket: FakeSocket, session: Session, frame: Extract<ClientFrame, { type: 'say' | 'private' }>): void {
    const { id, room: name, text } = frame;
    if (this.#again(socket, session, frame)) return;
    const from = session.rooms.get(name)?.member;
    const room = this.room(name);
    if (from === undefined) return socket.tell({ type: 'error', code: 'not_joined', message: 'You are not in that room.', id, room: name });
    // Numbers rise: a lower one that was never seen would be a line out of order.
    expect(id, 'a fresh line has the highest number').toBeGreaterThan(Math.max(0, ...session.said.keys()));
    const command = /^\/msg (?:"([^"]+)"|(\S+)) (.+)$/s.exec(text);
    const to = frame.type === 'private' ? frame.to : [...room.members.values()].find((one) => one.name === (command?.[1] ?? command?.[2]))?.id;
    const whisper = frame.type === 'private' || command !== null;
    if (whisper && (to === undefined || !room.members.has(to))) {
      return socket.tell({ type: 'error', code: 'no_such_person', message: 'Nobody is called so.', id, room: name, near: ['Mina'] });
    }
    if (!whisper && text.startsWith('/') && !text.startsWith('//')) {
      return socket.tell({ type: 'error', code: 'unknown_command', message: 'No such command.', id, room: name });
    }
    const said = (): number => whisper && to !== undefined
      ? this.whispers(name, from, to, command?.[3] ?? text)
      : this.says(name, from, this.tidied(text.startsWith('//') ? text.slice(1) : text));
    const { epoch } = room;
    const seq = room.log.length + 1;
    session.said.set(id, { content: contentOf(frame), seq, epoch });
    const last = this.ackLast();
    if (!last) socket.tell({ type: 'ack', id, room: name, epoch, seq });
    expect(said()).toBe(seq);
    if (last) socket.tell({ type: 'ack', id, room: name, epoch, seq });
  }

  #people(socket: FakeSocket, { id, room: name, after = 0 }: Extract<ClientFrame, { type: 'people' }>): void {
    const all = [...this.room(name).members.values()].sort((one, other) => one.id - other.id);
    const rest = all.filter((member) => member.id > after);
    socket.tell({
      type: 'people', id, room: name, members: rest.slice(0, this.pageSize), count: all.length, more: rest.length > this.pageSize,
    });
  }

  #leave(socket: FakeSocket, seat: { rooms: Set<string> }, session: Session, { id, room: name }: Extract<ClientFrame, { type: 'leave' }>): void {
    const member = session.rooms.get(name)?.member;
    session.rooms.delete(name);
    seat.rooms.delete(name);
    if (member !== undefined) this.exit(name, member);
    socket.tell({ type: 'left', id, room: name });
  }

  /** Ends a session's membership, as grace running out does. */
  evict(secret: string): void {
    const session = this.sessions.get(secret);
    for (const [name, { member }] of session?.rooms ?? []) this.exit(name, member);
    this.sessions.delete(secret);
  }

  /** Ends every session that has no connection. */
  endGrace(): void {
    const present = new Set([...this.seats.values()].map((seat) => seat.session?.secret));
    for (const secret of [...this.sessions.keys()]) if (!present.has(secret)) this.evict(secret);
  }

  #append(name: string, make: (seq: number, at: number) => Event, only: readonly number[] | null): number {
    const room = this.room(name);
    const seq = room.log.length + 1;
    const event = make(seq, this.#clock.time);
    room.log.push({ event, only });
    for (const [socket, seat] of this.seats) {
      const member = seat.session?.rooms.get(name)?.member;
      if (seat.rooms.has(name) && member !== undefined) socket.tell(seen(event, only, member));
    }
    return seq;
  }

  #word(kind: string): string {
    this.#made += 1;
    return `${kind}-${this.#made}`;
  }
}

/** What a snapshot shows of the past. */
const SHOWN: ReadonlySet<string> = new Set(['message', 'private', 'join', 'leave']);

const contentOf = ({ id: _, ...content }: Extract<ClientFrame, { id: number }>): string => JSON.stringify(content);

function seen(event: Event, only: readonly number[] | null, member: number): Event {
  return only === null || only.includes(member) ? event : { type: 'skip', room: event.room, seq: event.seq };
}

export class World {
  readonly clock = new Clock();
  readonly server = new FakeServer(this.clock);
  readonly sockets: FakeSocket[] = [];
  readonly random: () => number;
  latency: () => number = () => 5;
  /** How much too early timers ring, ms, as engines do by a millisecond. */
  early: () => number = () => 0;
  /** How much the chats' clock is off, ms. Timers do not follow it. */
  skew = 0;

  constructor(seed = 1) {
    this.random = seeded(seed);
  }

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('nobody has connected');
    return socket;
  }

  chat(storage: StorageLike = new Store(), more: Partial<ChatOptions> = {}): Chat {
    return new Chat({ url: 'ws://charsu.example/ws', storage, connect: () => new FakeSocket(this), ...this.#surroundings(), ...more });
  }

  session(more: ConnectOptions = {}): Visit {
    const world = this;
    class Socket extends FakeSocket {
      constructor() {
        super(world);
      }
    }
    return connect('http://charsu.example', { ...this.#surroundings(), WebSocket: Socket, ...more });
  }

  #surroundings(): Pick<ChatOptions, 'now' | 'random'> & Required<Pick<ChatOptions, 'setTimer' | 'clearTimer'>> {
    return {
      now: () => this.clock.time + this.skew,
      random: this.random,
      setTimer: (run, ms) => this.clock.set(run, ms > 2 ? ms - this.early() : ms),
      clearTimer: (timer) => this.clock.clear(timer),
    };
  }

  /** A chat that is in a room, and the socket it uses. */
  joined(room = '408213', name = 'Mina', storage: StorageLike = new Store()): Chat {
    const chat = this.chat(storage);
    chat.join(room, name);
    this.pass(100);
    expect(chat.view.link.state).toBe('live');
    return chat;
  }

  pass(ms: number): void {
    this.clock.pass(ms);
  }
}

/** What became of a line, and what is to become of it. */
function marks(line: MessageLine): string {
  const reactions = (line.reactions ?? []).map(({ name, emoji }) => ` ${emoji}${name}`).join('');
  const changes = (line.changes ?? []).map(({ kind, state, error }) => ` (${kind} ${error?.code ?? state})`).join('');
  return `${line.editedAt === undefined ? '' : '*'}${reactions}${changes}`;
}

/** Lines as a test reads them. */
export function shown(chat: Chat, room = '408213'): string[] {
  const view = chat.view.rooms.find((one) => one.room === room);
  return (view?.lines ?? []).map((line) => {
    switch (line.kind) {
      case 'message': return line.state === 'sent' ? `${line.name}: ${line.text}${marks(line)}` : `${line.name}: ${line.text} (${line.state})`;
      case 'private': return `${line.name} to ${line.toName}: ${line.text}${line.state === 'sent' ? '' : ` (${line.state})`}`;
      case 'gap': return `-- ${line.reason}`;
      default: return `${line.person.name} ${line.kind}s`;
    }
  });
}

/** What was said, without comings and goings. */
export function said(chat: Chat, room = '408213'): string[] {
  return shown(chat, room).filter((line) => !/ (?:joins|leaves)$/.test(line));
}

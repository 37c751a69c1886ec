// A room that one is in: its place in the log, who is there, and what happens, told to listeners and iterators in order. What a
// program sees is the interface; the class behind it is for session.ts.
import { Alarm } from '../alarm.ts';
import type { Connection } from '../connection.ts';
import type { Arrival, Event, Frame, PastPage } from '../frames.ts';
import type { Surroundings } from '../platform.ts';
import type { ClientFrame, Member as Person, Position } from '../protocol.ts';
import { noticeOf, Refusal } from '../refusal.ts';
import type { Delete, Edit, Message, Place, Presence, PrivateMessage, Reaction, Reset, RoomEvent, Said } from './events.ts';
import { Listeners } from './listeners.ts';
import { waitAsked, type Answer, type Command, type Queue, type Seat } from './queue.ts';

/** So many events wait for a reader that does not read; then it is told that it missed them. */
const MOST_UNREAD = 10_000;
/** Of one's own typing, at most this often, ms. */
const EVERY_MS = 1_000;
/** So long a signal of others holds, ms. */
const HOLDS_MS = 3_000;

export interface RoomHappenings {
  message: Message;
  private: PrivateMessage;
  edit: Edit;
  delete: Delete;
  react: Reaction;
  join: Presence;
  leave: Presence;
  reset: Reset;
  /** Every one of the above. */
  event: RoomEvent;
  /** Everybody who is here now. */
  people: readonly Person[];
  /** Others who type now. */
  typing: readonly Person[];
  /** One is out of the room: null after `leave` and `close`, else why. */
  end: Refusal | null;
}

export interface Room {
  /** The room's proper name. */
  readonly name: string;
  /** Oneself. The number may be another after a reconnect. */
  readonly you: Person;
  /** By member number. Of a large room the first 200, and whoever came since; `count` is right all the same. */
  readonly people: readonly Person[];
  readonly count: number;
  readonly typists: readonly Person[];
  /** Done when the server has acknowledged it; rejected with a `Refusal` if it will not be said. Cuts are waited out. */
  say(text: string): Promise<Place>;
  private(to: Person, text: string): Promise<Place>;
  /** Gives an own line other words. A line is what `say` gave back, or a `message` event. */
  edit(line: Place, text: string): Promise<Place>;
  delete(line: Place): Promise<Place>;
  react(line: Place, emoji: string, on?: boolean): Promise<Place>;
  /** Call it on every keystroke, and with false when the draft is given up. It is over after 3 s without another. */
  typing(on?: boolean): void;
  /** Lines before this place, or the newest: at most `limit` (200), oldest first. */
  history(before?: Place, limit?: number): Promise<{ readonly lines: readonly Said[]; readonly more: boolean }>;
  /** Everything that happens, in order, without gaps but those that a `reset` tells of. Ends with the room, by throwing if it was refused. */
  events(): AsyncIterableIterator<RoomEvent>;
  /** What happened before the first `on` or `events` waits for it. Gives back how to end that. */
  on<K extends keyof RoomHappenings>(kind: K, listener: (what: RoomHappenings[K]) => void): () => void;
  /** Done when the server knows; what was said before is sent before. */
  leave(): Promise<void>;
}

/** What a room needs of the session. */
export interface Lobby {
  readonly env: Surroundings;
  readonly queue: Queue;
  readonly connection: Connection;
  /** One was not let in, or not again; null: one has left. */
  readonly over: (room: Member, why: Refusal | null) => void;
}

export class Member implements Room, Seat {
  name: string;
  attached = false;
  count = 0;
  readonly joined: Promise<Room>;
  readonly #lobby: Lobby;
  readonly #listeners = new Listeners<RoomHappenings>();
  readonly #people = new Map<number, Person>();
  readonly #later: Alarm;
  readonly #fades: Alarm;
  /** Others who type, by member number, and until when that holds. */
  readonly #typists = new Map<number, number>();
  #letIn!: (room: Room) => void;
  #turnAway!: (why: Refusal) => void;
  /** What nobody has listened to yet. */
  #early: RoomEvent[] | null = [];
  #place: Position | undefined;
  #person: string;
  #you = 0;
  /** Member numbers that are or were one's own in this life of the log. */
  #selves: readonly number[] = [];
  /** When one's own typing was told the last time; 0 once it has ended. */
  #toldAt = 0;
  #joining: number | null = null;
  /** After which number the server left a hole, the last time. */
  #tornAt = 0;
  /** Why one is out of the room, or null for one's own will; undefined as long as one is in. */
  #over: Refusal | null | undefined;

  constructor(lobby: Lobby, name: string, person: string) {
    this.#lobby = lobby;
    this.name = name;
    this.#person = person;
    this.joined = new Promise((resolve, reject) => {
      this.#letIn = resolve;
      this.#turnAway = reject;
    });
    this.#later = new Alarm(lobby.env, () => this.join());
    this.#fades = new Alarm(lobby.env, () => this.#listeners.tell('typing', this.typists));
  }

  get you(): Person {
    return this.#people.get(this.#you) ?? { id: this.#you, name: this.#person };
  }

  get people(): readonly Person[] {
    return [...this.#people.values()];
  }

  get typists(): readonly Person[] {
    const now = this.#lobby.env.now();
    return this.people.filter(({ id }) => id !== this.#you && (this.#typists.get(id) as number) > now);
  }

  say(text: string): Promise<Place> {
    return this.#ask({ type: 'say', text });
  }

  private(to: Person, text: string): Promise<Place> {
    // A member number means somebody only within its life of the log.
    const here = (): boolean => this.#people.get(to.id)?.name === to.name;
    // Of a large room not everybody is known here.
    const epoch = here() || this.#people.size < this.count ? this.#place?.epoch : null;
    return this.#ask({ type: 'private', to: to.id, text }, epoch, () => here() ? null : 'recipient_gone');
  }

  edit({ epoch, seq }: Place, text: string): Promise<Place> {
    return this.#ask({ type: 'edit', seq, text }, epoch);
  }

  delete({ epoch, seq }: Place): Promise<Place> {
    return this.#ask({ type: 'delete', seq }, epoch);
  }

  react({ epoch, seq }: Place, emoji: string, on = true): Promise<Place> {
    return this.#ask({ type: 'react', seq, emoji, on }, epoch);
  }

  async history(before?: Place, limit = 200): Promise<{ readonly lines: readonly Said[]; readonly more: boolean }> {
    // JSON leaves out what is undefined.
    const command = { type: 'history', limit, before: before?.seq } as Command;
    const { events, more } = await this.#put(command, before?.epoch) as PastPage;
    return { lines: events.map((event) => this.#told(event, true) as Said), more };
  }

  async #ask(command: Command, epoch?: string | null, otherwise?: () => string | null): Promise<Place> {
    this.typing(false);
    const { epoch: life, seq } = await this.#put(command, epoch, otherwise) as Frame<'ack'>;
    return { epoch: life, seq };
  }

  /** `epoch`: where the numbers in the command mean something, if it has any. `otherwise`: what else would refuse it there. */
  #put(command: Command, epoch?: string | null, otherwise: () => string | null = () => 'no_such_line'): Promise<Answer> {
    if (this.#over !== undefined) return Promise.reject(this.#over ?? out());
    return this.#lobby.queue.ask(this, command, () => epoch === undefined || epoch === this.#place?.epoch ? null : otherwise());
  }

  typing(on = true): void {
    const now = this.#lobby.env.now();
    // A clock that was set back must not silence anybody.
    if (!this.attached || (on ? Math.abs(now - this.#toldAt) < EVERY_MS : this.#toldAt === 0)) return;
    this.#toldAt = on ? now : 0;
    this.#lobby.connection.send({ type: 'typing', room: this.name, on });
  }

  on<K extends keyof RoomHappenings>(kind: K, listener: (what: RoomHappenings[K]) => void): () => void {
    this.#read();
    return this.#listeners.on(kind, listener);
  }

  events(): AsyncIterableIterator<RoomEvent> {
    const unread: RoomEvent[] = [];
    let wake = (): void => {};
    const offs = [
      this.on('event', (event) => {
        keep(unread, event);
        wake();
      }),
      this.on('end', () => wake()),
    ];
    const over = (): Refusal | null | undefined => this.#early === null ? this.#over : undefined;
    return (async function* () {
      try {
        for (;;) {
          while (unread.length > 0) yield unread.shift() as RoomEvent;
          const why = over();
          if (why === null) return;
          if (why !== undefined) throw why;
          await new Promise<void>((resolve) => { wake = resolve; });
        }
      } finally {
        for (const off of offs) off();
      }
    })();
  }

  async leave(): Promise<void> {
    if (this.#over === undefined) await this.#put({ type: 'leave' });
    this.#lobby.over(this, null);
  }

  // For the session

  /** Asks to be let in, unless that is under way. */
  join(): void {
    if (this.attached || this.#joining !== null || this.#over !== undefined || !this.#lobby.connection.admitted) return;
    const id = this.#lobby.queue.nextId();
    const frame = { type: 'join', id, room: this.name, name: this.#person, since: this.#place } as ClientFrame;
    if (this.#lobby.connection.send(frame)) this.#joining = id;
  }

  /** Is this the answer to what was asked here, or a `reset` that nobody asked for? */
  awaits(frame: Arrival): boolean {
    return frame.id === undefined ? this.attached && frame.room === this.name : frame.id === this.#joining;
  }

  arrived(frame: Arrival): void {
    const place = this.#place;
    const same = place?.epoch === frame.epoch;
    const goesOn = same && frame.type === 'joined' && frame.seq === place.seq;
    this.#joining = null;
    this.attached = true;
    this.name = frame.room;
    this.#person = frame.name;
    this.#you = frame.you;
    this.#selves = [...same ? this.#selves : [], frame.you];
    this.#people.clear();
    for (const member of frame.members) this.#people.set(member.id, member);
    this.count = frame.count;
    this.#listeners.tell('people', this.people);
    if (!goesOn) {
      const last = same && frame.seq >= place.seq ? place.seq : 0;
      this.#place = { epoch: frame.epoch, seq: frame.seq };
      const reason = frame.type === 'reset' && frame.reason !== 'left' ? frame.reason : same ? 'away' : 'epoch';
      if (place !== undefined) this.#happened({ type: 'reset', reason });
      for (const event of frame.history) if (event.seq > last && event.type !== 'skip') this.#happened(this.#told(event, true));
    }
    this.#letIn(this);
  }

  /** A numbered frame. False if the server left a hole before it; the second time at the same place that is told. */
  event(event: Event): boolean {
    if (this.#place === undefined || !this.attached || event.seq <= this.#place.seq) return true;
    const { epoch, seq } = this.#place;
    if (event.seq > seq + 1) {
      if (this.#tornAt !== seq) {
        this.#tornAt = seq;
        return false;
      }
      this.#happened({ type: 'reset', reason: 'hole' });
    }
    this.#place = { epoch, seq: event.seq };
    if (event.type === 'skip') return true;
    // Whoever said something, or left, does not type.
    if (event.type !== 'join') this.heard('from' in event ? event.from : event.member.id, false);
    const happened = this.#told(event, false);
    if (happened.type === 'join' || happened.type === 'leave') this.#moved(happened);
    this.#happened(happened);
    return true;
  }

  /** Somebody types, or does not any more. */
  heard(from: number, on: boolean): void {
    if (!this.attached || (!on && !this.#typists.has(from))) return;
    const until = this.#lobby.env.now() + HOLDS_MS;
    this.#typists.set(from, on ? until : 0);
    this.#fades.at(until);
    this.#listeners.tell('typing', this.typists);
  }

  /** False if it was not joining that was refused. */
  refused(frame: Frame<'error'>): boolean {
    if (frame.id !== this.#joining) return false;
    this.#joining = null;
    const wait = waitAsked(frame);
    if (wait === undefined) this.#lobby.over(this, new Refusal(noticeOf(frame)));
    else this.#later.at(this.#lobby.env.now() + wait);
    return true;
  }

  /** The socket is gone, and with it everything that was said on it alone. */
  cut(): void {
    this.#later.off();
    this.#fades.off();
    this.attached = false;
    this.#joining = null;
    this.#toldAt = 0;
    this.#typists.clear();
    this.#listeners.tell('typing', []);
  }

  /** Out of the room; null: of one's own will. */
  end(why: Refusal | null): void {
    if (this.#over !== undefined) return;
    this.cut();
    this.#over = why;
    const refusal = why ?? out();
    this.#lobby.queue.drop(this, refusal);
    this.#turnAway(refusal);
    this.#listeners.tell('end', why);
  }

  #told({ room: _, ...event }: Exclude<Event, { type: 'skip' }>, past: boolean): Exclude<RoomEvent, Reset> {
    const own = 'from' in event && this.#selves.includes(event.from) && !('guest' in event);
    return { ...event, epoch: this.#place?.epoch as string, own, past };
  }

  #happened(event: RoomEvent): void {
    if (this.#early === null) this.#tell(event);
    else keep(this.#early, event);
  }

  #tell(event: RoomEvent): void {
    this.#listeners.tell('event', event);
    this.#listeners.tell(event.type, event as never);
  }

  /** Somebody begins to listen; whoever does so in the same breath hears everything, too. */
  #read(): void {
    this.#lobby.env.microtask(() => {
      if (this.#early === null) return;
      const early = this.#early;
      this.#early = null;
      for (const event of early) this.#tell(event);
      if (this.#over !== undefined) this.#listeners.tell('end', this.#over);
    });
  }

  #moved({ type, member: person }: Presence): void {
    const known = this.#people.delete(person.id);
    if (type === 'join') this.#people.set(person.id, person);
    // One's own coming may be counted already.
    if (type === 'leave' || !known) this.count += type === 'join' ? 1 : -1;
    this.#listeners.tell('people', this.people);
  }
}

/** Whoever does not read must not fill the memory; that something is missing is told. */
function keep(unread: RoomEvent[], event: RoomEvent): void {
  if (unread.length >= MOST_UNREAD) unread.splice(0, MOST_UNREAD, { type: 'reset', reason: 'slow' });
  unread.push(event);
}

/** Why nothing can be asked for in a room that was left. */
export function out(): Refusal {
  return new Refusal({ code: 'left', message: 'Not in the room.' });
}

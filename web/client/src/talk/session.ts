// Somebody's visit to a server, for programs and pages that want events rather than snapshots: promises that are kept when the
// server has acknowledged, and iteration in the room's order. For a page that draws, there is chat.ts over the same parts.
import { Connection, type Told } from '../connection.ts';
import type { Arrival, Event, Frame } from '../frames.ts';
import { browser, ownWebSocket, type StorageLike, type Surroundings, type WebSocketLike } from '../platform.ts';
import { noticeOf, Refusal } from '../refusal.ts';
import type { Phase } from '../reconnect.ts';
import { Listeners } from './listeners.ts';
import { Queue } from './queue.ts';
import { Member, out, type Lobby, type Room } from './room.ts';

export interface ConnectOptions extends Partial<Surroundings> {
  /** Where the engine has none of its own, as Node 20: `import { WebSocket } from 'ws'`. */
  readonly WebSocket?: new (url: string, protocol: string | string[]) => WebSocketLike;
  /** `sessionStorage` in a page: a reload is the same person then. Lines that wait are kept by `Chat` alone. */
  readonly storage?: StorageLike;
}

/** `retryAt`: when the next try is made, by this machine's clock, in ms, while `waiting`. `closed`: the server said not to come back. */
export interface SessionLink {
  readonly state: Phase;
  readonly retryAt: number;
}

export interface SessionHappenings {
  /** How the connection stands. */
  link: SessionLink;
  /** The server refused something that belongs to no promise; with a code that begins with `token_`, the token. */
  refused: Refusal;
}

const KEY = 'charsu.talk';

/** Begins a visit. `url` is where the server's page is, such as `https://chat.example`. Connects with the first `join`. */
export function connect(url: string, options: ConnectOptions = {}): Session {
  return new Session(url, options);
}

export class Session {
  readonly #env: Surroundings;
  readonly #connection: Connection;
  readonly #storage: StorageLike | undefined;
  readonly #queue: Queue;
  readonly #lobby: Lobby;
  readonly #listeners = new Listeners<SessionHappenings>();
  readonly #rooms = new Set<Member>();
  #lastId: number;
  #closed = false;

  constructor(url: string, { WebSocket = ownWebSocket(), storage, ...given }: ConnectOptions) {
    if (WebSocket === undefined && given.connect === undefined) throw new TypeError('connect needs a { WebSocket }');
    this.#env = { ...browser, ...(WebSocket && { connect: (to: string, protocol: string | string[]) => new WebSocket(to, protocol) }), ...given };
    this.#storage = storage;
    const [lastId = 0, session = ''] = storage?.getItem(KEY)?.split(' ') ?? [];
    // From the clock on: numbers that were given and not written down, or given by a copy of this page, are not given twice.
    this.#lastId = Math.max(Number(lastId), this.#env.now());
    this.#connection = new Connection(url.replace(/^http/, 'ws').replace(/([^/])(\/ws)?\/*$/, '$1/ws'), this.#env, session || null, {
      opened: () => this.#joinAll(),
      welcomed: (frame) => this.#welcomed(frame),
      frame: (frame) => this.#hear(frame),
      cut: (code) => this.#cut(code),
      denied: (notice, isEnd) => {
        const why = new Refusal(notice);
        this.#listeners.tell('refused', why);
        if (isEnd) this.#endAll(why);
      },
      wanted: () => this.#rooms.size > 0,
      changed: () => this.#changed(),
    }, Infinity);
    this.#queue = new Queue(this.#env, this.#connection, () => this.#nextId());
    this.#lobby = { env: this.#env, queue: this.#queue, connection: this.#connection, over: (room, why) => this.#over(room, why) };
  }

  get link(): SessionLink {
    const { phase, dueAt } = this.#connection.state;
    return { state: phase, retryAt: dueAt };
  }

  on<K extends keyof SessionHappenings>(kind: K, listener: (what: SessionHappenings[K]) => void): () => void {
    return this.#listeners.on(kind, listener);
  }

  /** Done when one is let in; rejected with a `Refusal` if not. From then on one stays in, through cuts, until `leave`. */
  join(room: string, name: string): Promise<Room> {
    const known = this.#room(room);
    if (known !== undefined) return known.joined;
    const member = new Member(this.#lobby, room, name);
    if (this.#closed) {
      member.end(null);
      return member.joined;
    }
    this.#rooms.add(member);
    member.join();
    this.#connection.drive({ kind: 'wanted' });
    this.reconnectNow();
    return member.joined;
  }

  /** Does not wait for the next try. */
  reconnectNow(): void {
    this.#connection.drive({ kind: 'now' });
  }

  /** What the browser says of the network: pass on its `online` and `offline`. */
  online(is: boolean): void {
    this.#connection.online(is);
  }

  /** The page is before somebody's eyes again. */
  visible(): void {
    this.#connection.visible();
  }

  /** One has finished. What waits is given up; for others one leaves. */
  close(): void {
    this.#closed = true;
    this.#connection.close(1000);
    this.#endAll(null);
  }

  #over(room: Member, why: Refusal | null): void {
    this.#rooms.delete(room);
    room.end(why);
    // Without a room there is nothing to be connected for.
    if (this.#rooms.size === 0) this.#connection.rest();
  }

  #endAll(why: Refusal | null): void {
    const rooms = [...this.#rooms];
    this.#rooms.clear();
    for (const room of rooms) room.end(why);
  }

  #joinAll(): void {
    for (const room of this.#rooms) room.join();
  }

  #cut(code: number): void {
    for (const room of this.#rooms) room.cut();
    this.#queue.cut(code);
  }

  #changed(): void {
    const { phase, closed } = this.#connection.state;
    if (phase === 'closed') this.#endAll(new Refusal({ code: 'closed', message: `The server ended this (${closed.code}).` }));
    this.#listeners.tell('link', this.link);
  }

  #hear(frame: Told): void {
    switch (frame.type) {
      case 'joined':
      case 'reset':
        return this.#arrived(frame);
      case 'ack':
      case 'history':
        return void this.#queue.answered(frame);
      case 'left': return this.#left(frame);
      case 'error': return this.#refused(frame);
      case 'people': return;
      case 'typing': return this.#room(frame.room)?.heard(frame.from, frame.on);
      default: {
        // Whatever is left is an event, or the compiler says so.
        const event: Event = frame;
        if (this.#room(event.room)?.event(event) === false) this.#connection.lost();
      }
    }
  }

  #welcomed({ resumed }: Frame<'welcome'>): void {
    this.#keep();
    if (!resumed) this.#queue.forgotten();
    this.#connection.drive({ kind: 'welcomed' });
    this.#joinAll();
  }

  #arrived(frame: Arrival): void {
    const room = [...this.#rooms].find((one) => one.awaits(frame));
    room?.arrived(frame);
    this.#queue.pump();
  }

  #left(frame: Frame<'left'>): void {
    if (this.#queue.answered(frame)) return;
    const room = this.#room(frame.room);
    if (room !== undefined) this.#over(room, out());
  }

  #refused(frame: Frame<'error'>): void {
    if (this.#queue.answered(frame) || [...this.#rooms].some((room) => room.refused(frame))) return;
    if (frame.id === undefined && frame.retry_after_ms !== undefined) this.#connection.asked(frame.retry_after_ms);
    this.#listeners.tell('refused', new Refusal(noticeOf(frame)));
  }

  #room(name: string): Member | undefined {
    return [...this.#rooms].find((room) => room.name === name);
  }

  #nextId(): number {
    this.#lastId += 1;
    this.#keep();
    return this.#lastId;
  }

  /** Storage may be missing, full or forbidden. */
  #keep(): void {
    try {
      this.#storage?.setItem(KEY, `${this.#lastId} ${this.#connection.session ?? ''}`);
    } catch {
      // Then a reload is another person.
    }
  }
}

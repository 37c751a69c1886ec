// The link to the server, from one socket to the next: when one is opened, when it is given up, and how to come back. Knows the
// session's secret, which makes a new socket the same person; knows no rooms and no lines.
import { Alarm } from './alarm.ts';
import type { Frame, Heard } from './frames.ts';
import type { Surroundings } from './platform.ts';
import type { ClientFrame } from './protocol.ts';
import { reconnect, START, type Happening, type Phase, type Reconnect } from './reconnect.ts';
import { denial } from './refusal.ts';
import type { ErrorNotice } from './view.ts';
import { TOKEN, Wire } from './wire.ts';

/** What the server says of rooms and commands. */
export type Told = Exclude<Heard, Frame<'welcome' | 'goaway' | 'pong'>>;

export interface ConnectionEvents {
  /** Hello was said; what needs no welcome may follow. */
  opened(): void;
  /** Let in. Whoever hears this makes the link live, by `drive({ kind: 'welcomed' })`, when it is ready for that. */
  welcomed(frame: Frame<'welcome'>): void;
  frame(frame: Told): void;
  /** The socket is gone, with this close code (0: given up by us). */
  cut(code: number): void;
  /** The server does not take the token, or takes it no more. Where there may be another one, one comes back with that: else it is the end. */
  denied(why: ErrorNotice, isEnd: boolean): void;
  /** Asked after every loss: is there anything left to be connected for? */
  wanted(): boolean;
  changed(): void;
}

export class Connection {
  readonly #url: string;
  readonly #env: Surroundings;
  readonly #events: ConnectionEvents;
  readonly #retry: Alarm;
  #wire: Wire | null = null;
  #state = START;
  /** Until when the server asked to wait without naming a command; a close may follow it. */
  #askedUntil = 0;
  /** The server said that it restarts; a close follows. */
  #restarts = false;
  #closed = false;
  /** The secret that makes one the same person again; null before the first welcome. */
  session: string | null;

  /** `patience`: after so many tries in a row that did not get through it stops until it is asked. */
  constructor(url: string, env: Surroundings, session: string | null, events: ConnectionEvents, patience = START.patience) {
    this.#url = url;
    this.#env = env;
    this.session = session;
    this.#events = events;
    this.#state = { ...START, patience };
    this.#retry = new Alarm(env, () => this.drive({ kind: 'due' }));
  }

  get state(): Reconnect {
    return this.#state;
  }

  get phase(): Phase {
    return this.#state.phase;
  }

  /**
   * May rooms be joined over the present socket? A stranger waits for the welcome: if it were let in and the secret lost on the way, its
   * own ghost would hold its name.
   */
  get admitted(): boolean {
    return this.session !== null || this.phase === 'live';
  }

  send(frame: ClientFrame): boolean {
    return this.#wire?.send(frame) ?? false;
  }

  drive(what: Happening): void {
    if (this.#closed) return;
    const before = this.#state;
    this.#state = reconnect(before, what, this.#env.now(), this.#env.random);
    if (this.#state === before) return;
    const { phase, dueAt } = this.#state;
    if (phase === 'waiting') this.#retry.at(dueAt);
    else this.#retry.off();
    if (phase === 'connecting' && before.phase !== 'connecting') this.#connect();
    this.#events.changed();
  }

  /** The server asked for patience without naming a command. */
  asked(ms: number): void {
    this.#askedUntil = this.#env.now() + ms;
  }

  /** What the browser says of the network. */
  online(is: boolean): void {
    this.drive({ kind: 'online', is });
    if (is) this.#unstick();
    // A socket that seems to live through the change may be dead, or may not need that network at all: ask it.
    this.#wire?.probe();
  }

  /** Somebody looks at it again. */
  visible(): void {
    this.drive({ kind: 'visible' });
    this.#unstick();
    this.#wire?.probeIfQuiet();
  }

  /** The socket is gone, or is given up with code 0; the next one is opened when it is time. */
  lost(code = 0, reason = ''): void {
    this.#unplug(code);
    const asked = this.#askedUntil - this.#env.now();
    const restarts = this.#restarts;
    if (code === TOKEN) {
      const isEnd = typeof this.#env.token !== 'function';
      this.#events.denied(denial(reason), isEnd);
      if (!isEnd) code = 0;
    }
    this.drive({ kind: 'lost', code, reason, retryAfterMs: asked > 0 || restarts ? Math.max(0, asked) : undefined, restarts });
    if (!this.#events.wanted()) this.drive({ kind: 'unwanted' });
  }

  /** There is nothing to be connected for. */
  rest(): void {
    this.#unplug(0);
    this.drive({ kind: 'unwanted' });
  }

  /** For good. `code`: 1000 if one has finished; else one comes back, perhaps as another page. */
  close(code?: number): void {
    this.#closed = true;
    this.#retry.off();
    this.#unplug(0, code);
  }

  #connect(): void {
    this.#askedUntil = 0;
    this.#restarts = false;
    const wire = new Wire(this.#url, this.#env, {
      opened: () => {
        // JSON leaves out what is undefined.
        wire.send({ type: 'hello', session: this.session ?? undefined } as ClientFrame);
        this.#events.opened();
      },
      frame: (frame) => this.#hear(frame),
      lost: (code, reason) => this.lost(code, reason),
      asked: (words) => {
        // Not if it was let in meanwhile, or nothing is wanted any more.
        if (this.#state.failures > 0 && words.includes('"token_')) this.lost(TOKEN, words);
      },
    });
    this.#wire = wire;
  }

  /** Begins an attempt anew that may hang on a network which is gone. */
  #unstick(): void {
    if (this.phase === 'connecting' && this.#wire?.isStuck) {
      this.#unplug(0);
      this.#connect();
    }
  }

  #unplug(code: number, closing?: number): void {
    this.#wire?.drop(closing);
    this.#wire = null;
    this.#events.cut(code);
  }

  #hear(frame: Heard): void {
    switch (frame.type) {
      case 'welcome': {
        if (this.phase === 'connecting') {
          this.session = frame.session;
          this.#wire?.beat(frame.heartbeat_ms);
          this.#events.welcomed(frame);
        }
        return;
      }
      case 'goaway': {
        this.asked(frame.retry_after_ms);
        this.#restarts = true;
        return;
      }
      case 'pong': return;
      default: this.#events.frame(frame);
    }
  }
}

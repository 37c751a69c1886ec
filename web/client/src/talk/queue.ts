// What was asked of the server and is not answered, in the order asked: one command at a time is on its way. A server that refuses a
// line because it came too fast may take the next one, and then the order would be lost; and after a cut no more than one is in doubt.
import { Alarm } from '../alarm.ts';
import type { Connection } from '../connection.ts';
import type { Frame, PastPage } from '../frames.ts';
import type { Surroundings } from '../platform.ts';
import type { ClientFrame } from '../protocol.ts';
import { noticeOf, Refusal } from '../refusal.ts';

/** So many commands wait at most. */
const MOST_WAITING = 200;
/** Refusals that say nothing of the command, only of the moment: the least wait, ms. */
const LATER_MS: Readonly<Record<string, number>> = { rate_limited: 1_000, unavailable: 5_000 };
/** Close code of a message that is larger than the server reads. */
const TOO_BIG = 1009;

export type Answer = Frame<'ack' | 'left'> | PastPage;
type Numbered = Extract<ClientFrame, { type: 'say' | 'private' | 'edit' | 'delete' | 'react' | 'history' | 'leave' }>;
type Bare<T> = T extends Numbered ? Omit<T, 'id' | 'room'> : never;
export type Command = Bare<Numbered>;

/** How long the server asks to wait; undefined for a refusal that waiting does not mend. */
export function waitAsked({ code, retry_after_ms: asked }: Frame<'error'>): number | undefined {
  const least = LATER_MS[code];
  return least && (asked ?? least);
}

/** The room in which something is asked for. */
export interface Seat {
  readonly name: string;
  /** Joined on the present connection. */
  readonly attached: boolean;
}

interface Entry {
  readonly seat: Seat;
  readonly command: Command;
  /** The code of a refusal, if the numbers in the command may mean another person or line by now. */
  readonly stale: () => string | null;
  /** The number under which it was handed over; null before. */
  id: number | null;
  onWay: boolean;
  /** Handed to an earlier socket and never answered: the server may have it. Only the same number may be sent. */
  doubt: boolean;
  readonly answer: (answer: Answer) => void;
  readonly refuse: (refusal: Refusal) => void;
}

export class Queue {
  readonly #env: Surroundings;
  readonly #connection: Connection;
  readonly nextId: () => number;
  readonly #resume: Alarm;
  #entries: Entry[] = [];
  #paused = false;

  constructor(env: Surroundings, connection: Connection, nextId: () => number) {
    this.#env = env;
    this.#connection = connection;
    this.nextId = nextId;
    this.#resume = new Alarm(env, () => {
      this.#paused = false;
      this.pump();
    });
  }

  ask(seat: Seat, command: Command, stale: () => string | null): Promise<Answer> {
    return new Promise((answer, refuse) => {
      const entry = { seat, command, stale, id: null, onWay: false, doubt: false, answer, refuse };
      if (this.#entries.push(entry) > MOST_WAITING) this.#refuse(entry, 'outbox_full');
      this.pump();
    });
  }

  /**
   * Hands over what is next. What is in doubt goes before all others, and while its room is still being joined the others wait for
   * it: otherwise their higher numbers would reach the server before its lower one.
   */
  pump(): void {
    while (!this.#paused && !this.#entries.some((entry) => entry.onWay)) {
      const entry = this.#entries.find((one) => one.doubt) ?? this.#entries.find((one) => one.seat.attached);
      if (!entry?.seat.attached) return;
      const stale = entry.stale();
      if (stale !== null) {
        this.#refuse(entry, entry.doubt ? 'unconfirmed' : stale);
        continue;
      }
      const id = entry.id ?? this.nextId();
      if (!this.#connection.send({ ...entry.command, id, room: entry.seat.name } as Numbered)) return;
      entry.id = id;
      entry.onWay = true;
    }
  }

  /** False if it answers nothing that was asked here. */
  answered(frame: Answer | Frame<'error'>): boolean {
    const entry = this.#entries.find(({ id }) => id === frame.id);
    if (entry === undefined) return false;
    if (frame.type !== 'error') {
      this.#remove(entry).answer(frame);
      this.pump();
      return true;
    }
    const wait = waitAsked(frame);
    if (wait !== undefined) {
      this.#paused = true;
      this.#resume.at(this.#env.now() + wait);
      entry.onWay = false;
      // A refused number was surely not used, so it gets a fresh one; in doubt it must keep its own.
      if (!entry.doubt) entry.id = null;
    } else if (frame.code === 'id_too_old') {
      this.#refuse(entry, 'unconfirmed');
    } else {
      this.#remove(entry).refuse(new Refusal(noticeOf(frame)));
    }
    this.pump();
    return true;
  }

  /** The socket is gone, with this close code: what was on its way is in doubt, unless it only asked. */
  cut(code: number): void {
    this.#resume.off();
    this.#paused = false;
    for (const entry of this.#entries.filter((one) => one.onWay)) {
      entry.onWay = false;
      // Sent again it would end the next connection too.
      if (code === TOO_BIG) this.#refuse(entry, 'text_too_long');
      else if (entry.command.type === 'history' || entry.command.type === 'leave') entry.id = null;
      else entry.doubt = true;
    }
  }

  /** The server does not know the session any more, so that it would not recognise what it has. */
  forgotten(): void {
    for (const entry of this.#entries) if (entry.doubt) this.#refuse(entry, 'unconfirmed');
  }

  /** Nothing more is to be had in a room; whoever wanted to leave it has. */
  drop(seat: Seat, why: Refusal): void {
    for (const entry of this.#entries) {
      if (entry.seat !== seat) continue;
      if (entry.command.type === 'leave') this.#remove(entry).answer({ type: 'left', id: 0, room: seat.name });
      else if (entry.doubt || entry.onWay) this.#refuse(entry, 'unconfirmed');
      else this.#remove(entry).refuse(why);
    }
    // One of another room may have waited for what was on its way here.
    this.pump();
  }

  #refuse(entry: Entry, code: string): void {
    this.#remove(entry).refuse(new Refusal({ code, message: `Not done: ${code}.` }));
  }

  #remove(entry: Entry): Entry {
    this.#entries = this.#entries.filter((one) => one !== entry);
    return entry;
  }
}

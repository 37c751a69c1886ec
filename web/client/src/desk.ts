// One room's seat at the present connection: joining it, its pages of people, typing, and what the server says of it. The room
// itself is a value (room.ts); here is what ends with the socket.
import { Alarm } from './alarm.ts';
import type { Arrival, Event, Frame, PastPage } from './frames.ts';
import type { SaidLine } from './lines.ts';
import type { Change, Door, Entry } from './outbox.ts';
import { askedBefore, PAGE } from './past.ts';
import type { Surroundings } from './platform.ts';
import type { ClientFrame } from './protocol.ts';
import { acknowledged, arrived, changeable, lookedAt, numbered, paged, room, targetOf, torn, type Room } from './room.ts';
import { FETCHED_UNASKED, listed } from './roster.ts';
import { fadesAt, faded, heard, NO_TYPISTS, pressed, QUIET, stopped, stopsAt } from './typing.ts';
import type { ErrorNotice } from './view.ts';

/** Where the server asks for patience without saying how much, ms. */
export const PATIENCE_MS = 1_000;

/** What a desk needs of the chat that it stands in. */
export interface Hall {
  readonly env: Surroundings;
  send(frame: ClientFrame): boolean;
  nextId(): number;
  changed(): void;
  /** May rooms be joined on the present connection? */
  admitted(): boolean;
  /** Is this room in front, and the page visible? */
  seen(room: string): boolean;
  /** The own line of this room that was handed over and is not acknowledged. */
  waiting(room: string): Entry | null;
}

export class Desk {
  room: Room;
  /** The name asked for; the server's word on it is in `room`. */
  name: string;
  /** Joined on the present connection. */
  attached = false;
  readonly #hall: Hall;
  readonly #stopAlarm: Alarm;
  readonly #fadeAlarm: Alarm;
  readonly #joinAlarm: Alarm;
  readonly #pageAlarm: Alarm;
  readonly #pastAlarm: Alarm;
  #joining: { readonly id: number; readonly name: string } | null = null;
  #page: number | null = null;
  /** The page of the past that was asked for, and before which number. */
  #past: { readonly id: number; readonly before: number } | null = null;
  #keys = QUIET;
  /** The number after which the server left a hole, the last time. */
  #tornAt: string | null = null;

  constructor(hall: Hall, name: string, person: string) {
    this.#hall = hall;
    this.name = person;
    this.room = room(name, person);
    this.#stopAlarm = new Alarm(hall.env, () => this.stopTyping());
    this.#joinAlarm = new Alarm(hall.env, () => this.join());
    this.#pageAlarm = new Alarm(hall.env, () => this.morePeople());
    this.#pastAlarm = new Alarm(hall.env, () => this.#askForThePast());
    this.#fadeAlarm = new Alarm(hall.env, (now) => this.#typists(faded(this.room.typists, now)));
  }

  get door(): Door {
    if (this.attached) return 'open';
    return this.room.status === 'refused' || this.room.status === 'left' ? 'shut' : 'soon';
  }

  change(changes: Partial<Room>): void {
    this.room = { ...this.room, ...changes };
    this.#hall.changed();
  }

  /** The person wants in, under this name. A room that one is in already stays as it is. Is this a new wish? */
  want(name: string): boolean {
    const { status } = this.room;
    if (status === 'live' || (status === 'joining' && name === this.name)) return false;
    this.name = name;
    this.change({ status: 'joining', refusal: null, ...(this.room.you === 0 ? { name } : {}) });
    this.join();
    return true;
  }

  /** Asks to be let in, unless that is under way. */
  join(): void {
    if (this.attached || this.#joining !== null || this.door === 'shut' || !this.#hall.admitted()) return;
    const { room: name, epoch, seq } = this.room;
    const id = this.#hall.nextId();
    const since = epoch === null ? {} : { since: { epoch, seq } };
    if (this.#hall.send({ type: 'join', id, room: name, name: this.name, ...since })) this.#joining = { id, name: this.name };
  }

  /** The socket is gone, and with it everything that was said on it alone. */
  cut(): void {
    for (const alarm of [this.#stopAlarm, this.#fadeAlarm, this.#joinAlarm, this.#pageAlarm, this.#pastAlarm]) alarm.off();
    this.attached = false;
    this.#joining = this.#page = this.#past = null;
    this.#keys = QUIET;
    if (this.room.earlier === 'loading') this.change({ earlier: 'failed' });
    if (this.room.typists !== NO_TYPISTS) this.change({ typists: NO_TYPISTS });
  }

  /** Is this frame the answer to what this desk asked, or a `reset` of its room that nobody asked for? */
  awaits(frame: Arrival): boolean {
    if (frame.id !== undefined) return this.#joining !== null && frame.id === this.#joining.id;
    return this.attached && frame.room === this.room.room;
  }

  /** `joined` or `reset`. The room's name in it is the proper one. */
  arrived(frame: Arrival): void {
    this.#joining = null;
    this.attached = true;
    this.name = frame.name;
    const { room: name } = frame;
    this.room = arrived({ ...this.room, room: name }, frame, this.#hall.seen(name), this.#hall.waiting(name));
    this.#page = this.#past = null;
    this.#pastAlarm.off();
    this.#fetch();
    this.#hall.changed();
  }

  /**
   * A numbered frame. False if the server left a hole before it and the connection must be made anew; if it does so twice at the
   * same place, the hole is shown for what it is.
   */
  event(event: Event): boolean {
    if (!this.attached) return true;
    const { room: name } = this.room;
    const seen = this.#hall.seen(name);
    const step = numbered(this.room, event, seen, this.#hall.waiting(name));
    if (step.taken === 'repeat') return true;
    if (step.taken === 'hole') {
      const place = `${this.room.epoch}/${this.room.seq}`;
      if (this.#tornAt !== place) {
        this.#tornAt = place;
        return false;
      }
    }
    this.room = step.taken === 'hole' ? torn(this.room, event, seen) : step.room;
    this.#hall.changed();
    return true;
  }

  acknowledged(entry: Entry, frame: Frame<'ack'>): void {
    this.room = acknowledged(this.room, entry, frame);
    this.#hall.changed();
  }

  /** A line that can be changed, by its row's key. */
  line(key: string): (SaidLine & { readonly seq: number }) | null {
    return changeable(this.room, key);
  }

  /** Is the line here that this change is about? */
  shows(change: Change): boolean {
    return targetOf(this.room, change) !== null;
  }

  people(frame: Frame<'people'>): void {
    if (frame.id !== this.#page) return;
    this.#page = null;
    const before = this.room.roster;
    const roster = listed(before, frame.members, frame.count, frame.more);
    this.change({ roster });
    // A page that leads no further would be asked for for ever.
    if (roster.listedTo !== before.listedTo) this.#fetch();
  }

  morePeople(): void {
    const { listedTo } = this.room.roster;
    if (!this.attached || this.#page !== null || listedTo === null) return;
    const id = this.#hall.nextId();
    if (this.#hall.send({ type: 'people', id, room: this.room.room, after: listedTo })) this.#page = id;
  }

  /** Asks for the lines before those that are known. Without a connection that fails, and says so. */
  moreOfThePast(): void {
    const { earlier } = this.room;
    if (earlier !== 'some' && earlier !== 'failed') return;
    this.change({ earlier: 'loading' });
    this.#askForThePast();
  }

  #askForThePast(): void {
    const { room: name, log, birth, seq } = this.room;
    const before = askedBefore(log, birth, seq);
    const id = this.#hall.nextId();
    const sent = this.attached && this.#hall.send({ type: 'history', id, room: name, before, limit: PAGE });
    this.#past = sent ? { id, before } : null;
    if (!sent) this.change({ earlier: 'failed' });
  }

  past(frame: PastPage): void {
    if (this.#past === null || frame.id !== this.#past.id) return;
    const { log, birth, seq } = this.room;
    // Meanwhile the log was cut, or began anew: the page would not join it.
    const fits = askedBefore(log, birth, seq) === this.#past.before || log.length === 0;
    this.#past = null;
    this.room = fits ? paged(this.room, frame) : { ...this.room, earlier: 'some' };
    this.#hall.changed();
  }

  /** An `error` with the number of a command that was sent from here; null if it was not. */
  refused(id: number, notice: ErrorNotice): 'join' | 'other' | null {
    if (id === this.#page) {
      this.#page = null;
      if (notice.code === 'rate_limited') this.#pageAlarm.at(this.#hall.env.now() + (notice.retryAfterMs ?? PATIENCE_MS));
      return 'other';
    }
    if (id === this.#past?.id) {
      this.#past = null;
      if (notice.code === 'rate_limited') this.#pastAlarm.at(this.#hall.env.now() + (notice.retryAfterMs ?? PATIENCE_MS));
      else this.change({ earlier: 'failed' });
      return 'other';
    }
    if (this.#joining === null || id !== this.#joining.id) return null;
    const asked = this.#joining.name;
    this.#joining = null;
    if (notice.code === 'rate_limited') {
      this.#joinAlarm.at(this.#hall.env.now() + (notice.retryAfterMs ?? PATIENCE_MS));
      return 'other';
    }
    if (asked !== this.name) {
      // Meanwhile the person chose another name.
      this.join();
      return 'other';
    }
    this.attached = false;
    this.change({ status: 'refused', refusal: notice });
    return 'join';
  }

  /** The server says that one is out, without being asked. */
  left(): void {
    this.cut();
    this.change({ status: 'left' });
  }

  look(): void {
    const after = lookedAt(this.room);
    if (after === this.room) return;
    this.room = after;
    this.#hall.changed();
  }

  keystroke(): void {
    if (!this.attached) return;
    const { keys, tell } = pressed(this.#keys, this.#hall.env.now());
    this.#keys = keys;
    if (tell) this.#hall.send({ type: 'typing', room: this.room.room, on: true });
    const end = stopsAt(keys);
    if (end !== null) this.#stopAlarm.at(end);
  }

  stopTyping(): void {
    this.#stopAlarm.off();
    if (!this.#keys.told) return;
    this.#keys = stopped(this.#keys);
    this.#hall.send({ type: 'typing', room: this.room.room, on: false });
  }

  typing(frame: Frame<'typing'>): void {
    if (this.attached) this.#typists(heard(this.room.typists, frame.from, frame.on, this.#hall.env.now()));
  }

  #typists(typists: Room['typists']): void {
    const end = fadesAt(typists);
    if (end === null) this.#fadeAlarm.off();
    else this.#fadeAlarm.at(end);
    if (typists !== this.room.typists) this.change({ typists });
  }

  /** The people of a large room are fetched by themselves up to a bound. */
  #fetch(): void {
    if (this.room.roster.people.length < FETCHED_UNASKED) this.morePeople();
  }
}

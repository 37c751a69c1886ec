// Own lines on their way: into the outbox, to the server one at a time, and out again when the server has answered.
// What the outbox is, is in outbox.ts; here is when it changes.
import { Alarm } from './alarm.ts';
import { PATIENCE_MS, type Desk } from './desk.ts';
import type { Frame } from './frames.ts';
import type { Keep } from './keep.ts';
import * as lines from './outbox.ts';
import type { Surroundings } from './platform.ts';
import type { ClientFrame } from './protocol.ts';
import type { ErrorNotice } from './view.ts';

/** Refusals that say nothing of the line, only of the moment: the least wait before it is sent again, ms. */
const LATER_MS: ReadonlyMap<string, number> = new Map([['rate_limited', PATIENCE_MS], ['unavailable', 5_000]]);
/** Close code of a message that is larger than the server reads. */
const TOO_BIG = 1009;

/** What sending needs of the chat around it. */
export interface Post {
  readonly env: Surroundings;
  readonly keep: Keep;
  /** Is the link welcomed? */
  live(): boolean;
  send(frame: ClientFrame): boolean;
  nextId(): number;
  changed(): void;
  desk(room: string): Desk | undefined;
}

export class Sending {
  readonly #post: Post;
  readonly #resume: Alarm;
  #outbox: lines.Outbox;
  /** The server asked to send nothing before this. */
  #pausedUntil = 0;

  constructor(post: Post) {
    this.#post = post;
    this.#outbox = post.keep.outbox();
    this.#resume = new Alarm(post.env, () => {
      this.#pausedUntil = 0;
      this.pump();
    });
  }

  get entries(): readonly lines.Entry[] {
    return this.#outbox.entries;
  }

  /** The line of a room that was handed over and is not acknowledged. */
  waiting(room: string): lines.Entry | null {
    return this.entries.find((entry) => entry.room === room && entry.change === undefined && (entry.onWay || entry.doubt)) ?? null;
  }

  /** Takes a line in and sends it as soon as it can be; false if there is no room for it. */
  put(room: string, text: string, to: lines.Recipient | null): boolean {
    const outbox = lines.put(this.#outbox, room, text, to, this.#post.env.now());
    if (outbox === null) return false;
    this.#set(outbox);
    this.pump();
    return true;
  }

  /** Takes in a change of a line. */
  change(room: string, change: lines.Change, text: string, to: lines.Recipient | null): boolean {
    const outbox = lines.wish(this.#outbox, room, change, text, to, this.#post.env.now());
    if (outbox === null) return false;
    this.#set(outbox);
    this.pump();
    return true;
  }

  retry(room: string, key: string): void {
    const entry = this.#find(room, key);
    if (entry === undefined) return;
    // A line that waits because the server asked for it need not wait for longer than the person likes.
    if (entry.state === 'queued' && entry.error !== undefined) this.#pausedUntil = 0;
    const stray = entry.change !== undefined && this.#post.desk(room)?.shows(entry.change) !== true;
    this.#set(lines.retried(this.#outbox, key, this.#post.env.now(), stray));
    this.pump();
  }

  /** A line that may be on its way cannot be taken back. */
  discard(room: string, key: string): void {
    const entry = this.#find(room, key);
    if (entry !== undefined && (entry.state !== 'queued' || entry.id === null)) this.#set(lines.without(this.#outbox, key));
  }

  /** Hands over what can be handed over now. */
  pump(): void {
    while (this.#post.live()) {
      if (this.#post.env.now() < this.#pausedUntil) return this.#resume.at(this.#pausedUntil);
      const entry = lines.next(this.#outbox, (room) => this.#post.desk(room)?.door ?? 'shut');
      const desk = entry === null ? undefined : this.#post.desk(entry.room);
      if (entry === null || desk === undefined) return;
      if (!reaches(desk, entry)) {
        this.#turnBack(entry);
        continue;
      }
      const id = entry.id ?? this.#post.nextId();
      // Written down before it is sent: after a crash in between it is in doubt, and is never sent twice.
      this.#set(lines.handed(this.#outbox, entry.key, id, { epoch: desk.room.epoch ?? '', seq: desk.room.seq }));
      if (!this.#hand(entry, id)) return this.#set(lines.postponed(this.#outbox, entry.key));
    }
  }

  /** The person leaves a room: what still waits is sent at once, and nothing of it is kept. */
  leave(room: string): void {
    const desk = this.#post.desk(room);
    for (const entry of this.entries) {
      const open = desk?.attached === true && entry.room === room && entry.state === 'queued' && !entry.onWay;
      if (open && reaches(desk, entry)) this.#hand(entry, entry.id ?? this.#post.nextId());
    }
    this.#set(lines.withoutRoom(this.#outbox, room));
  }

  acknowledged(frame: Frame<'ack'>): void {
    const entry = lines.ofCommand(this.#outbox, frame.id);
    if (entry === null || entry.room !== frame.room) return;
    this.#post.desk(frame.room)?.acknowledged(entry, frame);
    this.#set(lines.without(this.#outbox, entry.key));
    this.pump();
  }

  /** An `error` for a command; false if that was no line. */
  refused(id: number, notice: ErrorNotice): boolean {
    const entry = lines.ofCommand(this.#outbox, id);
    if (entry === null) return false;
    const wait = LATER_MS.get(notice.code);
    if (wait !== undefined) {
      this.#pausedUntil = this.#post.env.now() + (notice.retryAfterMs ?? wait);
      // That one is too fast passes by itself; that nothing can be kept is worth a word.
      this.#set(lines.postponed(this.#outbox, entry.key, notice.code === 'rate_limited' ? undefined : notice));
    } else if (notice.code === 'id_too_old') {
      this.#set(lines.doubted(this.#outbox, entry.key));
    } else {
      this.#fail(entry, notice);
    }
    this.pump();
    return true;
  }

  #fail(entry: lines.Entry, notice: ErrorNotice): void {
    const desk = this.#post.desk(entry.room);
    const nowhere = entry.change !== undefined && entry.change.kind !== 'edit' && desk?.shows(entry.change) !== true;
    if (!nowhere) return this.#set(lines.refused(this.#outbox, entry.key, notice));
    // There is no line to tell it beside, and there are no words to be kept.
    this.#set(lines.without(this.#outbox, entry.key));
    desk?.change({ notice });
  }

  /** The socket is gone, with this close code (0: given up by us). */
  cut(code: number): void {
    const sent = this.entries.find((entry) => entry.onWay);
    // Sent again it would end the next connection too.
    if (code === TOO_BIG && sent !== undefined) {
      this.#set(lines.refused(this.#outbox, sent.key, { code: 'text_too_long', message: 'That is too long to send. Split it.' }));
    }
    this.#resume.off();
    this.#pausedUntil = 0;
    this.#set(lines.cut(this.#outbox));
  }

  renamed(from: string, to: string): void {
    this.#set(lines.renamed(this.#outbox, from, to));
  }

  /** The server does not know the session any more. */
  forgotten(): void {
    this.#settle(new Set(this.entries.map((entry) => entry.room)));
    this.#set(lines.forgotten(this.#outbox));
  }

  /** A room is not to be had again for this session. */
  barred(room: string): void {
    this.#settle(new Set([room]));
    this.#set(lines.barred(this.#outbox, room));
    this.pump();
  }

  /** A line that came back from the room before it was acknowledged did arrive: it is in no doubt. */
  #settle(rooms: ReadonlySet<string>): void {
    for (const room of rooms) {
      const desk = this.#post.desk(room);
      const echoed = desk?.room.echoed ?? null;
      if (echoed === null) continue;
      this.#set(lines.without(this.#outbox, echoed.key));
      desk?.change({ echoed: null });
    }
  }

  /** The member whom a private line was for is not there: it must reach nobody else. */
  #turnBack(entry: lines.Entry): void {
    if (entry.doubt) return this.#set(lines.barred(this.#outbox, entry.room));
    if (entry.change !== undefined) return this.#fail(entry, { code: 'no_such_line', message: 'That line is not there any more.' });
    const gone: ErrorNotice = { code: 'recipient_gone', message: `${entry.to?.name ?? ''} is not here any more.` };
    this.#set(lines.refused(this.#outbox, entry.key, gone));
  }

  #hand({ room, text, to, change }: lines.Entry, id: number): boolean {
    if (change === undefined) return this.#post.send(to === null ? { type: 'say', id, room, text } : { type: 'private', id, room, to: to.id, text });
    const { seq } = change;
    switch (change.kind) {
      case 'edit': return this.#post.send({ type: 'edit', id, room, seq, text });
      case 'delete': return this.#post.send({ type: 'delete', id, room, seq });
      case 'react': return this.#post.send({ type: 'react', id, room, seq, emoji: change.emoji, on: change.on });
    }
  }

  #find(room: string, key: string): lines.Entry | undefined {
    return this.entries.find((entry) => entry.key === key && entry.room === room);
  }

  #set(outbox: lines.Outbox): void {
    if (outbox === this.#outbox) return;
    this.#outbox = outbox;
    this.#post.keep.keepOutbox(outbox);
    this.#post.changed();
  }
}

/** Does the number still mean the member, or the line, that the person meant? In another life of the log it may be another's. */
function reaches(desk: Desk, { to, change, doubt }: lines.Entry): boolean {
  if (change !== undefined) return change.epoch === desk.room.epoch;
  if (to === null || to.epoch === desk.room.epoch) return true;
  return !doubt && desk.room.roster.people.some((person) => person.id === to.id && person.name === to.name);
}

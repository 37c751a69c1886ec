// The whole of it: link, rooms and outbox put together behind one face for the page. Knows the order in which things happen; what
// they mean is in the pure parts.
import { Connection, type Told } from './connection.ts';
import { Desk, type Hall } from './desk.ts';
import { Desks } from './desks.ts';
import type { Arrival, Frame } from './frames.ts';
import { Keep } from './keep.ts';
import type { SaidLine } from './lines.ts';
import { News } from './news.ts';
import { isOfLine, type Recipient } from './outbox.ts';
import { keep, RoomPicture } from './picture.ts';
import { browser, type StorageLike, type Surroundings, type Token } from './platform.ts';
import type { ClientFrame } from './protocol.ts';
import { linkOf } from './reconnect.ts';
import { noticeOf } from './refusal.ts';
import { askableFrom } from './room.ts';
import { Sending } from './sending.ts';
import type { ChatLimits, ChatView, ErrorNotice } from './view.ts';

export interface ChatOptions {
  /** `ws://host/ws` */
  url: string;
  /** sessionStorage in a page: a tab is a person, and a reload is the same person. */
  storage: StorageLike;
  connect?: Surroundings['connect'];
  /** What the server lets one in by. A function is asked before every connection, and one comes back with what it gives. */
  token?: Token;
  /** Unix ms. */
  now?: () => number;
  random?: () => number;
  setTimer?: (run: () => void, ms: number) => number;
  clearTimer?: (timer: number) => void;
}

type Changeable = { readonly desk: Desk; readonly line: SaidLine & { readonly seq: number }; readonly epoch: string };
type Wish = { readonly kind: 'edit' } | { readonly kind: 'delete' } | { readonly kind: 'react'; readonly emoji: string; readonly on: boolean };

const FULL: ErrorNotice = { code: 'outbox_full', message: 'Too many lines wait to be sent.' };
const NOTHING: ChatView = { link: { state: 'idle' }, rooms: [], active: null, queued: 0, changing: 0, limits: null };

export class Chat {
  readonly #env: Surroundings;
  readonly #keep: Keep;
  readonly #hall: Hall;
  readonly #sending: Sending;
  readonly #connection: Connection;
  readonly #news: News<ChatView>;
  readonly #desks = new Desks();
  readonly #pictures = new WeakMap<Desk, RoomPicture>();
  /** Rooms that were left, until the server has answered. */
  readonly #leaving: Set<string>;
  /** The numbers of `leave` commands on the present connection. */
  readonly #goodbyes = new Set<number>();
  #lastId: number;
  #active: string | null = null;
  #visible = true;
  #limits: ChatLimits | null = null;
  #notice: ErrorNotice | null = null;

  constructor(options: ChatOptions) {
    const { url, storage, ...given } = options;
    this.#env = { ...browser, ...given };
    this.#keep = new Keep(storage);
    this.#news = new News(this.#env, NOTHING, (before) => this.#draw(before), () => this.#save());
    const who = this.#keep.who();
    this.#connection = new Connection(url, this.#env, who.session, {
      opened: () => this.#joinAll(),
      welcomed: (frame) => this.#welcomed(frame),
      frame: (frame) => this.#hear(frame),
      cut: (code) => this.#cut(code),
      denied: (why) => {
        this.#notice = why;
        this.#news.changed();
      },
      // Where every room was refused it is the person's turn, and the server may have hung up for that.
      wanted: () => [...this.#desks].some((desk) => desk.door !== 'shut'),
      changed: () => this.#news.changed(),
    });
    const shared = {
      env: this.#env,
      send: (frame: ClientFrame) => this.#connection.send(frame),
      nextId: () => this.#nextId(),
      changed: () => this.#news.changed(),
    };
    this.#sending = new Sending({
      ...shared, keep: this.#keep, live: () => this.#connection.phase === 'live', desk: (room) => this.#desks.get(room),
    });
    this.#hall = {
      ...shared,
      admitted: () => this.#connection.admitted,
      seen: (room) => this.#visible && this.#active === room,
      waiting: (room) => this.#sending.waiting(room),
    };
    // From the clock on: numbers that were given and not written down, or given by a copy of this tab, are not given twice.
    this.#lastId = who.session === null ? who.lastId : Math.max(who.lastId, this.#env.now());
    this.#leaving = new Set(who.leaving);
    for (const { room, name, epoch, base, read, selves, came } of who.rooms) {
      const desk = new Desk(this.#hall, room, name);
      desk.room = { ...desk.room, epoch, seq: base, base, read, selves, came };
      this.#desks.add(desk);
    }
    if (!this.#desks.isEmpty) this.#connection.drive({ kind: 'wanted' });
  }

  /** An immutable snapshot; parts that did not change are the same objects as before. */
  get view(): ChatView {
    return this.#news.view;
  }

  /** Calls `listener` after changes, at most once per microtask. Gives back how to end that. */
  subscribe(listener: () => void): () => void {
    return this.#news.subscribe(listener);
  }

  /** Wants to be in the room, through reconnects and reloads, until `leave`. After a refusal: tries again under this name. */
  join(room: string, name: string): void {
    const known = this.#desks.get(room);
    const desk = known ?? new Desk(this.#hall, room, name);
    this.#desks.add(desk);
    this.#leaving.delete(desk.room.room);
    // Wishing the same again, as a page may do when it draws, is no reason to hurry.
    if (!desk.want(name) && known !== undefined) return;
    desk.join();
    this.#connection.drive({ kind: 'wanted' });
    this.reconnectNow();
    this.#news.changed();
  }

  /** Leaves at once. Lines of the room that still wait are sent before, if there is a connection, and are no longer kept. */
  leave(room: string): void {
    const desk = this.#desks.get(room);
    if (desk !== undefined) this.#leave(desk);
  }

  #leave(desk: Desk): void {
    const { room } = desk.room;
    desk.stopTyping();
    this.#sending.leave(room);
    desk.cut();
    this.#desks.remove(desk);
    if (this.#active === room) this.#active = null;
    if (this.#connection.session !== null) this.#leaving.add(room);
    if (this.#connection.phase === 'live') this.#tellLeaving(room);
    else this.#idleIfAlone();
    this.#sending.pump();
    this.#news.changed();
  }

  /** Which room is in front, if any. Nothing in it is unread then, while the page is visible. */
  open(room: string | null): void {
    const next = room === null ? null : this.#desks.proper(room);
    if (this.#active !== next && this.#active !== null) this.#desks.get(this.#active)?.change({ firstUnread: null });
    this.#active = next;
    this.#look();
    this.#news.changed();
  }

  /** The name under which a room is in the view. The server's spelling is learnt when one is let in: `general` for `General`. */
  properName(room: string): string {
    return this.#desks.proper(room);
  }

  /** The line appears at once as queued. False, and a notice in the room, if it cannot be kept: then it stays with the person. */
  say(room: string, text: string): boolean {
    return this.#put(room, text, null);
  }

  /** The same, for one member only. */
  private(room: string, to: number, text: string): boolean {
    const desk = this.#desks.get(room);
    const person = desk?.room.roster.people.find((one) => one.id === to);
    if (desk === undefined || person === undefined || desk.room.epoch === null) return false;
    return this.#put(room, text, { id: to, name: person.name, epoch: desk.room.epoch });
  }

  /** Gives an own line other words. It shows them at once, as a change that is queued. False if it is no line that could be changed. */
  edit(room: string, key: string, text: string): boolean {
    const found = this.#changeable(room, key);
    if (found === null || !found.line.own || text.trim() === '') return false;
    return this.#change(found, { kind: 'edit' }, text);
  }

  /** Takes an own line back, for everybody. */
  delete(room: string, key: string): boolean {
    const found = this.#changeable(room, key);
    return found !== null && found.line.own && this.#change(found, { kind: 'delete' }, '');
  }

  /** Puts an emoji on a line, or takes it off. */
  react(room: string, key: string, emoji: string, on: boolean): boolean {
    const found = this.#changeable(room, key);
    return found !== null && this.#change(found, { kind: 'react', emoji, on }, '');
  }

  /** Sends a failed or unconfirmed line, or change of one, again, as a new one; one that the server asked to wait, at once. */
  retry(room: string, key: string): void {
    this.#sending.retry(this.#desks.proper(room), key);
  }

  /** Gives up a failed or unconfirmed line or change, or a queued one that was never handed over. */
  discard(room: string, key: string): void {
    this.#sending.discard(this.#desks.proper(room), key);
  }

  keystroke(room: string): void {
    this.#desks.get(room)?.keystroke();
  }

  stopTyping(room: string): void {
    this.#desks.get(room)?.stopTyping();
  }

  /** Fetches the next page of a large room's people. */
  morePeople(room: string): void {
    this.#desks.get(room)?.morePeople();
  }

  /** Fetches the page of the past before what is here, where the view says that there is one. */
  earlier(room: string): void {
    this.#desks.get(room)?.moreOfThePast();
  }

  /** Drops the notice of a room, or with null the one that belongs to no room. */
  dismiss(room: string | null): void {
    if (room === null) this.#notice = null;
    else this.#desks.get(room)?.change({ notice: null });
    this.#news.changed();
  }

  /** "Try now", "Try again", "Use it here". */
  reconnectNow(): void {
    if (this.#desks.isEmpty) return;
    // Another tab may have used this session's numbers meanwhile.
    if (this.#connection.phase === 'closed') this.#lastId = Math.max(this.#lastId, this.#env.now());
    this.#connection.drive({ kind: 'now' });
  }

  /** What the browser says of the network. */
  online(is: boolean): void {
    this.#connection.online(is);
  }

  /** Is the page before somebody's eyes? */
  visible(is: boolean): void {
    this.#visible = is;
    if (!is) return;
    this.#look();
    this.#connection.visible();
  }

  /** The page goes. What is kept stays kept. */
  close(): void {
    this.#save();
    this.#news.end();
    this.#connection.close();
  }

  // The link

  #joinAll(): void {
    for (const desk of this.#desks) desk.join();
  }

  #cut(code: number): void {
    for (const desk of this.#desks) desk.cut();
    this.#goodbyes.clear();
    this.#sending.cut(code);
  }

  /** Without a room there is nothing to be connected for. */
  #idleIfAlone(): void {
    if (!this.#desks.isEmpty || (this.#leaving.size > 0 && this.#connection.phase === 'live')) return;
    this.#connection.rest();
  }

  // What the server says

  #hear(frame: Told): void {
    switch (frame.type) {
      case 'joined':
      case 'reset':
        return this.#arrived(frame);
      case 'ack': return this.#sending.acknowledged(frame);
      case 'people': return this.#desks.get(frame.room)?.people(frame);
      case 'history': return this.#desks.get(frame.room)?.past(frame);
      case 'left': return this.#left(frame);
      case 'error': return this.#refused(frame);
      case 'typing': return this.#desks.get(frame.room)?.typing(frame);
      case 'message':
      case 'private':
      case 'edit':
      case 'delete':
      case 'react':
      case 'join':
      case 'leave':
      case 'skip':
        if (this.#desks.get(frame.room)?.event(frame) === false) this.#connection.lost();
    }
  }

  #welcomed(frame: Frame<'welcome'>): void {
    const { text_chars: textChars, name_chars: nameChars, rooms } = frame.limits;
    this.#limits = { textChars, nameChars, rooms };
    if (this.#notice?.code.startsWith('token_') === true) this.#notice = null;
    if (frame.resumed) {
      for (const room of this.#leaving) this.#tellLeaving(room);
    } else {
      this.#leaving.clear();
      this.#sending.forgotten();
    }
    this.#save();
    this.#connection.drive({ kind: 'welcomed' });
    this.#joinAll();
    this.#news.changed();
  }

  #arrived(frame: Arrival): void {
    for (const desk of this.#desks) {
      if (!desk.awaits(frame)) continue;
      if (desk.room.room !== frame.room) this.#renamed(desk, frame.room);
      desk.arrived(frame);
      return this.#sending.pump();
    }
    // Let in where one was no longer wanting to be: the answer came after the person had left.
    if (this.#desks.get(frame.room) === undefined && !this.#leaving.has(frame.room)) this.#tellLeaving(frame.room);
  }

  /** The server has another spelling for a room; the page may go on using its own. */
  #renamed(desk: Desk, proper: string): void {
    const before = desk.room.room;
    this.#desks.rename(desk, proper);
    this.#sending.renamed(before, proper);
    if (this.#active === before) this.#active = proper;
  }

  #left(frame: Frame<'left'>): void {
    if (this.#goodbyes.delete(frame.id)) this.#leaving.delete(frame.room);
    else this.#desks.get(frame.room)?.left();
    this.#idleIfAlone();
    this.#news.changed();
  }

  #refused(frame: Frame<'error'>): void {
    const notice = noticeOf(frame);
    if (frame.id !== undefined) {
      if (this.#sending.refused(frame.id, notice)) return;
      for (const desk of this.#desks) {
        const what = desk.refused(frame.id, notice);
        if (what === 'join') this.#sending.barred(desk.room.room);
        if (what !== null) return;
      }
    }
    if (frame.id === undefined && frame.retry_after_ms !== undefined) this.#connection.asked(frame.retry_after_ms);
    const desk = frame.room === undefined ? undefined : this.#desks.get(frame.room);
    if (desk !== undefined) desk.change({ notice });
    else if (frame.room === undefined) this.#notice = notice;
    // A room that cannot be left is left.
    else if (this.#leaving.delete(frame.room)) this.#idleIfAlone();
    this.#news.changed();
  }

  // What one says

  #put(room: string, text: string, to: Recipient | null): boolean {
    const desk = this.#desks.get(room);
    if (desk === undefined || desk.room.status === 'left' || text.trim() === '') return false;
    desk.stopTyping();
    const taken = this.#sending.put(desk.room.room, text, to);
    desk.change(taken ? { firstUnread: null } : { notice: FULL });
    return taken;
  }

  #changeable(room: string, key: string): Changeable | null {
    const desk = this.#desks.get(room);
    const line = desk?.line(key) ?? null;
    if (desk === undefined || line === null || desk.room.epoch === null || desk.room.status === 'left') return null;
    const { epoch } = desk.room;
    // What is about to be gone is not changed any more.
    const going = this.#sending.entries.some(({ state, change }) => state === 'queued' && change?.kind === 'delete' && isOfLine(change, line.seq, epoch));
    return going ? null : { desk, line, epoch };
  }

  #change({ desk, line, epoch }: Changeable, what: Wish, text: string): boolean {
    // Whom a private line was for: if its line is gone, its words must reach nobody else.
    const to = line.kind === 'private' && line.own ? { id: line.to, name: line.toName, epoch } : null;
    const taken = this.#sending.change(desk.room.room, { seq: line.seq, epoch, line: line.key, ...what }, text, to);
    if (!taken) desk.change({ notice: FULL });
    return taken;
  }

  #tellLeaving(room: string): void {
    const id = this.#nextId();
    if (this.#connection.send({ type: 'leave', id, room })) this.#goodbyes.add(id);
  }

  // What is kept, and what is shown

  #nextId(): number {
    this.#lastId += 1;
    this.#save();
    return this.#lastId;
  }

  #save(): void {
    const rooms = [...this.#desks].filter((desk) => desk.room.status !== 'left').map((desk) => (
      { room: desk.room.room, name: desk.name, epoch: desk.room.epoch, base: askableFrom(desk.room), read: desk.room.read,
        selves: desk.room.selves, came: desk.room.came }));
    this.#keep.keepWho({ session: this.#connection.session, lastId: this.#lastId, rooms, leaving: [...this.#leaving] });
  }

  #look(): void {
    if (this.#visible && this.#active !== null) this.#desks.get(this.#active)?.look();
  }

  #draw(before: ChatView): ChatView {
    const rooms = [...this.#desks].map((desk) => {
      const picture = this.#pictures.get(desk) ?? new RoomPicture();
      this.#pictures.set(desk, picture);
      return picture.draw(desk.room, this.#sending.entries.filter((entry) => entry.room === desk.room.room));
    });
    return keep(before, {
      link: keep(before.link, linkOf(this.#connection.state)),
      rooms: keep(before.rooms, rooms),
      active: this.#active,
      queued: this.#sending.entries.filter((entry) => entry.state === 'queued' && entry.change === undefined).length,
      changing: this.#sending.entries.filter((entry) => entry.state === 'queued' && entry.change !== undefined).length,
      limits: this.#limits,
      ...(this.#notice === null ? {} : { notice: this.#notice }),
    });
  }
}

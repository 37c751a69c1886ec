// Draws snapshots for the page out of the states, and keeps every part that did not change the same object.
import { isSaid, wished } from './changes.ts';
import type { SaidLine } from './lines.ts';
import type { Entry } from './outbox.ts';
import { ownLine, targetOf, type Room } from './room.ts';
import type { Line, Person, RoomView } from './view.ts';

/** A code is six digits; every other name of a room is written out. */
export function isCode(room: string): boolean {
  return /^\d{6}$/.test(room);
}

/** The picture of one room, from one snapshot to the next. */
export class RoomPicture {
  #view: RoomView | null = null;
  #log: readonly Line[] = [];
  #after: readonly Line[] = [];
  #rows = new WeakMap<Entry, Line>();
  #rowsOf = '';
  /** Lines as one wishes them to be, by the lines as they are. */
  #wished = new WeakMap<Line, { readonly entries: readonly Entry[]; readonly drawn: Line }>();
  #changes: readonly Entry[] = [];

  /** `entries`: the room's lines in the outbox, in the order typed. */
  draw(room: Room, entries: readonly Entry[]): RoomView {
    const view: RoomView = {
      room: room.room,
      isCode: isCode(room.room),
      status: room.status,
      ...(room.refusal === null ? {} : { refusal: room.refusal }),
      you: room.you,
      name: room.name,
      people: room.roster.people,
      count: room.roster.count,
      morePeople: room.roster.listedTo !== null,
      birth: room.birth,
      earlier: room.earlier,
      came: room.came,
      lines: this.#lines(room, entries),
      typing: keep(this.#view?.typing, typing(room)),
      unread: room.unread,
      mentioned: room.mentioned,
      firstUnread: room.firstUnread,
      ...(room.notice === null ? {} : { notice: room.notice }),
    };
    return this.#view = keep(this.#view, view);
  }

  #lines(room: Room, entries: readonly Entry[]): readonly Line[] {
    // Own lines show who one is now; a row drawn for another name is drawn again.
    const who = JSON.stringify([room.you, room.name]);
    if (who !== this.#rowsOf) {
      this.#rows = new WeakMap();
      this.#wished = new WeakMap();
    }
    this.#rowsOf = who;
    const changes = keep(this.#changes, entries.filter((entry) => entry.change !== undefined));
    const waiting = entries.filter((entry) => entry.change === undefined
      ? entry.state !== 'queued' || entry.key !== room.echoed?.key
      : entry.change.kind === 'edit' && entry.state !== 'queued' && targetOf(room, entry.change) === null);
    const after = keep(this.#after, [...room.acked, ...waiting.map((entry) => this.#row(room, entry))]);
    const before = this.#view?.lines;
    if (before !== undefined && room.log === this.#log && after === this.#after && changes === this.#changes) return before;
    this.#log = room.log;
    this.#after = after;
    this.#changes = changes;
    const lines = after.length === 0 ? room.log : [...room.log, ...after];
    return changes.length === 0 ? lines : this.#asWished(room, lines, changes);
  }

  #asWished(room: Room, lines: readonly Line[], changes: readonly Entry[]): readonly Line[] {
    const about = new Map<string, Entry[]>();
    const add = (key: string, entry: Entry): unknown => about.set(key, [...about.get(key) ?? [], entry]);
    for (const entry of changes) if (entry.change !== undefined) add(targetOf(room, entry.change)?.key ?? '', entry);
    return lines.map((line) => {
      const entries = about.get(line.key);
      return entries !== undefined && isSaid(line) ? this.#wish(room, line, entries) : line;
    });
  }

  #wish(room: Room, line: SaidLine, entries: readonly Entry[]): Line {
    const known = this.#wished.get(line);
    if (known !== undefined && keep(known.entries, entries) === known.entries) return known.drawn;
    const drawn = wished(line, entries, room.you, room.name);
    this.#wished.set(line, { entries, drawn });
    return drawn;
  }

  #row(room: Room, entry: Entry): Line {
    const drawn = this.#rows.get(entry) ?? ownLine(room, entry);
    this.#rows.set(entry, drawn);
    return drawn;
  }
}

function typing(room: Room): readonly Person[] {
  return room.roster.people.filter((person) => person.id !== room.you && room.typists.has(person.id));
}

/** `before`, if `after` holds the same; else `after`. */
export function keep<T extends object>(before: T | null | undefined, after: T): T {
  if (before === null || before === undefined) return after;
  const [old, young] = [Object.entries(before), Object.entries(after)];
  const values = new Map(old);
  return old.length === young.length && young.every(([key, value]) => values.has(key) && values.get(key) === value) ? before : after;
}

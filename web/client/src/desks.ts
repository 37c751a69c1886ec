// The rooms one wants to be in, in the order in which they were joined, and under every name they were asked for.
import type { Desk } from './desk.ts';

export class Desks {
  readonly #desks = new Map<string, Desk>();
  /** Proper names, by the names under which rooms were joined. */
  readonly #spellings = new Map<string, string>();

  get isEmpty(): boolean {
    return this.#desks.size === 0;
  }

  [Symbol.iterator](): IterableIterator<Desk> {
    return this.#desks.values();
  }

  /** The name under which a room stands here. */
  proper(room: string): string {
    return this.#spellings.get(room) ?? room;
  }

  get(room: string): Desk | undefined {
    return this.#desks.get(this.proper(room));
  }

  add(desk: Desk): void {
    this.#desks.set(desk.room.room, desk);
  }

  remove(desk: Desk): void {
    this.#desks.delete(desk.room.room);
  }

  /** The server has another spelling for a room; it keeps its place in the order. */
  rename(desk: Desk, proper: string): void {
    const before = desk.room.room;
    const desks = [...this.#desks];
    this.#desks.clear();
    for (const [name, one] of desks) if (name !== proper) this.#desks.set(one === desk ? proper : name, one);
    this.#spellings.set(before, proper);
  }
}

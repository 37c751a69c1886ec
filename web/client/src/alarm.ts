// One timer for one purpose, moved rather than doubled. Engines ring up to a millisecond early by their own clock, and clocks are
// set; so what rings is told the time for which it was set, and need not ask.
import type { Surroundings } from './platform.ts';

/** Longest timer that every engine keeps, ms (2^31-1). */
const LONGEST_MS = 2_147_483_647;

export class Alarm {
  readonly #env: Surroundings;
  readonly #ring: (now: number) => void;
  #timer = 0;

  constructor(env: Surroundings, ring: (now: number) => void) {
    this.#env = env;
    this.#ring = ring;
  }

  /** Rings once at `time`, instead of whenever it was to ring before. */
  at(time: number): void {
    this.off();
    const ms = Math.min(LONGEST_MS, time - this.#env.now());
    this.#timer = this.#env.setTimer(() => this.#ring(Math.max(this.#env.now(), time)), ms);
  }

  /** Of one that has rung, and before the first, it is nothing. */
  off(): void {
    this.#env.clearTimer(this.#timer);
  }
}

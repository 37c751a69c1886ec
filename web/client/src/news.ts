// Tells the page that there is a new snapshot: once for many changes, after them, and only if something looks different.
import type { Surroundings } from './platform.ts';

export class News<View> {
  readonly #env: Surroundings;
  readonly #draw: (before: View) => View;
  /** Called after changes even if nothing looks different. */
  readonly #settled: () => void;
  readonly #listeners = new Set<() => void>();
  #view: View;
  #told: View;
  #stale = true;
  #telling = false;
  #over = false;

  constructor(env: Surroundings, first: View, draw: (before: View) => View, settled: () => void) {
    this.#env = env;
    this.#draw = draw;
    this.#settled = settled;
    this.#view = this.#told = first;
  }

  /** The newest snapshot, drawn when it is asked for. */
  get view(): View {
    if (this.#stale) this.#view = this.#draw(this.#view);
    this.#stale = false;
    return this.#view;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  changed(): void {
    this.#stale = true;
    if (this.#telling || this.#over) return;
    this.#telling = true;
    this.#env.microtask(() => {
      this.#telling = false;
      if (this.#over) return;
      this.#settled();
      if (this.view === this.#told) return;
      this.#told = this.view;
      for (const listener of [...this.#listeners]) listener();
    });
  }

  /** Tells nobody anything any more. */
  end(): void {
    this.#over = true;
    this.#listeners.clear();
  }
}

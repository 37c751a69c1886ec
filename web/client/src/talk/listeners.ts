// Who wants to hear what, by kind.

export class Listeners<Kinds> {
  readonly #all = new Set<(kind: keyof Kinds, what: Kinds[keyof Kinds]) => void>();

  /** Gives back how to end that. */
  on<K extends keyof Kinds>(kind: K, listener: (what: Kinds[K]) => void): () => void {
    const one = (told: keyof Kinds, what: Kinds[keyof Kinds]): void => {
      if (told === kind) listener(what as Kinds[K]);
    };
    this.#all.add(one);
    return () => void this.#all.delete(one);
  }

  /** A listener that throws does not keep others from hearing; what it threw surfaces as an uncaught error. */
  tell<K extends keyof Kinds>(kind: K, what: Kinds[K]): void {
    for (const one of [...this.#all]) {
      try {
        one(kind, what);
      } catch (thrown) {
        void Promise.reject(thrown);
      }
    }
  }
}

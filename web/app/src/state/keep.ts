// The browser's two boxes. Either may be refused (private windows, blocked site data); then the page works and forgets.

export interface Box {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

function box(which: 'localStorage' | 'sessionStorage'): Box {
  const spare = new Map<string, string>();
  const real = <T>(use: (storage: Storage) => T, instead: () => T): T => {
    try {
      return use(window[which]);
    } catch {
      return instead();
    }
  };
  return {
    getItem: (key) => real((storage) => storage.getItem(key), () => null) ?? spare.get(key) ?? null,
    setItem: (key, value) => real((storage) => { storage.setItem(key, value); spare.delete(key); }, () => { spare.set(key, value); }),
    removeItem: (key) => { spare.delete(key); real((storage) => storage.removeItem(key), () => undefined); },
  };
}

/** For this browser: name, theme, language. */
export const forGood = box('localStorage');
/** For this tab, through reloads: who I am in which rooms, what waits to be sent, drafts. */
export const forTab = box('sessionStorage');

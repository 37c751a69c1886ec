// Where in the page one is: `/` or `/r/{room}`. The browser's history is the router.
import { signal } from '@preact/signals';
import { roomName } from '../text/code.ts';

export interface Place {
  /** The room of the address, or null for the front page. */
  room: string | null;
}

export function placeOf(pathname: string): Place {
  const found = /^\/r\/([^/]+)\/?$/.exec(pathname)?.[1];
  if (found === undefined) return { room: null };
  try {
    return { room: roomName(decodeURIComponent(found)) };
  } catch {
    return { room: found };
  }
}

export const pathOf = (room: string | null): string => (room === null ? '/' : `/r/${encodeURIComponent(room)}`);

export const place = signal<Place>(placeOf(location.pathname));

export function go(room: string | null, how: 'push' | 'replace' = 'push'): void {
  if (place.value.room === room && location.pathname === pathOf(room)) return;
  history[how === 'push' ? 'pushState' : 'replaceState'](null, '', pathOf(room));
  place.value = { room };
}

/** Follows the back button. Call once. */
export function followHistory(): void {
  addEventListener('popstate', () => { place.value = placeOf(location.pathname); });
}

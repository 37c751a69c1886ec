// Where in the page one is: `/` or `/r/{room}`. The browser's history is the router.
import { signal } from '@preact/signals';
import { roomFromPath } from '../../../client/src/code.ts';

export interface Place {
  /** The room of the address, or null for the front page. */
  room: string | null;
}

export const placeOf = (pathname: string): Place => ({ room: roomFromPath(pathname) });

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

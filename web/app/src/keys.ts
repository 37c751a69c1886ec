// Keys that work everywhere: Alt with arrows goes from room to room, Ctrl or Cmd with K to the list, F6 round the regions, and a
// letter typed at nothing goes to the composer.
import { view } from './state/chat.ts';
import { menu } from './state/menu.ts';
import { go, place } from './state/place.ts';
import { sheet } from './state/sheet.ts';

const REGIONS = ['#rooms', '.log', '#composer', '.people button'];

function step(by: number): void {
  const rooms = view.value.rooms;
  const at = rooms.findIndex((room) => room.room === place.value.room);
  const next = rooms[at < 0 ? 0 : (at + by + rooms.length) % rooms.length];
  if (next !== undefined) go(next.room);
}

function nextRegion(back: boolean): void {
  const regions = REGIONS.map((one) => document.querySelector<HTMLElement>(one)).filter((one) => one !== null && one.checkVisibility());
  const at = regions.findIndex((one) => one?.contains(document.activeElement));
  regions[(at + (back ? regions.length - 1 : 1) + (at < 0 && back ? 1 : 0)) % regions.length]?.focus();
}

const inField = (target: EventTarget | null) => target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Call once. */
export function listenToKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.isComposing || sheet.value !== null || menu.value !== null) return;
    if (event.altKey && !event.ctrlKey && !event.metaKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown') && view.value.rooms.length > 0) {
      event.preventDefault();
      step(event.key === 'ArrowUp' ? -1 : 1);
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k' && document.getElementById('rooms') !== null) {
      event.preventDefault();
      (document.querySelector<HTMLElement>('#rooms [aria-current]') ?? document.querySelector<HTMLElement>('#rooms a'))?.focus();
    } else if (event.key === 'F6' && document.getElementById('composer') !== null) {
      event.preventDefault();
      nextRegion(event.shiftKey);
    } else if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey && !inField(event.target)) {
      // The key goes on to the field it is given to; only the slash is a mere call.
      const composer = document.getElementById('composer');
      if (composer === null) return;
      if (event.key === '/') event.preventDefault();
      composer.focus();
    }
  });
}

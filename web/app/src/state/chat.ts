// The one connection of this tab, as a signal. The core (web/client) does the work; here it meets the browser.
import { signal } from '@preact/signals';
import { Chat, type RoomView } from '../../../client/src/index.ts';
import { forTab } from './keep.ts';
import { socketUrl } from './server.ts';

export const chat = new Chat({ url: socketUrl(), storage: forTab });

export const view = signal(chat.view);
chat.subscribe(() => { view.value = chat.view; });

export const roomOf = (room: string | null): RoomView | undefined => view.value.rooms.find((one) => one.room === room);

/** The room's name as the server has it: `/r/General` leads to `general`. Reads the view: it is learnt when one is let in. */
export function properName(room: string | null): string | null {
  void view.value;
  return room === null ? null : chat.properName(room);
}

/** Tells the core what the browser knows about the network and the eyes on the page. Call once. */
export function feedChat(): void {
  const seen = () => { chat.visible(document.visibilityState === 'visible' && document.hasFocus()); };
  const net = () => { chat.online(navigator.onLine); };
  addEventListener('online', net);
  addEventListener('offline', net);
  // A page that comes out of the back-forward cache has a dead socket and was told nothing.
  addEventListener('pageshow', (event) => { if (event.persisted) chat.reconnectNow(); });
  document.addEventListener('visibilitychange', seen);
  addEventListener('focus', seen);
  addEventListener('blur', seen);
  net();
  seen();
}

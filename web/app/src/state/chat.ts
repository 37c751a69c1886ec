// The one connection of this tab, as the page sees it: a signal, and wishes. The core itself (core.ts) comes with the rooms, after
// the first picture; what is wished before it is there is done when it is.
import { signal } from '@preact/signals';
import type { Chat, ChatView, RoomView } from '../../../client/src/index.ts';
import { forTab } from './keep.ts';

const NOTHING: ChatView = { link: { state: 'idle' }, rooms: [], active: null, queued: 0, changing: 0, limits: null };

export const view = signal<ChatView>(NOTHING);
/** Is the core there? Before that, `view` says nothing. */
export const begun = signal(false);

let core: Chat | null = null;
const wishes: ((chat: Chat) => void)[] = [];

export function withChat(wish: (chat: Chat) => void): void {
  if (core === null) wishes.push(wish);
  else wish(core);
}

/** Called by the core's own part of the page, once. */
export function begin(chat: Chat): void {
  core = chat;
  view.value = chat.view;
  chat.subscribe(() => { view.value = chat.view; });
  for (const wish of wishes.splice(0)) wish(chat);
  begun.value = true;
}

/** Was this tab in rooms when it was loaded? Then there is nothing to show before the core is there. */
export const remembers = /"rooms":\[\{/.test(forTab.getItem('charsu.session') ?? '');

export const roomOf = (room: string | null): RoomView | undefined => view.value.rooms.find((one) => one.room === room);

/** The room's name as the server has it: `/r/General` leads to `general`. Reads the view: it is learnt when one is let in. */
export function properName(room: string | null): string | null {
  void view.value;
  return room === null ? null : core?.properName(room) ?? room;
}

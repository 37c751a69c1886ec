// What is being written, room by room, through reloads; and to whom.
import { signal } from '@preact/signals';
import type { Person } from '../../../client/src/index.ts';
import { forTab } from './keep.ts';

const key = (room: string) => `charsu.draft.${room}`;

export const draftOf = (room: string): string => forTab.getItem(key(room)) ?? '';

export function keepDraft(room: string, text: string): void {
  if (text === '') forTab.removeItem(key(room));
  else forTab.setItem(key(room), text);
}

/** Rooms whose composer writes to one person only. Not kept through a reload: better to ask again than to tell the wrong people. */
export const privately = signal<Readonly<Record<string, Person>>>({});

export function writePrivately(room: string, person: Person | null): void {
  const { [room]: _, ...others } = privately.value;
  privately.value = person === null ? others : { ...others, [room]: person };
}

/** Text that a menu asks the composer to put in. */
export const inserted = signal<{ room: string; text: string } | null>(null);

// The way into a room: asked for, waited for, then in or refused. One attempt at a time.
import { effect, signal } from '@preact/signals';
import type { ErrorNotice } from '../../../client/src/index.ts';
import { properName, roomOf, withChat } from './chat.ts';
import { go } from './place.ts';
import { createRoom } from './server.ts';
import { myName } from './settings.ts';

export interface Attempt {
  /** Null while the server makes the code. */
  room: string | null;
  name: string;
  /** Did this attempt make the room? */
  made: boolean;
  startedAt: number;
  error?: ErrorNotice;
}

/** How long the wall's star takes to fill: nobody is let in before it has. */
const FLOURISH_MS = 320;

export const attempt = signal<Attempt | null>(null);

export const trying = (): boolean => attempt.value !== null && attempt.value.error === undefined;

export function joinRoom(room: string, name: string): void {
  myName.value = name;
  const there = roomOf(room);
  if (there?.status === 'live') {
    attempt.value = null;
    go(room);
    return;
  }
  attempt.value = { room, name, made: false, startedAt: Date.now() };
  withChat((chat) => chat.join(room, name));
}

export async function openRoom(name: string): Promise<void> {
  myName.value = name;
  const begun: Attempt = { room: null, name, made: true, startedAt: Date.now() };
  attempt.value = begun;
  const answer = await createRoom();
  if (attempt.value !== begun) return;
  if (!answer.ok) {
    attempt.value = { ...begun, error: answer.error };
    return;
  }
  const { code } = answer.value;
  attempt.value = { ...begun, room: code };
  withChat((chat) => chat.join(code, name));
}

export function forgetAttempt(): void {
  const begun = attempt.value;
  if (begun === null) return;
  attempt.value = null;
  const { room, error } = begun;
  if (room !== null && error === undefined) withChat((chat) => chat.leave(room));
}

/** Watches the room that is being tried. Call once. */
export function followAttempt(): void {
  effect(() => {
    const begun = attempt.value;
    if (begun === null || begun.room === null || begun.error !== undefined) return;
    const asked = begun.room;
    const room = roomOf(asked) ?? roomOf(properName(asked));
    if (room?.status === 'refused') {
      const error = room.refusal ?? { code: 'unknown', message: '' };
      attempt.value = { ...begun, error };
      withChat((chat) => chat.leave(asked));
    } else if (room?.status === 'live') {
      const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
      const rest = still ? 0 : Math.max(0, begun.startedAt + FLOURISH_MS - Date.now());
      setTimeout(() => {
        if (attempt.value !== begun) return;
        attempt.value = null;
        go(room.room);
      }, rest);
    }
  });
}

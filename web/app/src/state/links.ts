// What the server says of itself, and the link that brings others into a room.
import { signal } from '@preact/signals';
import { pathOf } from './place.ts';
import { about, type About } from './server.ts';
import { myName } from './settings.ts';
import { givenName, token, uninvited } from './ticket.ts';

const known = signal<About | null>(null);

/** Null until it is known. */
export const server = (): About | null => known.value;

/** Asked once: on a loopback address the server names one that works from other machines. */
export async function learnAbout(): Promise<void> {
  const answer = await about();
  if (!answer.ok) return;
  const { value } = answer;
  known.value = value;
  if (value.token === 'required' && token() === null) uninvited.value = { code: 'token_required', message: '' };
  if (value.name != null) givenName.value = myName.value = value.name;
}

const LOOPBACK = /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/;

/** Where others find this page: nobody can follow a link to `localhost` from another machine. */
export function shareBase(origin: string, hostname: string, offered: string | null | undefined): string {
  return LOOPBACK.test(hostname) && offered ? offered.replace(/\/+$/, '') : origin;
}

export const roomLink = (room: string): string => shareBase(location.origin, location.hostname, known.value?.share_base) + pathOf(room);

// What somebody typed or pasted where a code is asked for. Pure; the reading of codes is the client's.
import { asciiDigits, findCode, parseCode, roomFromPath } from '../../../client/src/code.ts';

export { findCode };

/** The digits so far, six at most: what the tiles show. */
export function typedDigits(text: string): string {
  return asciiDigits(text).replace(/\D/g, '').slice(0, 6);
}

/** The named room that a pasted link leads to; null for codes and for anything that is no link. */
export function namedRoom(pasted: string): string | null {
  const path = /^\s*https?:\/\/[^/\s]+(\/[^?#\s]*)/i.exec(pasted)?.[1];
  const room = path === undefined ? null : roomFromPath(path);
  return room === null || parseCode(room) !== null ? null : room;
}

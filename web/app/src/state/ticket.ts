// The token of an invitation: `/r/408213#token=…`. What stands after the # goes to no server; from there it is taken at once and
// kept for this tab. A token is not read here: the server says whom it names.
import { signal } from '@preact/signals';
import type { ErrorNotice } from '../../../client/src/index.ts';
import { forTab } from './keep.ts';

const KEY = 'charsu.token';

/** The name that the token gives; then no other can be chosen. */
export const givenName = signal<string | null>(null);
/** Why nobody comes in here without another token. */
export const uninvited = signal<ErrorNotice | null>(null);

export const token = (): string | null => forTab.getItem(KEY);

export const credentials = (): { authorization?: string } => {
  const held = token();
  return held === null ? {} : { authorization: `Bearer ${held}` };
};

/** Takes the token out of the address. Says whether there was one. */
function take(): boolean {
  const found = /^#token=([\w.-]+)$/.exec(location.hash)?.[1];
  if (found === undefined) return false;
  forTab.setItem(KEY, found);
  history.replaceState(history.state, '', location.pathname + location.search);
  return true;
}

take();
// Another invitation, opened where the last one is: begin anew with it.
addEventListener('hashchange', () => { if (take()) location.reload(); });

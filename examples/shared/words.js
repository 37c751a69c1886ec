// What the example chats say of a connection, a line and those who type.

/** Where the server is: `?server=` in the page's address, or `charsu` on this machine. */
export const server = new URLSearchParams(location.search).get('server') ?? 'http://127.0.0.1:8000';

/** @param {{ state: string }} link */
export function banner({ state }) {
  return {
    connecting: 'Connecting…', waiting: 'No connection. What you write is kept and sent later.', offline: 'You are offline. What you write is kept and sent later.',
    stopped: 'The server cannot be reached.', closed: 'This conversation is open somewhere else.',
  }[state] ?? '';
}

/** @param {string} state */
export function mark(state) {
  return { queued: 'waiting…', failed: 'not sent', unconfirmed: 'perhaps sent' }[state] ?? '';
}

/** A name within a sentence of another direction (Unicode's first strong isolate). @param {string} name */
const isolated = (name) => `\u2068${name}\u2069`;

/** @param {readonly { name: string }[]} people */
export function typing(people) {
  return people.length === 0 ? '' : `${people.map(({ name }) => isolated(name)).join(', ')} is typing…`.replace(/^(.*, .*) is /, '$1 are ');
}

/** A line that nobody said, in words. @param {{ kind: string, person?: { name: string } }} line */
export function note({ kind, person }) {
  if (person === undefined) return 'Some lines are missing here';
  return `${isolated(person.name)} ${kind === 'join' ? 'came in' : 'left'}`;
}

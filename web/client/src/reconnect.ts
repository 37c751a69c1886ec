// When to connect, when to wait, when to give up: a pure machine. It opens no socket and sets no timer; chat.ts does, as `phase`
// and `dueAt` say.
import type { Link } from './view.ts';

/** Upper bounds of the wait before each try in a row, ms. The wait is drawn from 0 to the bound, so that clients do not return in step. */
export const DELAYS_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000] as const;
/** So many tries that did not get through, and a page asks the person. */
export const FAILURES_UNTIL_STOP = 10;
/** A link that lived shorter than this after its welcome counts as flapping, and waits a little longer each time. */
const STEADY_MS = 5_000;
/** Flapping alone never waits longer than this entry of DELAYS_MS: the server does let us in. */
const FLAPPING_STEP = 3;
/** The browser may call itself offline although the server runs on this machine, so it is tried all the same, at this pace. */
const OFFLINE_RETRY_MS = 15_000;
/** The server says: do not come back by yourself. docs/protocol.md has the table; 4403 is kept for being shut out. */
export const FINAL_CODES: readonly number[] = [1000, 1002, 1003, 1007, 1008, 1009, 4000, 4400, 4401, 4403, 4408, 4409];
/** The server says: come back later. The least wait where it names none, ms. */
const LATER_MS: Readonly<Record<number, number>> = { 1013: 5_000, 4429: 15_000 };
/** What a server may ask for at most, ms. */
const LONGEST_WAIT_MS = 300_000;

/** `idle`: no room wanted. `waiting` also stands for being offline. */
export type Phase = 'idle' | 'connecting' | 'live' | 'waiting' | 'stopped' | 'closed';

export interface Reconnect {
  readonly phase: Phase;
  readonly online: boolean;
  /** So many tries that did not get through, and it stops. */
  readonly patience: number;
  /** Tries since the last welcome that failed. */
  readonly failures: number;
  /** Index into DELAYS_MS of the next wait. */
  readonly step: number;
  /** When the connection was lost, or first wanted. */
  readonly since: number;
  /** When `waiting` ends. */
  readonly dueAt: number;
  /** The server asked not to be tried before this. */
  readonly notBefore: number;
  readonly welcomedAt: number;
  /** The server said that it stops and comes back, and it has not been reached since. */
  readonly restarts: boolean;
  readonly closed: { readonly code: number; readonly reason: string };
}

export type Happening =
  | { kind: 'wanted' } | { kind: 'unwanted' }
  | { kind: 'welcomed' }
  /**
   * The socket ended, or was dropped by us (code 0). `retryAfterMs`: what the server asked for before, in an `error` or, with
   * `restarts`, in a `goaway`: then for this client alone.
   */
  | { kind: 'lost'; code: number; reason: string; retryAfterMs?: number | undefined; restarts?: boolean }
  | { kind: 'due' }
  | { kind: 'online'; is: boolean } | { kind: 'visible' }
  /** The person asks for it. */
  | { kind: 'now' };

export const START: Reconnect = {
  phase: 'idle', online: true, patience: FAILURES_UNTIL_STOP, failures: 0, step: 0, since: 0, dueAt: 0, notBefore: 0, welcomedAt: 0, restarts: false, closed: { code: 0, reason: '' },
};

export function reconnect(state: Reconnect, what: Happening, now: number, random: () => number): Reconnect {
  switch (what.kind) {
    case 'wanted': return state.phase === 'idle' ? begun(state, now) : state;
    case 'unwanted': return state.phase === 'idle' ? state : { ...START, online: state.online, patience: state.patience, notBefore: state.notBefore };
    case 'welcomed': return state.phase === 'connecting' ? { ...state, phase: 'live', failures: 0, welcomedAt: now, restarts: false } : state;
    case 'lost': return lost(state, what, now, random);
    // The clock is not asked again: it may have been set back, or be a millisecond behind its own timer.
    case 'due': return state.phase === 'waiting' ? byHand(state, now) : state;
    case 'online': return online(state, what.is, now, random);
    case 'visible': return atOnce(state, now);
    case 'now': return byHand(state, now);
  }
}

function lost(state: Reconnect, what: Extract<Happening, { kind: 'lost' }>, now: number, random: () => number): Reconnect {
  const { code, reason } = what;
  // Also while it waits: why a token was not taken is learned later than that it was not.
  if (FINAL_CODES.includes(code)) return { ...state, phase: 'closed', closed: { code, reason } };
  const wasLive = state.phase === 'live';
  if (state.phase !== 'connecting' && !wasLive) return state;
  const asked = Math.min(LONGEST_WAIT_MS, what.retryAfterMs ?? LATER_MS[code] ?? 0);
  const steady = wasLive && now - state.welcomedAt >= STEADY_MS;
  const step = steady ? 0 : Math.min(state.step, wasLive ? FLAPPING_STEP : DELAYS_MS.length - 1);
  const next: Reconnect = {
    ...state,
    phase: 'waiting',
    since: wasLive ? now : state.since,
    // Without a network nothing can be said about the server, so it is not held against it.
    failures: wasLive ? 0 : state.failures + (state.online ? 1 : 0),
    step: step + 1,
    notBefore: now + asked,
    restarts: what.restarts || (!wasLive && state.restarts),
  };
  if (next.failures >= state.patience) return { ...next, phase: 'stopped' };
  // What the server asks for is the least, and everybody was told the same: up to a fifth is added by chance.
  const least = asked + asked * random() / 5;
  const wait = next.online ? random() * (DELAYS_MS[step] ?? 0) : offlineWait(random);
  // A server that restarts has given everybody another time, so that nothing is to be added.
  return { ...next, dueAt: Math.ceil(now + (what.restarts && next.online ? asked : Math.max(least, wait))) };
}

function offlineWait(random: () => number): number {
  return OFFLINE_RETRY_MS * (1 + random()) / 2;
}

function online(state: Reconnect, is: boolean, now: number, random: () => number): Reconnect {
  if (is) return atOnce({ ...state, online: true }, now);
  const next = { ...state, online: false };
  return next.phase === 'waiting' ? { ...next, dueAt: Math.ceil(Math.max(next.notBefore, now + offlineWait(random))) } : next;
}

/** Tries without waiting, but not before the moment that the server named. */
function atOnce(state: Reconnect, now: number): Reconnect {
  if (state.phase !== 'waiting' && state.phase !== 'stopped') return state;
  const fresh = state.phase === 'stopped' ? { ...state, failures: 0, step: 0 } : state;
  return { ...fresh, phase: now >= fresh.notBefore ? 'connecting' : 'waiting', dueAt: fresh.notBefore };
}

/** A person's wish goes before the server's: there is one person, and one try. */
function byHand(state: Reconnect, now: number): Reconnect {
  if (state.phase === 'waiting') return { ...state, phase: 'connecting' };
  return state.phase === 'stopped' || state.phase === 'closed' ? begun(state, now) : state;
}

function begun(state: Reconnect, now: number): Reconnect {
  return { ...state, phase: 'connecting', since: now, failures: 0, step: 0 };
}

/** The machine as the page shows it. */
export function linkOf(state: Reconnect): Link {
  const { since } = state;
  const restarts = state.restarts ? { restarts: true as const } : {};
  const offline = !state.online && state.step > 0;
  switch (state.phase) {
    case 'idle': return { state: 'idle' };
    case 'live': return { state: 'live' };
    // Tries made while offline are made quietly, so that the banner does not flicker.
    case 'connecting': return offline ? { state: 'offline', since } : { state: 'connecting', attempt: state.failures + 1, since, ...restarts };
    case 'waiting': return state.online ? { state: 'waiting', attempt: state.failures + 1, retryAt: state.dueAt, since, ...restarts } : { state: 'offline', since };
    case 'stopped': return { state: 'stopped', attempts: state.failures };
    case 'closed': return { state: 'closed', ...state.closed };
  }
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DELAYS_MS, FAILURES_UNTIL_STOP, FINAL_CODES, linkOf, reconnect, START, type Happening, type Reconnect } from '../src/reconnect.ts';
import { seeded } from './fake.ts';

/** The longest that chance can make it. */
const LONGEST = (): number => 0.999_999;

function after(...steps: [Happening, number][]): Reconnect {
  return steps.reduce((state, [what, now]) => reconnect(state, what, now, LONGEST), START);
}

const LOST: Happening = { kind: 'lost', code: 1006, reason: '' };

test('waits grow as 0.5, 1, 2, 4, 8, 15 seconds, and the tenth failure stops', () => {
  let state = after([{ kind: 'wanted' }, 0]);
  let now = 0;
  const waits: number[] = [];
  for (let failure = 1; failure < FAILURES_UNTIL_STOP; failure += 1) {
    state = reconnect(state, LOST, now, LONGEST);
    expect(linkOf(state)).toMatchObject({ state: 'waiting', attempt: failure + 1, since: 0, retryAt: state.dueAt });
    waits.push(Math.ceil(state.dueAt - now));
    now = state.dueAt;
    state = reconnect(state, { kind: 'due' }, now, LONGEST);
    expect(linkOf(state)).toEqual({ state: 'connecting', attempt: failure + 1, since: 0 });
  }
  expect(waits).toEqual([...DELAYS_MS, 15_000, 15_000, 15_000]);
  state = reconnect(state, LOST, now, LONGEST);
  expect(linkOf(state)).toEqual({ state: 'stopped', attempts: FAILURES_UNTIL_STOP });
});

test('the wait is drawn from the whole span, so that clients do not return in step', () => {
  const random = seeded(7);
  const waits = Array.from({ length: 2_000 }, () => {
    const first = reconnect(after([{ kind: 'wanted' }, 0], [{ kind: 'welcomed' }, 10]), LOST, 100_000, random);
    return first.dueAt - 100_000;
  });
  expect(Math.min(...waits)).toBeLessThan(10);
  expect(Math.max(...waits)).toBeGreaterThan(490);
  expect(Math.max(...waits)).toBeLessThanOrEqual(500);
  expect(waits.reduce((sum, wait) => sum + wait, 0) / waits.length).toBeCloseTo(250, -2);
});

test('a welcome makes all failures forgotten; a link that falls right after it waits longer each time, but never stops', () => {
  let state = after([{ kind: 'wanted' }, 0]);
  let now = 0;
  const waits: number[] = [];
  for (let round = 0; round < 30; round += 1) {
    state = reconnect(state, { kind: 'welcomed' }, now, LONGEST);
    expect(linkOf(state)).toEqual({ state: 'live' });
    state = reconnect(state, LOST, now + 100, LONGEST);
    waits.push(Math.ceil(state.dueAt - now - 100));
    now = state.dueAt;
    state = reconnect(state, { kind: 'due' }, now, LONGEST);
    expect(state.phase).toBe('connecting');
  }
  expect(waits.slice(0, 5)).toEqual([500, 1_000, 2_000, 4_000, 4_000]);
  state = reconnect(state, { kind: 'welcomed' }, now, LONGEST);
  state = reconnect(state, LOST, now + 60_000, LONGEST);
  expect(Math.ceil(state.dueAt - now - 60_000)).toBe(500);
});

describe('close codes', () => {
  test('are final where the protocol says so', () => {
    const protocol = readFileSync(join(import.meta.dirname, '../../../docs/protocol.md'), 'utf8');
    const [, table = ''] = protocol.split('<!-- closes: begin');
    const rows = [...table.matchAll(/^\| (\d{4}) \|.*\| (yes|no) \|$/gm)].map(([, code, returns]) => ({ code: Number(code), final: returns === 'no' }));
    expect(rows.length).toBeGreaterThan(10);
    for (const { code, final } of rows) expect(FINAL_CODES.includes(code), String(code)).toBe(final);
  });

  test.each([4000, 4400, 4401, 4403, 4408, 4409])('%i forbids coming back by itself', (code) => {
    const state = after([{ kind: 'wanted' }, 0], [{ kind: 'welcomed' }, 10], [{ kind: 'lost', code, reason: 'why' }, 20]);
    expect(linkOf(state)).toEqual({ state: 'closed', code, reason: 'why' });
    for (const what of [{ kind: 'online', is: true }, { kind: 'visible' }, { kind: 'due' }, { kind: 'wanted' }] as Happening[]) {
      expect(reconnect(state, what, 1_000_000, LONGEST).phase).toBe('closed');
    }
    expect(reconnect(state, { kind: 'now' }, 1_000_000, LONGEST).phase).toBe('connecting');
  });

  test.each([1001, 1006, 1011, 1012, 4008, 4010])('%i is come back from', (code) => {
    expect(after([{ kind: 'wanted' }, 0], [{ kind: 'welcomed' }, 10], [{ kind: 'lost', code, reason: '' }, 20]).phase).toBe('waiting');
  });

  test.each([
    [1013, '', undefined, 5_000],
    [4429, '', undefined, 15_000],
    [4429, '', 33_000, 33_000],
    [4429, '', 86_400_000, 300_000],
  ])('%i with "%s" and %s waits at least what was asked', (code, reason, retryAfterMs, least) => {
    for (const random of [() => 0, LONGEST]) {
      const lost: Happening = { kind: 'lost', code, reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
      const state = reconnect(after([{ kind: 'wanted' }, 0], [{ kind: 'welcomed' }, 10]), lost, 1_000, random);
      expect(state.dueAt - 1_000).toBeGreaterThanOrEqual(least);
      expect(state.dueAt - 1_000).toBeLessThanOrEqual(least * 1.2);
      // Neither the network nor the eye shortens it; the person may.
      expect(reconnect(state, { kind: 'online', is: true }, 1_001, random)).toMatchObject({ phase: 'waiting', dueAt: 1_000 + least });
      expect(reconnect(state, { kind: 'visible' }, 1_001, random).phase).toBe('waiting');
      expect(reconnect(state, { kind: 'now' }, 1_001, random).phase).toBe('connecting');
    }
  });
});

test('the network or the eye coming back tries at once, also after giving up', () => {
  const waiting = after([{ kind: 'wanted' }, 0], [LOST, 10]);
  let stopped = after([{ kind: 'wanted' }, 0]);
  while (stopped.phase !== 'stopped') stopped = reconnect(reconnect(stopped, LOST, 1, LONGEST), { kind: 'due' }, 1e6, LONGEST);
  for (const state of [waiting, stopped]) {
    for (const what of [{ kind: 'online', is: true }, { kind: 'visible' }, { kind: 'now' }] as Happening[]) {
      expect(reconnect(state, what, 11, LONGEST).phase).toBe('connecting');
    }
  }
  expect(reconnect(stopped, { kind: 'visible' }, 11, LONGEST).failures).toBe(0);
});

test('without a network the link is called offline and tried quietly, and failures do not count', () => {
  let state = after([{ kind: 'wanted' }, 0], [{ kind: 'welcomed' }, 5], [LOST, 10_000], [{ kind: 'online', is: false }, 10_100]);
  expect(linkOf(state)).toEqual({ state: 'offline', since: 10_000 });
  for (let round = 0; round < 50; round += 1) {
    const wait = state.dueAt;
    state = reconnect(state, { kind: 'due' }, wait, LONGEST);
    expect(state.phase).toBe('connecting');
    expect(linkOf(state)).toEqual({ state: 'offline', since: 10_000 });
    state = reconnect(state, LOST, wait + 10, LONGEST);
    expect(state.dueAt - wait).toBeGreaterThanOrEqual(7_500);
  }
  state = reconnect(state, { kind: 'online', is: true }, 2e6, LONGEST);
  expect(linkOf(state)).toMatchObject({ state: 'connecting', since: 10_000 });
});

test('a server on this machine is reached although the browser is offline', () => {
  const state = after([{ kind: 'online', is: false }, 0], [{ kind: 'wanted' }, 1]);
  expect(linkOf(state)).toEqual({ state: 'connecting', attempt: 1, since: 1 });
  expect(linkOf(reconnect(state, { kind: 'welcomed' }, 5, LONGEST))).toEqual({ state: 'live' });
});

test('without a room to be in, nothing is tried', () => {
  expect(after([{ kind: 'online', is: true }, 0], [{ kind: 'visible' }, 1], [{ kind: 'now' }, 2]).phase).toBe('idle');
  expect(linkOf(after([{ kind: 'wanted' }, 0], [LOST, 1], [{ kind: 'unwanted' }, 2]))).toEqual({ state: 'idle' });
});

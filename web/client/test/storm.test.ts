// Chats on a bad day: seeded chance cuts, silences, delays, refuses, forgets and reloads. Whatever happens, at every moment nothing is
// shown twice or out of order, and at the end everything that was said stands in the room once, in the order in which it was typed,
// with the words and reactions that it was given since, or not at all if it was taken back.
import { describe, expect, test, vi } from 'vitest';
import type { Chat, Line, RoomView } from '../src/index.ts';
import { Store, World } from './fake.ts';

const ROOMS = ['408213', 'general'];
const STEPS = 300;
/** More of them for a long night: `STORM_SEEDS=500 npm test`. */
const SEEDS = Number(process.env['STORM_SEEDS'] ?? 5);

interface Someone {
  readonly name: string;
  readonly store: Store;
  chat: Chat;
  readonly typed: Map<string, string[]>;
}

type SaidLine = Extract<Line, { kind: 'message' | 'private' }>;

/** Each edit adds a star to a line's words. */
const plain = (text: string): string => text.replace(/\*+$/, '');

function saidLines(view: RoomView): SaidLine[] {
  return view.lines.filter((line) => line.kind === 'message' || line.kind === 'private') as SaidLine[];
}

/** What must hold in every snapshot. */
function check(someone: Someone): void {
  for (const view of someone.chat.view.rooms) {
    const keys = view.lines.map((line) => line.key);
    expect(new Set(keys).size, 'keys are one for each row').toBe(keys.length);
    // Words for a line that is not here any more are a wish, not a line.
    const texts = saidLines(view).filter((line) => line.stray !== true).map((line) => plain(line.text));
    expect(new Set(texts).size, `nothing is shown twice: ${texts.join(' | ')}`).toBe(texts.length);
    // Numbers rise within a life of the log; own lines without a number come last, in the order typed.
    let last = 0;
    let waiting = false;
    let wrong: Line | null = null;
    for (const line of view.lines) {
      if (line.kind === 'gap') last = 0;
      else if (line.seq === null) waiting = true;
      else {
        if (waiting || line.seq <= last) wrong ??= line;
        last = line.seq;
      }
    }
    expect(wrong, 'every line stands in its place').toBeNull();
    // All that was typed is on the page as soon as the room was let in, or waits; what the page gave up is nowhere.
    const typed = someone.typed.get(view.room) ?? [];
    const queued = saidLines(view).filter((line) => line.state === 'queued').map((line) => plain(line.text));
    expect(queued, 'queued lines keep the order typed').toEqual(typed.filter((text) => queued.includes(text)));
  }
}

function storm(seed: number, more: { sessionLoss: boolean; forgetful: boolean; echoFirst: boolean; durable?: boolean }): void {
  const world = new World(seed);
  const { random, server, clock } = world;
  const chance = (share: number): boolean => random() < share;
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  world.latency = () => Math.floor(random() * 80);
  world.early = () => chance(0.5) ? 1 : 0;
  server.pageSize = 2;
  server.durable = more.durable === true;
  server.ackLast = () => more.echoFirst && chance(0.5);
  server.intercept = (frame) => 'id' in frame && frame.type !== 'leave' && chance(0.08)
    ? { type: 'error', code: 'rate_limited', message: 'Slowly.', id: frame.id, room: frame.room, retry_after_ms: Math.floor(random() * 500) } : null;

  const people: Someone[] = ['Mina', 'آرش', 'Oskar'].map((name) => {
    const store = new Store();
    const chat = world.chat(store);
    for (const room of ROOMS) chat.join(room, name);
    return { name, store, chat, typed: new Map() };
  });
  const open = (): typeof world.sockets => world.sockets.filter((socket) => socket.readyState < 3);
  let count = 0;
  const takenBack = new Set<string>();
  /** Changes some line that is shown, in one of the three ways. */
  const change = (chat: Chat, room: string): void => {
    const view = chat.view.rooms.find((one) => one.room === room);
    if (view === undefined) return;
    const from = view.lines.findLastIndex((line) => line.kind === 'gap') + 1;
    const line = pick([...saidLines({ ...view, lines: view.lines.slice(from) }).filter(({ seq }) => seq !== null), null]);
    if (line === null) return;
    if (line.own && chance(0.4)) chat.edit(room, line.key, `${line.text}*`);
    else if (line.own && chance(0.3)) {
      if (chat.delete(room, line.key)) takenBack.add(plain(line.text));
    } else chat.react(room, line.key, pick(['👍', '❤️']), chance(0.6));
  };

  for (let step = 0; step < STEPS; step += 1) {
    const someone = pick(people);
    const room = pick(ROOMS);
    const kind = random();
    if (kind < 0.45) {
      count += 1;
      const text = `${someone.name} ${count}`;
      const private_ = chance(0.15) ? someone.chat.view.rooms.find((one) => one.room === room)?.people.at(-1) : undefined;
      const taken = private_ === undefined ? someone.chat.say(room, text) : someone.chat.private(room, private_.id, text);
      if (taken) someone.typed.set(room, [...someone.typed.get(room) ?? [], text]);
    } else if (kind < 0.53) pick([...open(), null])?.end(pick([1006, 1001, 1011, 1012]));
    else if (kind < 0.57) {
      const socket = pick([...open(), null]);
      if (socket !== null) socket.silent = true;
    } else if (kind < 0.60) {
      server.refuses = server.refuses === null ? 1006 : null;
    } else if (kind < 0.63) {
      someone.chat.close();
      someone.chat = world.chat(someone.store);
    } else if (kind < 0.66) {
      someone.chat.open(pick([...ROOMS, null]));
      someone.chat.visible(chance(0.7));
    } else if (kind < 0.68 && more.forgetful) server.trim(room);
    else if (kind < 0.69 && more.sessionLoss) server.restart();
    else if (kind < 0.72) someone.chat.keystroke(room);
    else if (kind < 0.87) change(someone.chat, room);
    else if (kind < 0.89) someone.chat.earlier(room);
    world.pass(chance(0.1) ? Math.floor(random() * 12_000) : Math.floor(random() * 60));
    for (const one of people) check(one);
  }

  // The weather clears.
  server.refuses = null;
  server.intercept = null;
  world.pass(20_000);
  for (const { chat } of people) chat.reconnectNow();
  world.pass(5_000);
  // Where a session was lost together with the answer to it, its ghost holds the name until its grace ends.
  if (more.sessionLoss) server.endGrace();
  for (const { chat, name } of people) for (const room of chat.view.rooms) if (room.status === 'refused') chat.join(room.room, name);
  for (const one of people) {
    for (let round = 0; round < 60; round += 1) {
      world.pass(1_000);
      check(one);
    }
  }

  // What a store keeps is all there for who reads back.
  if (server.durable) {
    for (let page = 0; page < 20; page += 1) {
      for (const { chat } of people) for (const room of ROOMS) chat.earlier(room);
      world.pass(1_000);
    }
  }

  for (const { chat, name, typed } of people) {
    expect(chat.view.link.state).toBe('live');
    expect(chat.view.queued, `${name} has nothing left to send`).toBe(0);
    expect(chat.view.changing, `${name} has nothing left to change`).toBe(0);
    for (const view of chat.view.rooms) {
      const mine = typed.get(view.room) ?? [];
      const all = server.texts(view.room).map(plain);
      expect(new Set(all).size, 'nothing was said twice').toBe(all.length);
      const arrived = all.filter((text) => text.startsWith(`${name} `));
      expect(arrived, 'in the order typed').toEqual(mine.filter((text) => arrived.includes(text)));
      if (server.durable) {
        const came = server.room(view.room).log.find(({ event }) => event.type === 'join' && event.member.id === view.you)?.event.seq ?? 0;
        const mayBeSeen = server.room(view.room).log.flatMap(({ event, only }) =>
          (event.type === 'message' || event.type === 'private') && (only === null || only.includes(view.you)) && event.seq > came ? [event.text] : []);
        expect(saidLines(view).map((line) => line.text)).toEqual(mayBeSeen);
      }
      const resting = saidLines(view).filter((line) => line.state === 'unconfirmed' || (line.state === 'failed' && line.stray !== true)).map((line) => line.text);
      // Where sessions are lost, some lines may rest with the person.
      if (!more.sessionLoss) {
        expect(resting).toEqual([]);
        expect(arrived.filter((text) => !takenBack.has(text)), 'nothing was lost').toEqual(mine.filter((text) => !takenBack.has(text)));
        // What a room has forgotten can be changed no more; but for that, whatever was wished was done.
        if (!more.forgetful || server.durable) {
          expect(arrived.filter((text) => takenBack.has(text)), 'what was taken back is gone').toEqual([]);
          expect(view.lines.flatMap((line) => line.kind === 'gap' ? [] : 'changes' in line ? line.changes ?? [] : [])).toEqual([]);
        }
      }
      // What one sees is what the room keeps, for as far as it reaches back without a gap.
      const log = server.room(view.room).log.filter(({ event, only }) =>
        ['message', 'private', 'join', 'leave'].includes(event.type) && (only === null || only.includes(view.you))).map(({ event }) => event);
      const from = view.lines.findLastIndex((line) => line.kind === 'gap') + 1;
      const tail = view.lines.slice(from).filter((line) => line.kind !== 'gap' && line.seq !== null);
      const first = tail[0]?.kind === 'gap' ? undefined : tail[0]?.seq;
      if (first != null) {
        // Pages of the past bring lines only, no comings and goings.
        const numbers = tail.map((line) => line.kind === 'gap' ? null : line.seq);
        expect(numbers).toEqual(log.filter(({ seq, type }) => seq >= first && (numbers.includes(seq) || type === 'message' || type === 'private')).map((event) => event.seq));
        const marked = (one: { text: string; reactions?: readonly unknown[] }): unknown => [one.text, one.reactions ?? []];
        const told = new Map(log.flatMap((event) => event.type === 'message' || event.type === 'private' ? [[event.seq as number | null, marked(event)]] : []));
        // Wishes that were refused are not shown as if they were done.
        for (const line of tail) if (line.kind === 'message' || line.kind === 'private') expect(marked(line)).toEqual(told.get(line.seq));
      }
      const members = [...server.room(view.room).members.keys()].sort((one, other) => one - other);
      expect(view.people.map((person) => person.id)).toEqual(members);
      expect(view.count).toBe(members.length);
    }
    chat.close();
  }
  world.pass(100);
  expect(clock.pending, 'no timer is left').toBe(0);
}

const seeds = Array.from({ length: SEEDS }, (_, at) => at + 1);

vi.setConfig({ testTimeout: 60_000 });

describe('cuts, silence, refusals and reloads lose nothing', () => {
  test.each(seeds)('seed %i', (seed) => storm(seed, { sessionLoss: false, forgetful: false, echoFirst: false }));
});
describe('the same, with lines that come back before their acknowledgement', () => {
  test.each(seeds)('seed %i', (seed) => storm(1_000 + seed, { sessionLoss: false, forgetful: false, echoFirst: true }));
});
describe('the same, with rooms that forget their past', () => {
  test.each(seeds)('seed %i', (seed) => storm(2_000 + seed, { sessionLoss: false, forgetful: true, echoFirst: true }));
});
describe('the same, with rooms whose past is stored, and read back', () => {
  test.each(seeds)('seed %i', (seed) => storm(4_000 + seed, { sessionLoss: false, forgetful: true, echoFirst: false, durable: true }));
});
describe('with restarts that forget everybody, nothing is doubled, and what is in doubt rests with the person', () => {
  test.each(seeds)('seed %i', (seed) => storm(3_000 + seed, { sessionLoss: true, forgetful: true, echoFirst: true }));
});

import { expect, test } from 'vitest';
import { isCode } from '../src/index.ts';
import { World } from './fake.ts';

const ROOM = '408213';

test('what did not change stays the same object', () => {
  const world = new World();
  const chat = world.joined();
  chat.join('general', 'Mina');
  const arash = world.server.enter(ROOM, 'Arash');
  world.server.says(ROOM, arash, 'one');
  world.pass(50);
  chat.say(ROOM, 'waits');
  const before = chat.view;
  expect(chat.view).toBe(before);
  world.server.says(ROOM, arash, 'two');
  world.pass(5);
  const after = chat.view;
  expect(after).not.toBe(before);
  expect(after.link).toBe(before.link);
  expect(after.rooms[1]).toBe(before.rooms[1]);
  const [old, young] = [before.rooms[0], after.rooms[0]];
  expect(young).not.toBe(old);
  expect(young?.people).toBe(old?.people);
  expect(young?.typing).toBe(old?.typing);
  for (const line of old?.lines.slice(0, 2) ?? []) expect(young?.lines).toContain(line);
  // The queued row too, although it moved down.
  expect(young?.lines.at(-1)).toBe(old?.lines.at(-1));
});

test('a snapshot is never changed afterwards', () => {
  const world = new World();
  const chat = world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  world.pass(50);
  chat.say(ROOM, 'mine');
  const before = chat.view;
  const copy = structuredClone(before);
  world.server.says(ROOM, arash, 'more');
  world.server.exit(ROOM, arash);
  world.pass(100);
  world.socket.end(1006);
  expect(before).toEqual(copy);
  expect(chat.view).not.toEqual(copy);
});

test('frames that change nothing for the page make no new snapshot', () => {
  const world = new World();
  const chat = world.joined();
  chat.open(ROOM);
  world.pass(10);
  const before = chat.view;
  world.socket.tell({ type: 'pong' });
  world.socket.tell({ type: 'skip', room: ROOM, seq: 2 });
  world.pass(30_000);
  expect(chat.view).toBe(before);
});

test('listeners are called once for many changes, after them', async () => {
  const world = new World();
  const chat = world.joined();
  await Promise.resolve();
  const seen: number[] = [];
  const end = chat.subscribe(() => seen.push(chat.view.rooms[0]?.lines.length ?? 0));
  for (const text of ['a', 'b', 'c']) chat.say(ROOM, text);
  expect(seen).toEqual([]);
  await Promise.resolve();
  expect(seen).toEqual([3]);
  end();
  chat.say(ROOM, 'd');
  await Promise.resolve();
  expect(seen).toEqual([3]);
});

test('a listener may change things; it is called again', async () => {
  const world = new World();
  const chat = world.joined();
  await Promise.resolve();
  let calls = 0;
  chat.subscribe(() => {
    calls += 1;
    if (calls === 1) chat.say(ROOM, 'from the listener');
  });
  chat.open(ROOM);
  await Promise.resolve();
  await Promise.resolve();
  expect(calls).toBe(2);
});


test('a code is six digits, and nothing else is', () => {
  expect(['408213', '000001'].every(isCode)).toBe(true);
  expect(['40821', '4082133', 'general', '۴۰۸۲۱۳', '408 213', ''].some(isCode)).toBe(false);
});

// Reading back: pages of the past are asked for, put into their place, and nothing is claimed that is not known.
import { expect, test } from 'vitest';
import type { Chat } from '../src/index.ts';
import { PAGE } from '../src/past.ts';
import { said, Store, World } from './fake.ts';

const ROOM = '408213';
const texts = (chat: Chat): string[] => said(chat).map((line) => line.replace(/^\w+: /, ''));
const numbered = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, n) => `line ${from + n}`);
const asked = (world: World) => world.sockets.flatMap((socket) => socket.sent.filter((frame) => frame.type === 'history'));

/** A room in which Arash has said so much; the newest ten are shown to newcomers. */
function old(count: number): World {
  const world = new World();
  world.server.history = 10;
  world.server.durable = true;
  const arash = world.server.enter(ROOM, 'Arash');
  for (const text of numbered(1, count)) world.server.says(ROOM, arash, text);
  return world;
}

test('what was said before one came is read page by page, down to the first line, without a line twice', () => {
  const world = old(250);
  const chat = world.joined();
  const { came } = chat.view.rooms[0] ?? {};
  expect(texts(chat)).toEqual(numbered(241, 250));
  expect(chat.view.rooms[0]).toMatchObject({ earlier: 'some', unread: 0 });
  chat.earlier(ROOM);
  expect(chat.view.rooms[0]?.earlier).toBe('loading');
  chat.earlier(ROOM);
  world.server.says(ROOM, 1, 'meanwhile');
  world.pass(50);
  expect(texts(chat)).toEqual([...numbered(241 - PAGE, 250), 'meanwhile']);
  expect(asked(world)).toHaveLength(1);
  for (let page = 0; page < 2; page += 1) {
    chat.earlier(ROOM);
    world.pass(50);
  }
  expect(texts(chat)).toEqual(['-- start', ...numbered(1, 250), 'meanwhile']);
  expect(chat.view.rooms[0]?.earlier).toBe('none');
  chat.earlier(ROOM);
  expect(asked(world)).toHaveLength(3);
  // Where one came in stays told, through all of this.
  expect(chat.view.rooms[0]?.came).toBe(came);
  expect(came).toBe(world.server.room(ROOM).log.findIndex(({ event }) => event.type === 'join' && event.member.name === 'Mina') + 1);
});

test('a room that was made now has nothing earlier', () => {
  const world = new World();
  expect(world.joined().view.rooms[0]).toMatchObject({ earlier: 'none' });
});

test('a page that does not come is told as failed, and is asked for again when one likes, or after a reconnect', () => {
  const world = old(30);
  const chat = world.joined();
  let refuse = true;
  world.server.intercept = (frame) => frame.type === 'history' && refuse
    ? { type: 'error', code: 'unavailable', message: 'Not now.', id: frame.id, room: ROOM } : null;
  chat.earlier(ROOM);
  world.pass(50);
  expect(chat.view.rooms[0]).toMatchObject({ earlier: 'failed' });
  refuse = false;
  chat.earlier(ROOM);
  world.socket.end(1006);
  expect(chat.view.rooms[0]).toMatchObject({ earlier: 'failed' });
  world.pass(2_000);
  expect(chat.view.rooms[0]).toMatchObject({ earlier: 'some' });
  chat.earlier(ROOM);
  world.pass(50);
  expect(texts(chat)).toEqual(['-- start', ...numbered(1, 30)]);
});

test('a page that was asked for too fast comes by itself a little later', () => {
  const world = old(30);
  const chat = world.joined();
  let refusals = 2;
  world.server.intercept = (frame) => frame.type === 'history' && refusals-- > 0
    ? { type: 'error', code: 'rate_limited', message: 'Slowly.', id: frame.id, room: ROOM, retry_after_ms: 100 } : null;
  chat.earlier(ROOM);
  world.pass(500);
  expect(texts(chat)).toEqual(['-- start', ...numbered(1, 30)]);
});

test('a page shows lines as they are now, and changes go on from there', () => {
  const world = old(30);
  world.server.edits(ROOM, 3, 'other words');
  world.server.reacts(ROOM, 1, 4, '👍', true);
  world.server.deletes(ROOM, 5);
  const chat = world.joined();
  chat.earlier(ROOM);
  world.pass(50);
  expect(said(chat).slice(0, 5)).toEqual(['-- start', 'Arash: line 1', 'Arash: other words*', 'Arash: line 3 👍Arash', 'Arash: line 5']);
  world.server.deletes(ROOM, 2);
  world.server.edits(ROOM, 3, 'and others');
  world.pass(10);
  expect(said(chat).slice(0, 3)).toEqual(['-- start', 'Arash: and others*', 'Arash: line 3 👍Arash']);
  chat.react(ROOM, chat.view.rooms[0]?.lines[2]?.key ?? '', '👍', true);
  world.pass(50);
  expect(said(chat)[2]).toBe('Arash: line 3 👍Arash 👍Mina');
});

test('after a long absence the page shows the newest lines and reads the rest back: no gap, nothing twice, own lines are one\'s own', () => {
  const world = old(20);
  const chat = world.joined();
  chat.say(ROOM, 'mine');
  world.pass(50);
  world.server.refuses = 1006;
  world.socket.end(1006);
  for (const text of numbered(21, 200)) world.server.says(ROOM, 1, text);
  world.server.deletes(ROOM, 21);
  world.server.room(ROOM).forgotten = world.server.room(ROOM).log.length - 20;
  world.server.refuses = null;
  world.pass(3_000);
  expect(texts(chat)).toEqual(numbered(182, 200));
  expect(chat.view.rooms[0]?.earlier).toBe('some');
  for (let page = 0; page < 3; page += 1) {
    chat.earlier(ROOM);
    world.pass(50);
  }
  expect(texts(chat)).toEqual(['-- start', ...numbered(1, 19), 'mine', ...numbered(21, 200)]);
  expect(chat.view.rooms[0]?.lines.find((line) => line.kind === 'message' && line.text === 'mine')).toMatchObject({ own: true });
});

test('a return after grace ended is a new membership: the gap is told, reading back closes it, and old lines are still one\'s own', () => {
  const store = new Store();
  const world = old(5);
  const chat = world.joined(ROOM, 'Mina', store);
  chat.say(ROOM, 'mine');
  world.pass(50);
  world.server.refuses = 1006;
  world.socket.end(1006);
  world.server.endGrace();
  for (const text of numbered(6, 60)) world.server.says(ROOM, 1, text);
  world.server.refuses = null;
  world.pass(3_000);
  expect(texts(chat)).toEqual([...numbered(1, 5), 'mine', '-- away', ...numbered(51, 60)]);
  chat.earlier(ROOM);
  world.pass(50);
  expect(texts(chat)).toEqual([...numbered(1, 5), 'mine', ...numbered(6, 60)]);
  chat.close();
  const again = world.chat(store);
  world.pass(100);
  expect(again.view.rooms[0]).toMatchObject({ earlier: 'some', lines: [] });
  again.earlier(ROOM);
  world.pass(100);
  expect(texts(again)).toEqual(['-- start', ...numbered(1, 5), 'mine', ...numbered(6, 60)]);
  expect(again.view.rooms[0]?.lines.find((line) => line.kind === 'message' && line.text === 'mine')).toMatchObject({ own: true });
});

test('where the store has nothing between, the gap stays', () => {
  const world = old(5);
  world.server.durable = false;
  const chat = world.joined();
  world.server.refuses = 1006;
  world.socket.end(1006);
  world.server.endGrace();
  for (const text of numbered(6, 60)) world.server.says(ROOM, 1, text);
  world.server.room(ROOM).forgotten = world.server.room(ROOM).log.length - 30;
  world.server.refuses = null;
  world.pass(3_000);
  chat.earlier(ROOM);
  world.pass(50);
  expect(texts(chat)).toEqual([...numbered(1, 5), '-- away', ...numbered(31, 60)]);
  expect(chat.view.rooms[0]?.earlier).toBe('none');
});

test('reading back is bounded, and what has given way to newer lines can be read again', () => {
  const world = old(5_600);
  const chat = world.joined();
  for (let page = 0; page < 60; page += 1) {
    chat.earlier(ROOM);
    world.pass(20);
  }
  const { lines = [], earlier } = chat.view.rooms[0] ?? {};
  expect(lines.length).toBeLessThanOrEqual(5_200);
  expect(lines.length).toBeGreaterThan(4_900);
  expect(lines[0]).toMatchObject({ kind: 'gap', reason: 'trimmed' });
  expect(earlier).toBe('none');
  for (let n = 0; n < 5; n += 1) world.server.says(ROOM, 1, `more ${n}`);
  world.pass(20);
  expect(chat.view.rooms[0]?.lines).toHaveLength(lines.length);

  const other = world.joined(ROOM, 'Sara');
  for (let n = 0; n < 2_100; n += 1) world.server.says(ROOM, 1, `still more ${n}`);
  world.pass(20);
  expect(other.view.rooms[0]?.lines).toHaveLength(2_000);
  expect(other.view.rooms[0]?.earlier).toBe('some');
  const before = texts(other);
  other.earlier(ROOM);
  world.pass(20);
  expect(texts(other).slice(-1_999)).toEqual(before.slice(1));
  expect(other.view.rooms[0]?.lines).toHaveLength(2_100);
});

// What a reload of the page keeps, and what happens where nothing can be kept.
import { expect, test } from 'vitest';
import type { StorageLike } from '../src/index.ts';
import { said, Store, World } from './fake.ts';

const ROOM = '408213';

test('a reload is the same person, in the same rooms, with the same lines', () => {
  const world = new World();
  const store = new Store();
  const chat = world.joined(ROOM, 'Mina', store);
  chat.join('general', 'Mina');
  const arash = world.server.enter(ROOM, 'Arash');
  world.server.says(ROOM, arash, 'hello');
  chat.say(ROOM, 'hi');
  world.pass(100);
  chat.close();
  const again = world.chat(store);
  expect(again.view.rooms.map((room) => [room.room, room.status, room.name])).toEqual([[ROOM, 'joining', 'Mina'], ['general', 'joining', 'Mina']]);
  world.pass(100);
  expect(again.view.rooms.map((room) => [room.status, room.you])).toEqual([['live', 1], ['live', 1]]);
  expect(said(again)).toEqual(['Arash: hello', 'Mina: hi']);
  expect(world.server.room(ROOM).members.size).toBe(2);
});

test('lines that waited go out after a reload, in order and once', () => {
  const world = new World();
  const store = new Store();
  const chat = world.joined(ROOM, 'Mina', store);
  chat.say(ROOM, 'arrived, but not acknowledged');
  world.pass(6);
  expect(world.server.texts(ROOM)).toHaveLength(1);
  chat.say(ROOM, 'not handed over');
  chat.say(ROOM, '/nonsense');
  // The page is gone without a word.
  world.socket.silent = true;
  chat.close();
  const again = world.chat(store);
  expect(said(again).map((line) => line.replace('Mina: ', ''))).toEqual([
    'arrived, but not acknowledged (queued)', 'not handed over (queued)', '/nonsense (queued)',
  ]);
  world.pass(100);
  again.say(ROOM, 'new');
  world.pass(100);
  expect(world.server.texts(ROOM)).toEqual(['arrived, but not acknowledged', 'not handed over', 'new']);
  expect(said(again)).toEqual(['Mina: arrived, but not acknowledged', 'Mina: not handed over', 'Mina: new', 'Mina: /nonsense (failed)']);
  again.close();
  const third = world.chat(store);
  world.pass(100);
  expect(said(third)).toEqual(['Mina: arrived, but not acknowledged', 'Mina: not handed over', 'Mina: new', 'Mina: /nonsense (failed)']);
  const keys = third.view.rooms[0]?.lines.map((line) => line.key) ?? [];
  third.say(ROOM, 'its key is new');
  expect(keys).not.toContain(third.view.rooms[0]?.lines.at(-1)?.key);
});

test('a line that was on its way when the page crashed is sent again under its number', () => {
  const world = new World();
  const store = new Store();
  const chat = world.joined(ROOM, 'Mina', store);
  chat.say(ROOM, 'once');
  world.pass(6);
  const left = new Store();
  for (const [key, value] of store.items) left.setItem(key, value);
  world.socket.silent = true;
  world.chat(left);
  world.pass(100);
  expect(world.server.texts(ROOM)).toEqual(['once']);
  const numbers = world.sockets.flatMap((socket) => socket.sent.flatMap((frame) => frame.type === 'say' ? [frame.id] : []));
  expect(numbers).toHaveLength(2);
  expect(new Set(numbers).size).toBe(1);
});

test('a line in doubt is not taken for an older one of the same words', () => {
  const world = new World();
  const store = new Store();
  const chat = world.joined(ROOM, 'Mina', store);
  chat.say(ROOM, 'ok');
  world.pass(50);
  chat.say(ROOM, 'ok');
  // It never arrives, and neither does the session’s answer.
  world.socket.silent = true;
  chat.close();
  world.server.intercept = (frame) => frame.type === 'say' ? 'nothing' : null;
  const again = world.chat(store);
  world.pass(100);
  expect(said(again)).toEqual(['Mina: ok', 'Mina: ok (queued)']);
  world.server.intercept = null;
  world.server.restart();
  world.pass(3_000);
  expect(said(again).at(-1)).toBe('Mina: ok (unconfirmed)');
});

test('a server that tells newcomers of their own coming is asked from there', () => {
  const world = new World();
  world.server.showsOwnJoin = true;
  const store = new Store();
  const chat = world.joined(ROOM, 'Mina', store);
  chat.say(ROOM, 'hello');
  world.pass(50);
  chat.close();
  const again = world.chat(store);
  world.pass(100);
  expect(said(again)).toEqual(['Mina: hello']);
  expect(again.view.rooms[0]).toMatchObject({ count: 1, people: [{ name: 'Mina' }] });
});

test('a reload after the room forgot its past says that something is missing', () => {
  const world = new World();
  const store = new Store();
  const chat = world.joined(ROOM, 'Mina', store);
  const arash = world.server.enter(ROOM, 'Arash');
  world.server.says(ROOM, arash, 'long ago');
  world.pass(50);
  world.server.trim(ROOM);
  world.server.says(ROOM, arash, 'lately');
  world.pass(50);
  chat.close();
  const again = world.chat(store);
  world.pass(100);
  expect(said(again)).toEqual(['-- too_old', 'Arash: lately']);
});

test('a reload after the session was lost is a new visit, and what was in doubt stays so', () => {
  const world = new World();
  const store = new Store();
  const chat = world.joined(ROOM, 'Mina', store);
  chat.say(ROOM, 'in doubt');
  chat.say(ROOM, 'waits');
  chat.close();
  world.server.restart();
  const again = world.chat(store);
  world.pass(100);
  expect(said(again)).toEqual(['Mina: waits', 'Mina: in doubt (unconfirmed)']);
  expect(world.server.texts(ROOM)).toEqual(['waits']);
});

test('a room that was left stays left after a reload', () => {
  const world = new World();
  const store = new Store();
  const chat = world.joined(ROOM, 'Mina', store);
  chat.join('general', 'Mina');
  world.pass(50);
  world.socket.silent = true;
  chat.leave(ROOM);
  chat.close();
  const again = world.chat(store);
  world.pass(100);
  expect(again.view.rooms.map((room) => room.room)).toEqual(['general']);
  expect(world.server.room(ROOM).members.size).toBe(0);
});

test('commands after a reload have higher numbers than all before, even if the last were not written down', () => {
  const world = new World();
  const store = new Store();
  const chat = world.joined(ROOM, 'Mina', store);
  const early = new Map(store.items);
  for (const text of ['a', 'b', 'c']) chat.say(ROOM, text);
  world.pass(100);
  chat.close();
  const highest = Math.max(...world.socket.sent.map((frame) => 'id' in frame ? frame.id : 0));
  for (const [key, value] of early) store.setItem(key, value);
  const again = world.chat(store);
  world.pass(100);
  again.say(ROOM, 'd');
  world.pass(100);
  for (const frame of world.socket.sent) if ('id' in frame) expect(frame.id).toBeGreaterThan(highest);
  expect(world.server.texts(ROOM)).toEqual(['a', 'b', 'c', 'd']);
});

const forbidden = (): never => {
  throw new DOMException('no', 'SecurityError');
};
const full = new Store();
full.setItem = () => {
  throw new DOMException('full', 'QuotaExceededError');
};
const odd: [string, StorageLike][] = [
  ['forbids everything', { getItem: forbidden, setItem: forbidden, removeItem: forbidden }],
  ['is full', full],
  ['forgets', { getItem: () => null, setItem: () => {}, removeItem: () => {} }],
];

test.each(odd)('storage that %s does not disturb the chat', (_, storage) => {
  const world = new World();
  const chat = world.joined(ROOM, 'Mina', storage);
  chat.say(ROOM, 'one');
  world.pass(6);
  world.socket.end(1006);
  chat.say(ROOM, 'two');
  world.pass(3_000);
  expect(said(chat)).toEqual(['Mina: one', 'Mina: two']);
  chat.leave(ROOM);
  chat.close();
});

test('storage that fills up keeps no old state, which would send a line twice', () => {
  const world = new World();
  const store = new Store();
  const chat = world.chat(store);
  chat.join(ROOM, 'Mina');
  chat.say(ROOM, 'only once');
  store.setItem = () => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  world.pass(100);
  expect(world.server.texts(ROOM)).toEqual(['only once']);
  chat.close();
  const again = world.chat(store);
  again.join(ROOM, 'Mina 2');
  world.pass(20_000);
  expect(again.view.rooms[0]?.status).toBe('live');
  expect(world.server.texts(ROOM)).toEqual(['only once']);
});

test.each([
  'null', '7', '"x"', '[]', '{"rooms":7,"leaving":{},"session":5,"lastId":-4}', '{"rooms":[null,{"room":3}],"session":"s","lastId":1e99}',
  '{"entries":[null,{"key":"own-1"},{"key":"evil","room":"r","text":"t","state":"queued","to":null},{"key":"own-2","room":"r","text":"t","state":"odd","to":null}]}',
  '{"entries":[{"key":"own-3","room":"408213","text":"for one only","state":"queued","at":1,"to":{"id":"?"}}]}', '{', '',
])('what is found in storage is not trusted: %s', (text) => {
  const world = new World();
  const store = new Store();
  store.setItem('charsu.session', text);
  store.setItem('charsu.outbox', text);
  const chat = world.joined(ROOM, 'Mina', store);
  expect(said(chat)).toEqual([]);
  chat.say(ROOM, 'hello');
  world.pass(100);
  expect(said(chat)).toEqual(['Mina: hello']);
});

import { expect, test } from 'vitest';
import { World } from './fake.ts';

const ROOM = '408213';

function signals(world: World): string[] {
  return world.socket.sent.flatMap((frame) => frame.type === 'typing' ? [frame.on ? 'on' : 'off'] : frame.type === 'say' ? ['say'] : []);
}

function typists(chat: ReturnType<World['chat']>): string[] {
  return chat.view.rooms[0]?.typing.map((person) => person.name) ?? [];
}

test('one’s own typing is told at most once a second, and its end 2 s after the last key', () => {
  const world = new World();
  const chat = world.joined();
  for (let key = 0; key < 30; key += 1) {
    chat.keystroke(ROOM);
    world.pass(100);
  }
  expect(signals(world)).toEqual(['on', 'on', 'on']);
  world.pass(1_890);
  expect(signals(world)).toEqual(['on', 'on', 'on']);
  world.pass(20);
  expect(signals(world)).toEqual(['on', 'on', 'on', 'off']);
  world.pass(10_000);
  expect(signals(world)).toHaveLength(4);
});

test('sending ends it, before the line', () => {
  const world = new World();
  const chat = world.joined();
  chat.keystroke(ROOM);
  chat.say(ROOM, 'hello');
  world.pass(5_000);
  expect(signals(world)).toEqual(['on', 'off', 'say']);
  chat.stopTyping(ROOM);
  expect(signals(world)).toHaveLength(3);
});

test('nothing is told where nobody hears it', () => {
  const world = new World();
  const chat = world.chat();
  chat.join(ROOM, 'Mina');
  chat.keystroke(ROOM);
  world.pass(100);
  expect(signals(world)).toEqual([]);
  world.socket.end(1006);
  chat.keystroke(ROOM);
  world.pass(5_000);
  expect(signals(world)).toEqual([]);
});

test('others’ typing is shown for 3 s after the last signal', () => {
  const world = new World();
  const chat = world.joined();
  const [arash, negar] = [world.server.enter(ROOM, 'Arash'), world.server.enter(ROOM, 'نگار')];
  world.pass(20);
  world.socket.tell({ type: 'typing', room: ROOM, from: arash, on: true });
  world.pass(2_000);
  world.socket.tell({ type: 'typing', room: ROOM, from: negar, on: true });
  world.pass(900);
  expect(typists(chat)).toEqual(['Arash', 'نگار']);
  world.pass(200);
  expect(typists(chat)).toEqual(['نگار']);
  world.socket.tell({ type: 'typing', room: ROOM, from: negar, on: false });
  world.pass(10);
  expect(typists(chat)).toEqual([]);
});

test('who said something or left types no more; oneself and strangers are never shown', () => {
  const world = new World();
  const chat = world.joined();
  const [arash, negar] = [world.server.enter(ROOM, 'Arash'), world.server.enter(ROOM, 'نگار')];
  world.pass(20);
  for (const from of [1, arash, negar, 99]) world.socket.tell({ type: 'typing', room: ROOM, from, on: true });
  world.pass(10);
  expect(typists(chat)).toEqual(['Arash', 'نگار']);
  world.server.says(ROOM, arash, 'done');
  world.pass(10);
  expect(typists(chat)).toEqual(['نگار']);
  world.server.exit(ROOM, negar);
  world.pass(10);
  expect(typists(chat)).toEqual([]);
});

test('a cut ends all typing', () => {
  const world = new World();
  const chat = world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  world.socket.tell({ type: 'typing', room: ROOM, from: arash, on: true });
  world.pass(20);
  expect(typists(chat)).toEqual(['Arash']);
  world.socket.end(1006);
  expect(typists(chat)).toEqual([]);
});

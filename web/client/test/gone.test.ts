// Own changes whose answers were lost, and whose events the page will never be sent.
import { expect, test } from 'vitest';
import type { Chat, Line } from '../src/index.ts';
import { Store, World } from './fake.ts';

const ROOM = '408213';
const lines = (chat: Chat): Extract<Line, { kind: 'message' | 'private' }>[] =>
  (chat.view.rooms[0]?.lines ?? []).filter((line) => line.kind === 'message' || line.kind === 'private');
const keyOf = (chat: Chat, text: string): string => lines(chat).find((line) => line.text === text)?.key ?? '';
function talk(store = new Store()): { world: World; chat: Chat; arash: number } {
  const world = new World();
  const chat = world.joined(ROOM, 'Mina', store);
  const arash = world.server.enter(ROOM, 'Arash');
  for (const text of ['one', 'two']) chat.say(ROOM, text);
  world.pass(100);
  return { world, chat, arash };
}
for (const what of ['delete', 'edit'] as const) for (const how of ['left', 'trim'] as const) test(`an own ${what} whose answer is lost, and whose event falls into a gap (${how}), is done on the page too`, () => {
  const { world, chat } = talk();
  if (what === 'delete') chat.delete(ROOM, keyOf(chat, 'one'));
  else chat.edit(ROOM, keyOf(chat, 'one'), 'One!');
  world.pass(6);
  expect(world.server.texts(ROOM)).toEqual(what === 'delete' ? ['two'] : ['One!', 'two']);
  world.server.refuses = 1006;
  world.socket.end(1006);
  // 'left': grace is over, and the session is still known, as it is for two minutes.
  if (how === 'left') for (const session of world.server.sessions.values()) for (const [name, { member }] of session.rooms) { session.rooms.delete(name); world.server.exit(name, member); }
  else world.server.trim(ROOM);
  world.pass(30_000);
  world.server.refuses = null;
  chat.reconnectNow();
  world.pass(5_000);
  expect(chat.view.link.state).toBe('live');
  expect(chat.view.changing).toBe(0);
  expect(JSON.stringify(chat.view)).not.toContain('"one"');
});

import { expect, test } from 'vitest';
import { MOST_KEPT } from '../src/lines.ts';
import { said, shown, Store, World } from './fake.ts';

const ROOM = '408213';

test('numbers that are not for us pass silently', () => {
  const world = new World();
  const chat = world.joined();
  const [arash, negar] = [world.server.enter(ROOM, 'Arash'), world.server.enter(ROOM, 'نگار')];
  world.server.whispers(ROOM, arash, negar, 'secret');
  world.server.says(ROOM, negar, 'سلام');
  world.pass(50);
  expect(shown(chat)).toEqual(['Arash joins', 'نگار joins', 'نگار: سلام']);
  expect(world.sockets).toHaveLength(1);
});

test('a repeated number is not shown twice', () => {
  const world = new World();
  const chat = world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  world.server.says(ROOM, arash, 'once');
  world.pass(50);
  const again = world.server.room(ROOM).log.at(-1)?.event;
  for (let count = 0; count < 3; count += 1) world.socket.tell({ ...again });
  world.pass(50);
  expect(said(chat)).toEqual(['Arash: once']);
  expect(world.sockets).toHaveLength(1);
});

test('a hole that the server did not tell of is not shown: the connection is made anew from the last number', () => {
  const world = new World();
  const chat = world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  world.pass(50);
  const tell = world.socket.tell.bind(world.socket);
  world.socket.tell = (frame) => 'text' in frame && frame.text === 'lost' ? undefined : tell(frame);
  world.server.says(ROOM, arash, 'lost');
  world.server.says(ROOM, arash, 'after');
  world.pass(6);
  expect(said(chat)).toEqual([]);
  expect(world.sockets[0]?.closedBy).toBe('page');
  world.pass(1_000);
  expect(world.socket.sent).toContainEqual(expect.objectContaining({ type: 'join', since: { epoch: world.server.room(ROOM).epoch, seq: 2 } }));
  expect(said(chat)).toEqual(['Arash: lost', 'Arash: after']);
});

test('a hole that stays a hole is told in the room, and the room goes on', () => {
  const world = new World();
  const chat = world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  world.server.says(ROOM, arash, 'before');
  world.pass(50);
  // From now on this server forgets the same number on every connection.
  const lost = world.server.says(ROOM, arash, 'lost') - 1;
  world.server.room(ROOM).log[lost] = { event: { type: 'skip', room: 'elsewhere', seq: 1 }, only: null };
  world.socket.end(1006);
  world.server.says(ROOM, arash, 'after');
  world.pass(5_000);
  expect(said(chat)).toEqual(['Arash: before', '-- hole', 'Arash: after']);
  expect(chat.view.link.state).toBe('live');
  expect(world.sockets.length).toBe(3);
});

test('an event of an unknown kind takes up its number and is not asked for again', () => {
  const world = new World();
  const chat = world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  world.pass(50);
  world.server.room(ROOM).log.push({ event: { type: 'skip', room: ROOM, seq: 3 }, only: null });
  world.socket.tell({ type: 'edit', room: ROOM, seq: 3, at: 1, of: 2, text: 'better' });
  world.server.says(ROOM, arash, 'next');
  world.pass(50);
  expect(said(chat)).toEqual(['Arash: next']);
  expect(world.sockets).toHaveLength(1);
});

test('what was missed during a cut follows in order, without a gap', () => {
  const world = new World();
  const chat = world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  world.server.says(ROOM, arash, 'one');
  world.pass(50);
  world.socket.end(1006);
  world.server.says(ROOM, arash, 'two');
  world.server.exit(ROOM, arash);
  world.pass(2_000);
  expect(shown(chat)).toEqual(['Arash joins', 'Arash: one', 'Arash: two', 'Arash leaves']);
  expect(chat.view.rooms[0]?.people.map((person) => person.name)).toEqual(['Mina']);
});

test('a reset after too long shows a gap, keeps what was read and what waits, and goes on', () => {
  const world = new World();
  const chat = world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  world.server.says(ROOM, arash, 'read');
  world.pass(50);
  world.server.refuses = 1006;
  world.socket.end(1006);
  world.server.says(ROOM, arash, 'missed');
  world.server.trim(ROOM);
  world.server.says(ROOM, arash, 'kept');
  chat.say(ROOM, 'mine');
  world.server.refuses = null;
  world.pass(5_000);
  expect(said(chat)).toEqual(['Arash: read', '-- too_old', 'Arash: kept', 'Mina: mine']);
});

test('a reset whose history joins on shows no gap', () => {
  const world = new World();
  const chat = world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  world.server.says(ROOM, arash, 'one');
  world.pass(50);
  world.server.says(ROOM, arash, 'two');
  const { epoch, log, members } = world.server.room(ROOM);
  // Unasked, while behind.
  const socket = world.socket;
  socket.tell({
    type: 'reset', room: ROOM, reason: 'slow', epoch, seq: 4, you: 1, name: 'Mina', resumed: true,
    members: [...members.values()], count: members.size, history: log.map(({ event }) => event),
  });
  world.server.says(ROOM, arash, 'three');
  world.pass(50);
  expect(said(chat)).toEqual(['Arash: one', 'Arash: two', 'Arash: three']);
});

test('a room that began anew keeps what was read above the gap', () => {
  const world = new World();
  const chat = world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  world.server.says(ROOM, arash, 'old');
  chat.say(ROOM, 'mine');
  world.pass(50);
  world.server.restart();
  world.pass(2_000);
  const arash2 = world.server.enter(ROOM, 'Arash');
  world.server.says(ROOM, arash2, 'new');
  world.pass(50);
  expect(said(chat)).toEqual(['Arash: old', 'Mina: mine', '-- epoch', 'Arash: new']);
  const keys = chat.view.rooms[0]?.lines.map((line) => line.key) ?? [];
  expect(new Set(keys).size).toBe(keys.length);
});

test('a room whose new life brings the old lines along shows them once', () => {
  const world = new World();
  const chat = world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  world.server.says(ROOM, arash, 'old');
  chat.say(ROOM, 'mine');
  world.pass(50);
  chat.say(ROOM, 'in doubt');
  world.pass(6);
  world.socket.end(1012);
  // The machine fell; the log is there, under a new epoch, and so are the sessions.
  world.server.room(ROOM).epoch = 'another life';
  world.server.says(ROOM, arash, 'meanwhile');
  world.pass(2_000);
  expect(said(chat)).toEqual(['Arash: old', 'Mina: mine', '-- epoch', 'Mina: in doubt', 'Arash: meanwhile']);
  expect(chat.view.queued).toBe(0);
});

test('a line that was acknowledged, but not shown before the room’s new life, is shown once', () => {
  const world = new World();
  const chat = world.joined();
  const tell = world.socket.tell.bind(world.socket);
  world.socket.tell = (frame) => 'text' in frame ? undefined : tell(frame);
  chat.say(ROOM, 'acknowledged');
  world.pass(50);
  world.socket.end(1012);
  world.server.room(ROOM).epoch = 'another life';
  world.pass(2_000);
  expect(said(chat)).toEqual(['Mina: acknowledged', '-- epoch']);
});

test('a room is shown to a newcomer as the server shows it, and without a gap', () => {
  const world = new World();
  const arash = world.server.enter(ROOM, 'Arash');
  world.server.says(ROOM, arash, 'before you came');
  world.server.history = 50;
  const chat = world.joined();
  expect(said(chat)).toEqual(['Arash: before you came']);
  expect(chat.view.rooms[0]).toMatchObject({ unread: 0, firstUnread: null, status: 'live', you: 2 });
});

test('who was away too long to be a member comes back with a gap, or without one where nothing was said', () => {
  const world = new World();
  world.server.history = 50;
  const store = new Store();
  const chat = world.joined(ROOM, 'Mina', store);
  const arash = world.server.enter(ROOM, 'Arash');
  world.server.says(ROOM, arash, 'one');
  world.pass(50);
  world.server.evict('secret-1');
  world.socket.end(1006);
  world.server.says(ROOM, arash, 'two');
  world.pass(2_000);
  expect(said(chat)).toEqual(['Arash: one', 'Arash: two']);
  world.server.history = 0;
  for (const secret of [...world.server.sessions.keys()]) world.server.evict(secret);
  world.socket.end(1006);
  world.server.says(ROOM, arash, 'three');
  world.pass(2_000);
  expect(said(chat)).toEqual(['Arash: one', 'Arash: two', '-- away']);
});

test('a reset because the membership had ended is a new visit, with a gap', () => {
  const world = new World();
  const chat = world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  world.server.says(ROOM, arash, 'one');
  world.pass(50);
  world.server.intercept = (frame, socket) => {
    if (frame.type !== 'join') return null;
    const { epoch, log, members } = world.server.room(ROOM);
    socket.tell({
      type: 'reset', id: frame.id, room: ROOM, reason: 'left', epoch, seq: log.length, you: 1, name: 'Mina', resumed: false,
      members: [...members.values()], count: members.size, history: [],
    });
    return 'nothing';
  };
  world.socket.end(1006);
  world.server.says(ROOM, arash, 'two');
  world.pass(2_000);
  expect(said(chat)).toEqual(['Arash: one', '-- away']);
});

test('the page keeps the last lines of a long room, and says that there were more', () => {
  const world = new World();
  const chat = world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  for (let count = 0; count < MOST_KEPT + 10; count += 1) world.server.says(ROOM, arash, `line ${count}`);
  world.pass(50);
  const lines = said(chat);
  expect(lines).toHaveLength(MOST_KEPT);
  expect(lines[0]).toBe('-- trimmed');
  expect(lines[1]).toBe('Arash: line 11');
  expect(lines.at(-1)).toBe(`Arash: line ${MOST_KEPT + 9}`);
});

test('frames that are broken, foreign or of unknown rooms change nothing', () => {
  const world = new World();
  const chat = world.joined();
  const before = chat.view;
  const epoch = world.server.room(ROOM).epoch;
  for (const frame of [
    {}, { type: 'message' }, { type: 'message', room: 'nowhere', seq: 1, at: 1, from: 1, name: 'X', text: 'x' },
    { type: 'ack', id: 99, room: ROOM, epoch, seq: 2 }, { type: 'left', id: 1, room: 'nowhere' }, { type: 'people', id: 9, room: ROOM, members: [], count: 9, more: false },
    { type: 'typing', room: 'nowhere', from: 1, on: true }, { type: 'reset', room: ROOM }, { type: 'welcome' }, { type: 'tide', height: 3 },
    { type: 'joined', id: 77, room: ROOM, epoch, seq: 9, you: 8, name: 'X', resumed: false, members: [], count: 0, history: [] },
  ]) world.socket.tell(frame);
  world.socket.onmessage?.({ data: 'not JSON' });
  world.socket.onmessage?.({ data: new ArrayBuffer(3) });
  world.pass(50);
  expect(chat.view).toEqual(before);
  expect(world.sockets).toHaveLength(1);
});

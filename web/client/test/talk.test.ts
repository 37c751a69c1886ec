// Promises and events of a session: kept in order, once, through whatever happens to the connection; and what cannot be is told.
import { expect, test } from 'vitest';
import type { ClientFrame } from '../src/protocol.ts';
import { connect, Refusal, type ConnectOptions, type Room, type RoomEvent, type Session } from '../src/index.ts';
import { FakeSocket, seeded, Store, World } from './fake.ts';

const ROOM = '408213';

/** Lets `ms` pass, and whoever awaited something go on. */
async function pass(world: World, ms = 100): Promise<void> {
  for (let left = ms; left > 0; left -= 10) {
    world.pass(Math.min(10, left));
    for (let turn = 0; turn < 12; turn += 1) await Promise.resolve();
  }
}

async function done<T>(world: World, promise: Promise<T>, ms = 200): Promise<T> {
  const settled = promise.then((value) => ({ value }), (why: unknown) => ({ why }));
  await pass(world, ms);
  const known = await Promise.race([settled, Promise.resolve(null)]);
  if (known === null) throw new Error('nothing was decided in time');
  if ('why' in known) throw known.why;
  return known.value;
}

async function joined(world: World, name = 'Mina', more: ConnectOptions = {}): Promise<{ session: Session; room: Room }> {
  const session = world.session(more);
  return { session, room: await done(world, session.join(ROOM, name)) };
}

function told(event: RoomEvent): string {
  switch (event.type) {
    case 'message': return `${event.past ? 'past ' : ''}${event.own ? 'own ' : ''}${event.name}: ${event.text}`;
    case 'private': return `${event.own ? 'own ' : ''}${event.name} to ${event.to_name}: ${event.text}`;
    case 'edit': return `edit ${event.target}: ${event.text}`;
    case 'delete': return `delete ${event.target}`;
    case 'react': return `react ${event.target} ${event.emoji} ${event.on}`;
    case 'join':
    case 'leave': return `${event.member.name} ${event.type}s`;
    case 'reset': return `-- ${event.reason}`;
  }
}

/** What a room's iterator has brought so far, and how it ended. */
function reading(room: Room): { heard: string[]; end: () => unknown } {
  const heard: string[] = [];
  let end: unknown;
  void (async () => {
    try {
      for await (const event of room.events()) heard.push(told(event));
      end = 'over';
    } catch (why) {
      end = why;
    }
  })();
  return { heard, end: () => end };
}

const refused = async (promise: Promise<unknown>, world: World, ms?: number): Promise<string> =>
  done(world, promise.then(() => 'done', (why: unknown) => why instanceof Refusal ? why.code : String(why)), ms);

test('a line is done when it is acknowledged, and comes back to its author once', async () => {
  const world = new World();
  const { room } = await joined(world);
  const { heard } = reading(room);
  const place = await done(world, room.say('Hello'));
  expect(place.seq).toBe(2);
  expect(heard).toEqual(['own Mina: Hello']);
});

test('many rooms share one connection, and an address is given as the page has it', async () => {
  const world = new World();
  const asked: string[] = [];
  for (const url of ['http://charsu.example', 'https://charsu.example/', 'wss://charsu.example/chat/ws', 'ws://ws', 'http://news']) {
    class Nowhere {
      constructor(to: string) {
        asked.push(to);
        throw new Error('no sockets today');
      }
    }
    const session = connect(url, { WebSocket: Nowhere as unknown as NonNullable<ConnectOptions['WebSocket']> });
    session.join(ROOM, 'Mina').catch(() => {});
    session.close();
  }
  expect(asked).toEqual(['ws://charsu.example/ws', 'wss://charsu.example/ws', 'wss://charsu.example/chat/ws', 'ws://ws/ws', 'ws://news/ws']);
  const { session } = await joined(world);
  await done(world, session.join('general', 'Mina'));
  expect(world.sockets).toHaveLength(1);
});

test('another way to the server can be given, as withFallback is', async () => {
  const world = new World();
  const asked: string[] = [];
  const { room } = await joined(world, 'Mina', {
    connect: (to) => {
      asked.push(to);
      return new FakeSocket(world);
    },
  });
  await done(world, room.say('Hello'));
  expect(asked).toEqual(['ws://charsu.example/ws']);
});

test('an engine without a WebSocket is told at once', () => {
  const { WebSocket } = globalThis;
  Reflect.deleteProperty(globalThis, 'WebSocket');
  try {
    expect(() => connect('http://charsu.example')).toThrow(/WebSocket/);
  } finally {
    if (WebSocket !== undefined) globalThis.WebSocket = WebSocket;
  }
});

test('a name that is taken rejects with its code and what is free', async () => {
  const world = new World();
  world.server.enter(ROOM, 'Mina');
  const session = world.session();
  const why = await done(world, session.join(ROOM, 'Mina').catch((refusal: unknown) => refusal));
  expect(why).toBeInstanceOf(Refusal);
  expect(why).toMatchObject({ code: 'name_taken', notice: { suggestion: 'Mina 2' } });
  expect((await done(world, session.join(ROOM, 'Mina 2'))).you).toMatchObject({ name: 'Mina 2' });
});

test('what happens before anybody listens is kept for whoever does', async () => {
  const world = new World();
  const { room } = await joined(world);
  const ali = world.server.enter(ROOM, 'Ali');
  world.server.says(ROOM, ali, 'early');
  await pass(world);
  const by: string[] = [];
  room.on('message', ({ text }) => by.push(text));
  const { heard } = reading(room);
  await pass(world);
  expect(by).toEqual(['early']);
  expect(heard).toEqual(['Ali joins', 'Ali: early']);
});

test('a newcomer hears the past as past', async () => {
  const world = new World();
  world.server.history = 10;
  const ali = world.server.enter(ROOM, 'Ali');
  world.server.says(ROOM, ali, 'before');
  const { room } = await joined(world);
  const { heard } = reading(room);
  world.server.says(ROOM, ali, 'after');
  await pass(world);
  expect(heard).toEqual(['past Ali: before', 'Ali: after'].flatMap((line) => line === 'past Ali: before' ? ['Ali joins', line] : [line]));
});

test('private lines, changes and reactions', async () => {
  const world = new World();
  const { room } = await joined(world);
  const ali = world.server.enter(ROOM, 'Ali');
  await pass(world);
  const { heard } = reading(room);
  const person = room.people.find(({ id }) => id === ali);
  if (person === undefined) throw new Error('Ali is not here');
  await done(world, room.private(person, 'psst'));
  const line = await done(world, room.say('teh'));
  await done(world, room.edit(line, 'the'));
  await done(world, room.react(line, '👍'));
  await done(world, room.delete(line));
  expect(heard).toEqual(['Ali joins', 'own Mina to Ali: psst', 'own Mina: teh', `edit ${line.seq}: the`, `react ${line.seq} 👍 true`, `delete ${line.seq}`]);
  expect(await refused(room.edit(line, 'gone'), world)).toBe('no_such_line');
  world.server.exit(ROOM, ali);
  await pass(world);
  expect(await refused(room.private(person, 'still there?'), world)).toBe('recipient_gone');
});

test('people and typing', async () => {
  const world = new World();
  const { room } = await joined(world);
  const counts: number[] = [];
  const typing: string[] = [];
  room.on('people', (people) => counts.push(people.length));
  room.on('typing', (people) => typing.push(people.map(({ name }) => name).join()));
  const ali = world.server.enter(ROOM, 'Ali');
  await pass(world);
  world.socket.tell({ type: 'typing', room: ROOM, from: ali, on: true });
  await pass(world);
  expect(room.typists).toMatchObject([{ name: 'Ali' }]);
  await pass(world, 3_100);
  world.server.exit(ROOM, ali);
  await pass(world);
  expect(counts).toEqual([2, 1]);
  expect([room.count, room.people.length]).toEqual([1, 1]);
  expect(typing).toEqual(['Ali', '', '']);
  room.typing();
  room.typing();
  await pass(world, 1_100);
  room.typing();
  room.typing(false);
  room.typing(false);
  const sent = world.socket.sent.filter((frame): frame is Extract<ClientFrame, { type: 'typing' }> => frame.type === 'typing');
  expect(sent.map(({ on }) => on)).toEqual([true, true, false]);
});

test('pages of the past are asked for by place', async () => {
  const world = new World();
  world.server.durable = true;
  const ali = world.server.enter(ROOM, 'Ali');
  for (let line = 1; line <= 5; line += 1) world.server.says(ROOM, ali, `line ${line}`);
  world.server.history = 1;
  const { room } = await joined(world);
  const newest = await done(world, room.history(undefined, 2));
  expect(newest.lines.map(({ text }) => text)).toEqual(['line 4', 'line 5']);
  const [first] = newest.lines;
  expect((await done(world, room.history(first, 3))).lines.map(({ text }) => text)).toEqual(['line 1', 'line 2', 'line 3']);
});

test('a cut in the middle of everything loses, doubles and reorders nothing', async () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const world = new World(seed);
    const chance = seeded(seed);
    const { room } = await joined(world);
    const ali = world.server.enter(ROOM, 'Ali');
    const { heard } = reading(room);
    const said: Promise<unknown>[] = [];
    for (let line = 1; line <= 20; line += 1) {
      if (chance() < 0.5) said.push(room.say(`mine ${line}`));
      else world.server.says(ROOM, ali, `theirs ${line}`);
      if (chance() < 0.3) world.socket.end(1006);
      await pass(world, Math.floor(chance() * 40));
    }
    await pass(world, 20_000);
    await done(world, Promise.all(said));
    const truth = world.server.room(ROOM).log.flatMap(({ event }) => event.type === 'message' ? [`${event.name === 'Mina' ? 'own ' : ''}${event.name}: ${event.text}`] : []);
    expect(heard.filter((line) => line !== 'Ali joins'), `seed ${seed}`).toEqual(truth);
    expect(new Set(truth).size).toBe(20);
    expect(truth.filter((line) => line.startsWith('own')).map((line) => Number(line.split(' ').at(-1)))).toEqual(
      truth.filter((line) => line.startsWith('own')).map((line) => Number(line.split(' ').at(-1))).sort((one, other) => one - other));
  }
});

test('too fast is waited out, in order', async () => {
  const world = new World();
  const { room } = await joined(world);
  let refusals = 2;
  world.server.intercept = (frame) => frame.type === 'say' && refusals-- > 0
    ? { type: 'error', code: 'rate_limited', message: 'Too fast.', id: frame.id, room: ROOM, retry_after_ms: 700 } : null;
  const said = Promise.all([room.say('one'), room.say('two')]);
  await done(world, said, 3_000);
  expect(world.server.texts(ROOM)).toEqual(['one', 'two']);
});

test('a server that forgot everything is told of: a reset, and what was in doubt is said to be so', async () => {
  const world = new World();
  const { room } = await joined(world);
  const { heard } = reading(room);
  await done(world, room.say('before'));
  world.server.intercept = (frame) => frame.type === 'say' ? 'nothing' : null;
  const doubtful = refused(room.say('doubtful'), world, 8_000);
  const waiting = room.say('waiting');
  world.server.restart();
  world.server.intercept = null;
  expect(await doubtful).toBe('unconfirmed');
  await done(world, waiting, 3_000);
  expect(heard).toEqual(['own Mina: before', '-- epoch', 'own Mina: waiting']);
  expect(world.server.texts(ROOM)).toEqual(['waiting']);
});

test('what the room no longer keeps is told by a reset, and the rest follows', async () => {
  const world = new World();
  const { room } = await joined(world);
  const { heard } = reading(room);
  const ali = world.server.enter(ROOM, 'Ali');
  await pass(world);
  world.socket.end(1006);
  world.server.says(ROOM, ali, 'missed');
  world.server.trim(ROOM);
  world.server.says(ROOM, ali, 'kept');
  await pass(world, 10_000);
  expect(heard).toEqual(['Ali joins', '-- too_old', 'past Ali: kept']);
});

test('a number that means somebody else by now is not used', async () => {
  const world = new World();
  const { room } = await joined(world);
  const line = await done(world, room.say('mine'));
  const ali = world.server.enter(ROOM, 'Ali');
  await pass(world);
  const person = room.people.find(({ id }) => id === ali);
  if (person === undefined) throw new Error('Ali is not here');
  world.server.restart();
  world.server.enter(ROOM, 'Stranger');
  const [whisper, edit] = [refused(room.private(person, 'for Ali'), world, 8_000), refused(room.edit(line, 'other'), world, 8_000)];
  expect([await whisper, await edit]).toEqual(['recipient_gone', 'no_such_line']);
  expect(world.server.texts(ROOM)).toEqual([]);
});

test('leaving sends what waits, is known at once, and ends the iteration', async () => {
  const world = new World();
  const { room } = await joined(world);
  const { heard, end } = reading(room);
  const said = room.say('goodbye');
  await done(world, room.leave());
  await said;
  expect(heard).toContain('own Mina: goodbye');
  expect(end()).toBe('over');
  expect(world.server.room(ROOM).members.size).toBe(0);
  expect(await refused(room.say('too late'), world)).toBe('left');
  expect(world.socket.closedBy).toBe('page');
});

test('a room that one cannot come back to ends with the reason', async () => {
  const world = new World();
  const { room } = await joined(world);
  const { end } = reading(room);
  const ends: unknown[] = [];
  room.on('end', (why) => ends.push(why));
  world.server.restart();
  world.server.enter(ROOM, 'Mina');
  const waiting = refused(room.say('waiting'), world, 10_000);
  expect(await waiting).toBe('name_taken');
  expect(end()).toMatchObject({ code: 'name_taken' });
  expect(ends).toMatchObject([{ code: 'name_taken' }]);
});

test('an end by the server is final, and told to whoever waits', async () => {
  const world = new World();
  const { session, room } = await joined(world);
  const { end } = reading(room);
  const states: string[] = [];
  session.on('link', ({ state }) => states.push(state));
  world.server.intercept = () => 'nothing';
  const waiting = refused(room.say('waiting'), world);
  await pass(world, 20);
  world.socket.end(4000);
  expect(await waiting).toBe('unconfirmed');
  expect(end()).toMatchObject({ code: 'closed' });
  expect(states).toEqual(['closed', 'idle']);
});

test('close finishes: the place is given up, and nothing is left running', async () => {
  const world = new World();
  const { session, room } = await joined(world);
  const { end } = reading(room);
  session.close();
  await pass(world);
  expect(end()).toBe('over');
  expect(world.clock.pending).toBe(0);
});

test('what waits in another room does not wait for a room that has ended', async () => {
  const world = new World();
  const { session, room } = await joined(world);
  const other = await done(world, session.join('general', 'Mina'));
  world.server.intercept = (frame) => frame.type === 'say' && frame.room === ROOM ? 'nothing' : null;
  const lost = refused(room.say('never answered'), world);
  const waiting = other.say('waiting');
  await pass(world, 20);
  world.socket.tell({ type: 'left', id: 999, room: ROOM });
  expect(await lost).toBe('unconfirmed');
  await done(world, waiting);
});

test('a line in doubt goes before lines of other rooms, whose numbers are higher', async () => {
  const world = new World();
  const { session, room } = await joined(world);
  const other = await done(world, session.join('general', 'Mina'));
  const doubtful = room.say('doubtful');
  world.socket.end(1006);
  let tries = 2;
  world.server.intercept = (frame) => frame.type === 'join' && frame.room === ROOM && tries-- > 0
    ? { type: 'error', code: 'rate_limited', message: 'Too fast.', id: frame.id, room: ROOM, retry_after_ms: 1_000 } : null;
  const later = other.say('later');
  await done(world, Promise.all([doubtful, later]), 10_000);
  const says = world.sockets.flatMap(({ sent }) => sent).flatMap((frame) => frame.type === 'say' ? [`${frame.id} ${frame.text}`] : []);
  expect(says.map((say) => say.split(' ')[1])).toEqual(['doubtful', 'doubtful', 'later']);
  expect(says[0]).toBe(says[1]);
});

test('whoever is sent away may come back at once, and nobody joins what was closed', async () => {
  const world = new World();
  const { session, room } = await joined(world);
  let again: Promise<Room> | null = null;
  room.on('end', () => { again ??= session.join(ROOM, 'Mina'); });
  await pass(world);
  world.socket.end(4000);
  await pass(world, 1_000);
  if (again === null) throw new Error('nobody was told');
  await done(world, again as Promise<Room>);
  session.close();
  expect(await refused(session.join(ROOM, 'Mina'), world)).toBe('left');
});

test('a server that is long away is waited for', async () => {
  const world = new World();
  const { session, room } = await joined(world);
  world.server.refuses = 1006;
  world.socket.end(1006);
  const said = room.say('after an hour');
  await pass(world, 600_000);
  expect(session.link.state).toMatch(/waiting|connecting/);
  world.server.refuses = null;
  await done(world, said, 16_000);
}, 20_000);

test('a reload with storage is the same person', async () => {
  const world = new World();
  const storage = new Store();
  const before = await joined(world, 'Mina', { storage });
  const id = before.room.you.id;
  // Of the page before nothing is left but its storage, and for the server a socket that says nothing.
  const { room } = await joined(world, 'Mina', { storage });
  expect(room.you.id).toBe(id);
  await done(world, room.say('back'));
  expect(world.server.texts(ROOM)).toEqual(['back']);
});

test('a hole in the numbers is not shown: the connection is made anew, and if it is still there it is told', async () => {
  const world = new World();
  const { room } = await joined(world);
  const { heard } = reading(room);
  const hole = { type: 'message', room: ROOM, seq: 9, at: 1, from: 7, name: 'Ali', text: 'after a hole' };
  world.socket.tell(hole);
  await pass(world, 3_000);
  expect(world.sockets).toHaveLength(2);
  expect(heard).toEqual([]);
  world.socket.tell(hole);
  await pass(world);
  expect(heard).toEqual(['-- hole', 'Ali: after a hole']);
});

test('whoever does not read does not fill the memory, and is told', async () => {
  const world = new World();
  const { room } = await joined(world);
  const events = room.events();
  const ali = world.server.enter(ROOM, 'Ali');
  for (let line = 0; line < 10_500; line += 1) world.server.says(ROOM, ali, String(line));
  await pass(world);
  const first = await events.next();
  expect(first.value).toEqual({ type: 'reset', reason: 'slow' });
  let last = '';
  for (let read = 0; read < 600 && last !== 'Ali: 10499'; read += 1) {
    const { value } = await events.next() as { value: RoomEvent };
    last = told(value);
  }
  expect(last).toBe('Ali: 10499');
});

test('a listener that throws keeps nobody from hearing', async () => {
  const world = new World();
  const { room } = await joined(world);
  const thrown: unknown[] = [];
  const note = (why: unknown): void => void thrown.push(why);
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', note);
  room.on('message', () => { throw new Error('mine'); });
  const { heard } = reading(room);
  await done(world, room.say('Hello'));
  await new Promise((turn) => setTimeout(turn, 0));
  process.off('unhandledRejection', note);
  for (const other of others) process.on('unhandledRejection', other);
  expect(heard).toEqual(['own Mina: Hello']);
  expect(thrown).toMatchObject([{ message: 'mine' }]);
});

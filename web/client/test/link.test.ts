import { expect, test } from 'vitest';
import { said, Store, World } from './fake.ts';

const ROOM = '408213';

function types(world: World, at = -1): string[] {
  return world.sockets.at(at)?.sent.map((frame) => frame.type) ?? [];
}

test('the page speaks charsu.v1 to the address it was given', () => {
  const world = new World();
  const asked: unknown[][] = [];
  const chat = world.chat(new Store(), {
    connect: (url, protocol) => {
      asked.push([url, protocol]);
      throw new Error('no sockets today');
    },
  });
  chat.join(ROOM, 'Mina');
  expect(asked).toEqual([['ws://charsu.example/ws', 'charsu.v1']]);
});

test('an address that the browser refuses is a failure like another', async () => {
  const world = new World();
  let tries = 0;
  const chat = world.chat(new Store(), {
    connect: () => {
      tries += 1;
      throw new SyntaxError('bad address');
    },
  });
  chat.join(ROOM, 'Mina');
  for (let round = 0; round < 40 && chat.view.link.state !== 'stopped'; round += 1) {
    await Promise.resolve();
    world.pass(15_000);
  }
  expect(chat.view.link).toEqual({ state: 'stopped', attempts: 10 });
  expect(tries).toBe(10);
});

test('a quiet line is asked after the heartbeat, and an answer is enough', () => {
  const world = new World();
  world.joined();
  world.pass(24_000);
  expect(types(world)).not.toContain('ping');
  world.pass(200_000);
  expect(types(world).filter((type) => type === 'ping').length).toBeGreaterThanOrEqual(7);
  expect(world.sockets).toHaveLength(1);
});

test('a line on which others talk is not asked', () => {
  const world = new World();
  world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  for (let round = 0; round < 20; round += 1) {
    world.server.says(ROOM, arash, 'still here');
    world.pass(20_000);
  }
  expect(types(world)).not.toContain('ping');
});

test('a dead socket that nobody closed is noticed 10 s after the ping, and what was missed is fetched', () => {
  const world = new World();
  const chat = world.joined();
  world.socket.silent = true;
  const arash = world.server.enter(ROOM, 'Arash');
  world.server.says(ROOM, arash, 'anybody?');
  world.pass(25_000 + 9_800);
  expect(chat.view.link.state).toBe('live');
  world.pass(400);
  expect(world.sockets[0]?.closedBy).toBe('page');
  world.pass(1_000);
  expect(chat.view.link.state).toBe('live');
  expect(said(chat)).toEqual(['Arash: anybody?']);
});

test('a socket that opens and never welcomes is given up', () => {
  const world = new World();
  world.server.intercept = (frame) => frame.type === 'ping' ? null : 'nothing';
  const chat = world.chat();
  chat.join(ROOM, 'Mina');
  world.pass(14_000);
  expect(chat.view.link.state).toBe('connecting');
  world.pass(1_100);
  expect(chat.view.link.state).not.toBe('live');
  expect(world.sockets[0]?.closedBy).toBe('page');
});

test('a server that cannot be reached is tried ten times, and then the person is asked', () => {
  const world = new World();
  world.server.refuses = 1006;
  const chat = world.chat();
  chat.join(ROOM, 'Mina');
  chat.say(ROOM, 'kept');
  world.pass(600_000);
  expect(chat.view.link).toEqual({ state: 'stopped', attempts: 10 });
  expect(world.sockets).toHaveLength(10);
  world.server.refuses = null;
  chat.reconnectNow();
  world.pass(100);
  expect(world.server.texts(ROOM)).toEqual(['kept']);
});

test('a page that comes back to the front, or whose network changed, asks a doubtful socket at once', () => {
  for (const wake of ['visible', 'online'] as const) {
    const world = new World();
    const chat = world.joined();
    world.pass(10_000);
    world.socket.silent = true;
    if (wake === 'visible') chat.visible(false);
    chat[wake](true);
    world.pass(2_900);
    expect(world.sockets).toHaveLength(1);
    world.pass(700);
    expect(world.sockets.length, wake).toBeGreaterThan(1);
  }
});

test('a socket that lives although the browser says offline is kept', () => {
  const world = new World();
  const chat = world.joined();
  chat.online(false);
  world.pass(60_000);
  expect(chat.view.link).toEqual({ state: 'live' });
  expect(world.sockets).toHaveLength(1);
});

test('offline is told when the socket is gone, and coming online connects at once', () => {
  const world = new World();
  const chat = world.joined();
  world.server.refuses = 1006;
  world.socket.silent = true;
  chat.online(false);
  world.pass(3_100);
  expect(chat.view.link.state).toBe('offline');
  world.pass(60_000);
  expect(chat.view.link.state).toBe('offline');
  world.server.refuses = null;
  chat.online(true);
  world.pass(50);
  expect(chat.view.link.state).toBe('live');
});

test('a session that is used elsewhere stays closed until the person takes it back, and numbers go on from the clock', () => {
  const world = new World();
  const store = new Store();
  const chat = world.joined(ROOM, 'Mina', store);
  const copy = new Store();
  for (const [key, value] of store.items) copy.setItem(key, value);
  const other = world.chat(copy);
  world.pass(100);
  expect(other.view.link.state).toBe('live');
  expect(chat.view.link).toEqual({ state: 'closed', code: 4000, reason: 'used elsewhere' });
  other.say(ROOM, 'from the copy');
  world.pass(600_000);
  expect(chat.view.link.state).toBe('closed');
  chat.reconnectNow();
  world.pass(100);
  chat.say(ROOM, 'from the first');
  world.pass(100);
  expect(world.server.texts(ROOM)).toEqual(['from the copy', 'from the first']);
  expect(said(chat)).toEqual(['Mina: from the copy', 'Mina: from the first']);
  expect(other.view.link.state).toBe('closed');
});

test('a close that asks for patience is given it', () => {
  const world = new World();
  const chat = world.joined();
  world.socket.tell({ type: 'error', code: 'rate_limited', message: 'Far too fast.', retry_after_ms: 40_000 });
  world.pass(20);
  expect(chat.view.notice).toMatchObject({ code: 'rate_limited', retryAfterMs: 40_000 });
  world.socket.end(4429, 'too fast');
  world.pass(39_000);
  expect(world.sockets).toHaveLength(1);
  chat.visible(true);
  expect(world.sockets).toHaveLength(1);
  world.pass(10_000);
  expect(chat.view.link.state).toBe('live');
  chat.dismiss(null);
  expect(chat.view).not.toHaveProperty('notice');
});

test('wishing the same room again is no reason to hurry, another is', () => {
  const world = new World();
  const chat = world.joined();
  world.server.refuses = 1006;
  world.socket.end(1013);
  for (let round = 0; round < 10; round += 1) chat.join(ROOM, 'Mina');
  world.pass(1_000);
  expect(world.sockets).toHaveLength(1);
  chat.join('general', 'Mina');
  expect(world.sockets).toHaveLength(2);
});

test('a wait that the server asked for long before the cut is over', () => {
  const world = new World();
  const chat = world.joined();
  world.socket.tell({ type: 'error', code: 'rate_limited', message: 'Slowly.', retry_after_ms: 60_000 });
  world.pass(100_000);
  world.socket.end(1006);
  world.pass(1_000);
  expect(chat.view.link.state).toBe('live');
});

test('an attempt that hangs on a network that is gone is begun anew when there is another', () => {
  const world = new World();
  world.latency = () => 1_000_000;
  const chat = world.chat();
  chat.join(ROOM, 'Mina');
  world.pass(5_000);
  expect(chat.view.link.state).toBe('connecting');
  world.latency = () => 5;
  chat.online(true);
  world.pass(100);
  expect(chat.view.link.state).toBe('live');
  expect(world.sockets).toHaveLength(2);
  expect(world.sockets[0]?.closedBy).toBe('page');
});

test('a second welcome means nothing', () => {
  const world = new World();
  const chat = world.joined();
  chat.say(ROOM, 'on its way');
  world.socket.tell({ type: 'welcome', session: 'other', resumed: false, heartbeat_ms: 1, limits: { text_chars: 1, name_chars: 1, rooms: 1 } });
  world.pass(100);
  expect(said(chat)).toEqual(['Mina: on its way']);
  expect(chat.view.limits?.textChars).toBe(4_000);
});

test('a closed chat is silent: no timer, no socket, no word', () => {
  const world = new World();
  const chat = world.joined();
  let told = 0;
  chat.subscribe(() => { told += 1; });
  chat.keystroke(ROOM);
  chat.close();
  expect(world.socket.closedBy).toBe('page');
  world.pass(100);
  expect(world.clock.pending).toBe(0);
  world.pass(600_000);
  expect(world.sockets).toHaveLength(1);
  expect(told).toBe(0);
});

test('timers that ring a millisecond early, and a clock that is set back, stop nothing', () => {
  for (const skew of [0, -3_600_000]) {
    const world = new World();
    world.early = () => 1;
    const chat = world.joined();
    const arash = world.server.enter(ROOM, 'Arash');
    world.socket.tell({ type: 'typing', room: ROOM, from: arash, on: true });
    let refusals = 1;
    world.server.intercept = (frame) => frame.type === 'say' && refusals-- > 0
      ? { type: 'error', code: 'rate_limited', message: 'Slowly.', id: frame.id, room: ROOM, retry_after_ms: 500 } : null;
    chat.say(ROOM, 'waits');
    world.pass(50);
    world.skew = skew;
    world.pass(3_100);
    expect(world.server.texts(ROOM)).toEqual(['waits']);
    expect(chat.view.rooms[0]?.typing).toEqual([]);
    world.socket.end(1013);
    world.skew -= skew === 0 ? 0 : 3_600_000;
    world.pass(7_000);
    expect(chat.view.link.state).toBe('live');
  }
});

test('a clock that is set back does not stop the heartbeat', () => {
  const world = new World();
  world.joined();
  world.skew = -3_600_000;
  world.socket.silent = true;
  world.pass(70_000);
  expect(world.sockets.length).toBeGreaterThan(1);
});

test('a server that says goodbye is come back to when it asked for it, not sooner and not later, and then with patience', () => {
  const world = new World();
  const chat = world.joined();
  world.socket.tell({ type: 'goaway', retry_after_ms: 3_000 });
  world.pass(10);
  expect(chat.view.link.state).toBe('live');
  const due = world.clock.time - 5 + 3_000;
  world.server.refuses = 1006;
  for (const socket of [...world.server.seats.keys()]) socket.end(1012);
  expect(chat.view.link).toMatchObject({ state: 'waiting', retryAt: due, restarts: true });
  // The network or the eye that comes back does not make it sooner.
  chat.online(true);
  chat.visible(true);
  world.pass(due - world.clock.time - 1);
  expect(world.sockets).toHaveLength(1);
  world.pass(1);
  expect(world.sockets).toHaveLength(2);
  expect(chat.view.link).toMatchObject({ state: 'connecting', restarts: true });
  world.pass(20);
  expect(chat.view.link).toMatchObject({ state: 'waiting', restarts: true });
  world.server.refuses = null;
  world.pass(5_000);
  expect(chat.view.link).toEqual({ state: 'live' });
  // The next cut is one like any other.
  world.socket.end(1006);
  expect(chat.view.link).not.toHaveProperty('restarts');
});

test('a person does not have to wait for a server that said goodbye', () => {
  const world = new World();
  const chat = world.joined();
  world.socket.tell({ type: 'goaway', retry_after_ms: 60_000 });
  world.pass(10);
  world.socket.end(1012);
  chat.reconnectNow();
  world.pass(100);
  expect(chat.view.link.state).toBe('live');
});

test('a frame that nobody knows changes nothing', () => {
  const world = new World();
  const chat = world.joined();
  const before = chat.view;
  for (const frame of [{ type: 'weather', sunny: true }, { type: 'goaway' }, { type: 'history', id: 99, room: '408213', events: [], more: true }]) world.socket.tell(frame);
  world.pass(50);
  expect(chat.view).toBe(before);
});

// A server that lets nobody in without a token: how one is shown, what becomes of one that is not taken, and that nothing is lost or
// doubled when one runs out.
import { afterEach, expect, test, vi } from 'vitest';
import { Refusal, type Token } from '../src/index.ts';
import { FakeSocket, said, Store, World } from './fake.ts';

const ROOM = '408213';

/** What the server answers to a token that it does not take. */
const ANSWER = JSON.stringify({ code: 'token_invalid', message: "The token's signature is not good.", reason: 'signature' });

/** And to one who asks with none. */
const REQUIRED = JSON.stringify({ code: 'token_required', message: 'You need an invitation to enter here.', reason: 'missing' });

/** What it says of itself to whoever may know. */
const ABOUT = JSON.stringify({ name: 'Mina', token: 'required', version: '0.1.0' });

afterEach(() => { vi.unstubAllGlobals(); });

/** A server that takes these tokens and no others. */
class Guarded extends World {
  readonly taken = new Set<string>();
  /** Tokens that were shown, one for each connection. */
  readonly shown: (string | undefined)[] = [];
  /** What was asked beside the sockets. */
  readonly asked: string[] = [];

  constructor() {
    super();
    vi.stubGlobal('fetch', async (url: string, { headers }: { headers: { authorization: string } }) => {
      this.asked.push(url);
      const shown = headers.authorization.replace('Bearer ', '');
      return { text: async () => this.taken.has(shown) ? ABOUT : shown === '' ? REQUIRED : ANSWER };
    });
  }

  readonly connect = (_: string, protocol: string | string[]): FakeSocket => {
    const [, bearer] = [protocol].flat();
    const token = bearer?.replace('bearer.', '');
    this.shown.push(token);
    this.server.refuses = token !== undefined && this.taken.has(token) ? null : 1006;
    return new FakeSocket(this);
  };

  /** The token of the present connection has run out. */
  runsOut(): void {
    this.taken.clear();
    this.socket.end(4401, 'the token has run out: come back with another');
  }

  /** Lets time pass, and whoever awaited something go on. */
  async lets(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10) {
      this.pass(Math.min(10, left));
      for (let turn = 0; turn < 12; turn += 1) await Promise.resolve();
    }
  }
}

const codes = (told: Refusal[]): string[] => told.map(({ code }) => code);

test('a token is shown beside the protocol, and a function is asked before each connection', async () => {
  const world = new Guarded();
  world.taken.add('one').add('two');
  const tokens = ['one', 'two'];
  const asked = vi.fn(async () => tokens.shift());
  const session = world.session({ connect: world.connect, token: asked });
  const joined = session.join(ROOM, 'Mina');
  await world.lets(200);
  const room = await joined;
  world.socket.end(1006);
  await world.lets(2_000);
  expect([world.shown, asked.mock.calls.length, session.link.state]).toEqual([['one', 'two'], 2, 'live']);
  const done = room.say('Hello');
  await world.lets(200);
  expect(await done).toMatchObject({ seq: 2 });
  expect(world.asked).toEqual([]);
});

test('whoever has no token shows none', () => {
  for (const token of [undefined, '']) {
    const world = new World();
    const asked: unknown[] = [];
    const session = world.session({ ...(token === undefined ? {} : { token }), connect: (_, protocol) => (asked.push(protocol), new FakeSocket(world)) });
    session.join(ROOM, 'Mina').catch(() => {});
    expect(asked).toEqual(['charsu.v1']);
  }
});

test('a fixed token that is not taken ends it with the reason', async () => {
  const world = new Guarded();
  const session = world.session({ connect: world.connect, token: 'forged' });
  const told: Refusal[] = [];
  session.on('refused', (why) => told.push(why));
  const why = session.join(ROOM, 'Mina').catch((refusal: unknown) => refusal);
  await world.lets(5_000);
  expect(await why).toBeInstanceOf(Refusal);
  expect(await why).toMatchObject({ code: 'token_invalid', message: "The token's signature is not good." });
  expect([codes(told), session.link.state]).toEqual([['token_invalid'], 'idle']);
  expect(new Set(world.asked)).toEqual(new Set(['http://charsu.example/api/about']));
  // A next try may have begun before the answer came, and no more.
  expect(world.shown.length).toBeLessThanOrEqual(2);
});

test('whoever has no token where one is needed is told so, and tries no more until asked', async () => {
  for (const token of [undefined, '']) {
    const world = new Guarded();
    const session = world.session({ ...(token === undefined ? {} : { token }), connect: world.connect });
    const told: Refusal[] = [];
    session.on('refused', (why) => told.push(why));
    const why = session.join(ROOM, 'Mina').catch((refusal: unknown) => refusal);
    await world.lets(2_000);
    expect(await why).toMatchObject({ code: 'token_required', message: 'You need an invitation to enter here.' });
    const tries = world.shown.length;
    await world.lets(60_000);
    expect([codes(told), session.link.state, world.shown.length]).toEqual([['token_required'], 'idle', tries]);
    expect(tries).toBeLessThanOrEqual(2);
  }
});

test('a page that draws and has no token sees why, keeps its lines, and stops', async () => {
  const world = new Guarded();
  const chat = world.chat(new Store(), { connect: world.connect });
  chat.join(ROOM, 'Mina');
  chat.say(ROOM, 'Hello');
  await world.lets(2_000);
  const tries = world.shown.length;
  await world.lets(60_000);
  expect(chat.view).toMatchObject({ queued: 1, notice: { code: 'token_required' }, link: { state: 'closed', code: 4401 } });
  expect(world.shown.length).toBe(tries);
});

test('whoever has no token for now is told so, and tries on at growing intervals until it has one', async () => {
  const world = new Guarded();
  let token: string | undefined;
  const session = world.session({ connect: world.connect, token: () => token });
  const told: Refusal[] = [];
  session.on('refused', (why) => told.push(why));
  const joined = session.join(ROOM, 'Mina');
  await world.lets(60_000);
  expect(new Set(codes(told))).toEqual(new Set(['token_required']));
  expect(world.shown.length).toBeLessThan(15);
  token = 'late';
  world.taken.add('late');
  await world.lets(20_000);
  await joined;
  expect(session.link.state).toBe('live');
});

test('a server that needs no token, or is away, is not taken for one that does', async () => {
  const world = new Guarded();
  const answers = [ABOUT.replace('required', 'none'), '<h1>401 Authorization Required</h1>', null];
  vi.stubGlobal('fetch', async () => {
    const answer = answers.shift();
    if (answer == null) throw new TypeError('Failed to fetch');
    return { text: async () => answer };
  });
  const session = world.session({ connect: (to, protocol) => {
    const socket = world.connect(to, protocol);
    world.server.refuses = answers.length > 0 ? 1006 : null;
    return socket;
  } });
  const told: Refusal[] = [];
  session.on('refused', (why) => told.push(why));
  const joined = session.join(ROOM, 'Mina');
  await world.lets(30_000);
  await joined;
  expect([codes(told), session.link.state, answers]).toEqual([[], 'live', []]);
});

test('a network that lets no socket through is not taken for a token that is no good', async () => {
  const world = new Guarded();
  world.taken.add('good');
  const session = world.session({ connect: (to, protocol) => {
    const socket = world.connect(to, protocol);
    world.server.refuses = 1006;
    return socket;
  }, token: 'good' });
  const told: Refusal[] = [];
  session.on('refused', (why) => told.push(why));
  session.join(ROOM, 'Mina').catch(() => {});
  await world.lets(3_000);
  expect(codes(told)).toEqual([]);
  expect(world.shown.length).toBeGreaterThan(1);
  vi.stubGlobal('fetch', async () => { throw new TypeError('Failed to fetch'); });
  await world.lets(20_000);
  expect([codes(told), session.link.state === 'closed']).toEqual([[], false]);
});

test('when a token runs out the next one is asked for, and what was under way is done once', async () => {
  const world = new Guarded();
  world.taken.add('first');
  let token = 'first';
  const session = world.session({ connect: world.connect, token: () => token });
  const told: Refusal[] = [];
  session.on('refused', (why) => told.push(why));
  const joined = session.join(ROOM, 'Mina');
  await world.lets(200);
  const room = await joined;
  const heard: string[] = [];
  room.on('event', (event) => heard.push(event.type === 'message' ? event.text : event.type));
  // The first reaches the server, whose answer is lost; the others wait.
  const lines = ['one', 'two', 'three'].map((text) => room.say(text));
  while (world.server.texts(ROOM).length === 0) world.pass(1);
  world.runsOut();
  await world.lets(2_000);
  expect(codes(told)).toContain('token_expired');
  expect(session.link.state).not.toBe('closed');
  // Tried with the old one meanwhile, which is told for what it is.
  expect(codes(told).slice(1).every((code) => code === 'token_invalid')).toBe(true);
  token = 'second';
  world.taken.add('second');
  await world.lets(20_000);
  await Promise.all(lines);
  expect(world.server.texts(ROOM)).toEqual(['one', 'two', 'three']);
  expect(heard).toEqual(['one', 'two', 'three']);
  expect(session.link.state).toBe('live');
});

test('a function that has no token for now is asked again later', async () => {
  const world = new Guarded();
  world.taken.add('late');
  let tries = 0;
  const session = world.session({ connect: world.connect, token: async () => {
    tries += 1;
    if (tries < 3) throw new Error('the network is away');
    return 'late';
  } });
  const joined = session.join(ROOM, 'Mina');
  await world.lets(10_000);
  await joined;
  expect([tries, world.shown]).toEqual([3, ['late']]);
});

test('whoever leaves while a token is waited for opens nothing', async () => {
  const world = new Guarded();
  world.taken.add('late');
  let gives: (token: string) => void = () => {};
  const session = world.session({ connect: world.connect, token: () => new Promise<string>((resolve) => { gives = resolve; }) });
  session.join(ROOM, 'Mina').catch(() => {});
  await world.lets(100);
  session.close();
  gives('late');
  await world.lets(100);
  expect(world.shown).toEqual([]);
});

test('a page that draws sees the reason, keeps its lines, and goes on with another token', async () => {
  const world = new Guarded();
  world.taken.add('first');
  let token = 'first';
  const chat = world.chat(new Store(), { connect: world.connect, token: () => token });
  chat.join(ROOM, 'Mina');
  await world.lets(200);
  chat.say(ROOM, 'before');
  await world.lets(200);
  world.runsOut();
  chat.say(ROOM, 'meanwhile');
  await world.lets(1_000);
  expect(chat.view.notice?.code).toMatch(/^token_/);
  expect(chat.view.queued).toBe(1);
  token = 'second';
  world.taken.add('second');
  await world.lets(20_000);
  expect(chat.view.notice).toBeUndefined();
  expect(said(chat, ROOM)).toEqual(['Mina: before', 'Mina: meanwhile']);
  expect(chat.view.queued).toBe(0);
  expect(world.server.texts(ROOM)).toEqual(['before', 'meanwhile']);
});

test('a page with a fixed token is told that it has run out', async () => {
  const world = new Guarded();
  world.taken.add('only');
  const chat = world.chat(new Store(), { connect: world.connect, token: 'only' satisfies Token });
  chat.join(ROOM, 'Mina');
  await world.lets(200);
  world.runsOut();
  await world.lets(1_000);
  expect(chat.view.link).toMatchObject({ state: 'closed', code: 4401 });
  expect(chat.view.notice?.code).toBe('token_expired');
});

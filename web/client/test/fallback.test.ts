import { expect, test } from 'vitest';
import { EventSocket, type Fetch } from '../src/by-http.ts';
import { FAILURES_UNTIL_HTTP, FIRST_LOOK_MS, LOOK_MS, withFallback } from '../src/fallback.ts';
import type { WebSocketLike } from '../src/platform.ts';
import { Clock } from './fake.ts';

class FakeSocket implements WebSocketLike {
  readyState = 0;
  closed: number | undefined;
  onopen: WebSocketLike['onopen'] = null;
  onmessage: WebSocketLike['onmessage'] = null;
  onclose: WebSocketLike['onclose'] = null;
  onerror: WebSocketLike['onerror'] = null;
  readonly sent: string[] = [];
  send(text: string): void { this.sent.push(text); }
  close(code = 1005): void { this.closed = code; }
  opens(): void {
    this.readyState = 1;
    this.onopen?.({});
  }
  fails(): void {
    this.readyState = 3;
    this.onclose?.({ code: 1006, reason: '' });
  }
}

/** A server's HTTP side: what it was asked, and a stream that is written by hand. */
class FakeHttp {
  readonly asked: { url: string; body?: string; session?: string; token?: string }[] = [];
  answers: (() => { ok: boolean; status: number })[] = [];
  status = 200;
  /** What comes with a refusal. */
  answer = '';
  #write: ((chunk: { done: boolean; value?: unknown }) => void) | null = null;
  readonly #chunks: { done: boolean; value?: unknown }[] = [];

  readonly fetch: Fetch = async (url, request) => {
    const session = request.headers?.['charsu-session'];
    const token = request.headers?.['authorization'];
    const text = async (): Promise<string> => this.answer;
    this.asked.push({ url, ...(request.body === undefined ? {} : { body: request.body }), ...(session === undefined ? {} : { session }), ...(token === undefined ? {} : { token }) });
    if (request.method === 'POST') return { ...(this.answers.shift() ?? (() => ({ ok: true, status: 202 })))(), body: null, text };
    if (this.status === 0) throw new TypeError('Failed to fetch');
    const read = (): Promise<{ done: boolean; value?: unknown }> => new Promise((resolve) => {
      const chunk = this.#chunks.shift();
      if (chunk === undefined) this.#write = resolve;
      else resolve(chunk);
    });
    return { ok: this.status === 200, status: this.status, text, body: { getReader: () => ({ read }) } };
  };

  writes(text: string): void { this.#push({ done: false, value: new TextEncoder().encode(text) }); }
  writesBytes(value: Uint8Array): void { this.#push({ done: false, value }); }
  ends(): void { this.#push({ done: true }); }

  #push(chunk: { done: boolean; value?: unknown }): void {
    if (this.#write === null) this.#chunks.push(chunk);
    else {
      this.#write(chunk);
      this.#write = null;
    }
  }

  get engine() {
    return { fetch: this.fetch, AbortController, TextDecoder } as unknown as ConstructorParameters<typeof EventSocket>[2];
  }
}

const settle = async (): Promise<void> => { for (let turn = 0; turn < 20; turn += 1) await Promise.resolve(); };
const event = (kind: string, data: object): string => `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;

function opened(http: FakeHttp, clock = new Clock(), token?: string) {
  const socket = new EventSocket('wss://chat.example/sub/ws', (run, ms) => clock.set(run, ms), http.engine, token);
  const heard: unknown[] = [];
  const ends: number[] = [];
  const reasons: string[] = [];
  socket.onmessage = ({ data }) => heard.push(JSON.parse(String(data)));
  socket.onclose = ({ code, reason }) => {
    ends.push(code);
    reasons.push(reason);
  };
  clock.pass(0);
  expect(socket.readyState).toBe(1);
  return { socket, heard, ends, reasons, clock };
}

test('frames go up in their order once the session is known, and come down however the stream is cut', async () => {
  const http = new FakeHttp();
  const { socket, heard, ends } = opened(http);
  socket.send('{"type":"hello","session":"old"}');
  socket.send('{"type":"join","id":1}');
  socket.send('{"type":"say","id":2}');
  await settle();
  expect(http.asked).toEqual([{ url: 'https://chat.example/sub/api/events', session: 'old' }]);
  const stream = `retry: 2000\n: a comment\nid: new\n${event('welcome', { type: 'welcome', session: 'new' })}:\n\n${event('message', { type: 'message', text: 'سلام' })}`;
  for (const byte of new TextEncoder().encode(stream)) http.writesBytes(new Uint8Array([byte]));
  await settle();
  for (let turn = 0; turn < 50; turn += 1) await settle();
  expect(heard).toEqual([{ type: 'welcome', session: 'new' }, { type: 'message', text: 'سلام' }]);
  expect(http.asked.slice(1)).toEqual([{ url: 'https://chat.example/sub/api/commands', session: 'new', body: '{"type":"join","id":1}\n{"type":"say","id":2}' }]);
  http.writes(event('close', { code: 4000, reason: 'elsewhere' }));
  await settle();
  expect(ends).toEqual([4000]);
  http.ends();
  await settle();
  expect(ends).toEqual([4000]);
});

test('what the server has not read yet is sent again, and what it does not take ends the line', async () => {
  const http = new FakeHttp();
  const { socket, ends, clock } = opened(http);
  http.answers = [() => ({ ok: false, status: 429 }), () => ({ ok: true, status: 202 }), () => ({ ok: false, status: 403 })];
  socket.send('{"type":"hello"}');
  http.writes(event('welcome', { type: 'welcome', session: 's' }));
  socket.send('1');
  await settle();
  socket.send('2');
  await settle();
  clock.pass(500);
  await settle();
  expect(http.asked.slice(1).map(({ body }) => body)).toEqual(['1', '1\n2']);
  socket.send('3');
  await settle();
  expect(ends).toEqual([1006]);
});

test('a token goes with every request, and one that is not taken ends the line as it would end a socket', async () => {
  const http = new FakeHttp();
  const { socket, ends, reasons } = opened(http, new Clock(), 'a.b.c');
  socket.send('{"type":"hello"}');
  http.writes(event('welcome', { type: 'welcome', session: 's' }));
  http.answers = [() => ({ ok: true, status: 202 }), () => ({ ok: false, status: 401 })];
  socket.send('1');
  await settle();
  expect(http.asked.map(({ token }) => token)).toEqual(['Bearer a.b.c', 'Bearer a.b.c']);
  http.answer = '{"code":"token_expired"}';
  socket.send('2');
  await settle();
  expect([ends, reasons]).toEqual([[4401], ['{"code":"token_expired"}']]);
  const closed = new FakeHttp();
  closed.status = 401;
  const turnedAway = opened(closed, new Clock(), 'a.b.c');
  turnedAway.socket.send('{"type":"hello"}');
  await settle();
  expect(turnedAway.ends).toEqual([4401]);
});

test('a token among the subprotocols is the one that goes with the requests', () => {
  const clock = new Clock();
  const shown: (string | undefined)[] = [];
  const env = { connect: () => { throw new Error('blocked'); }, setTimer: (run: () => void, ms: number) => clock.set(run, ms), clearTimer: (timer: number) => clock.clear(timer) };
  const connect = withFallback(env, (url, token) => {
    shown.push(token);
    return new EventSocket(url, env.setTimer, new FakeHttp().engine, token);
  });
  for (let tries = 0; tries < 2; tries += 1) expect(() => connect('ws://a/ws', ['charsu.v1', 'bearer.a.b.c'])).toThrow('blocked');
  connect('ws://a/ws', ['charsu.v1', 'bearer.a.b.c']);
  connect('ws://a/ws', 'charsu.v1');
  expect(shown).toEqual(['a.b.c', undefined]);
});

test('after sockets that do not open it goes by requests, and back when one opens', () => {
  const clock = new Clock();
  const sockets: FakeSocket[] = [];
  const lines: EventSocket[] = [];
  const env = {
    connect: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    setTimer: (run: () => void, ms: number) => clock.set(run, ms),
    clearTimer: (timer: number) => clock.clear(timer),
  };
  const http = new FakeHttp();
  const connect = withFallback(env, (url) => {
    const line = new EventSocket(url, env.setTimer, http.engine);
    line.wasHeard = true;
    lines.push(line);
    return line;
  });
  for (let failure = 0; failure < FAILURES_UNTIL_HTTP; failure += 1) {
    connect('ws://here/ws', 'charsu.v1');
    sockets.at(-1)?.fails();
  }
  const line = connect('ws://here/ws', 'charsu.v1');
  const ends: number[] = [];
  line.onclose = ({ code }) => ends.push(code);
  clock.pass(0);
  expect([sockets.length, lines.length, line.readyState]).toEqual([FAILURES_UNTIL_HTTP, 1, 1]);
  clock.pass(FIRST_LOOK_MS);
  sockets.at(-1)?.fails();
  clock.pass(LOOK_MS);
  expect(ends).toEqual([]);
  const probe = sockets.at(-1);
  probe?.opens();
  expect(ends).toEqual([4901]);
  expect(probe?.closed).toBeDefined();
  expect(clock.pending).toBe(0);
  connect('ws://here/ws', 'charsu.v1');
  expect([sockets.length, lines.length]).toEqual([FAILURES_UNTIL_HTTP + 3, 1]);
});

test('where requests lead nowhere either, the server is away and sockets are tried again', async () => {
  const clock = new Clock();
  let sockets = 0;
  const env = {
    connect: (): WebSocketLike => {
      sockets += 1;
      throw new Error('no');
    },
    setTimer: (run: () => void, ms: number) => clock.set(run, ms),
    clearTimer: (timer: number) => clock.clear(timer),
  };
  const http = new FakeHttp();
  http.status = 0;
  const connect = withFallback(env, (url) => new EventSocket(url, env.setTimer, http.engine));
  for (let failure = 0; failure < FAILURES_UNTIL_HTTP; failure += 1) expect(() => connect('ws://here/ws', 'charsu.v1')).toThrow();
  const line = connect('ws://here/ws', 'charsu.v1');
  let ended = 0;
  line.onclose = () => { ended += 1; };
  clock.pass(0);
  line.send('{"type":"hello"}');
  await settle();
  expect(ended).toBe(1);
  expect(() => connect('ws://here/ws', 'charsu.v1')).toThrow();
  expect([sockets, clock.pending]).toEqual([FAILURES_UNTIL_HTTP + 1, 0]);
});

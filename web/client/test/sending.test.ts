import { expect, test } from 'vitest';
import type { Line, MessageLine } from '../src/index.ts';
import { MOST_LINES } from '../src/outbox.ts';
import { said, shown, Store, World } from './fake.ts';

const ROOM = '408213';

function own(lines: readonly Line[]): MessageLine[] {
  return lines.filter((line) => line.kind === 'message' && line.own) as MessageLine[];
}

function rows(chat: ReturnType<World['chat']>): readonly Line[] {
  return chat.view.rooms[0]?.lines ?? [];
}

function commands(world: World): string[] {
  return world.sockets.flatMap((socket) => socket.sent.flatMap((frame) => frame.type === 'say' ? [`${frame.id} ${frame.text}`] : []));
}

test('a line appears at once as queued, is sent when acknowledged, and comes back as the same row', () => {
  const world = new World();
  const chat = world.joined();
  expect(chat.say(ROOM, 'hello')).toBe(true);
  const [queued] = own(rows(chat));
  expect(queued).toMatchObject({ text: 'hello', state: 'queued', seq: null, own: true, name: 'Mina' });
  expect(chat.view.queued).toBe(1);
  world.pass(10);
  expect(chat.view.queued).toBe(0);
  const [sent] = own(rows(chat));
  expect(sent).toMatchObject({ text: 'hello', state: 'sent', seq: 2, key: queued?.key });
  expect(said(chat)).toEqual(['Mina: hello']);
});

test('lines typed before the socket is open wait, and go in the order typed once the room is joined', () => {
  const world = new World();
  const chat = world.chat();
  chat.join(ROOM, 'Mina');
  for (const text of ['one', 'two', 'three']) chat.say(ROOM, text);
  expect(said(chat)).toEqual(['Mina: one (queued)', 'Mina: two (queued)', 'Mina: three (queued)']);
  world.pass(100);
  expect(world.server.texts(ROOM)).toEqual(['one', 'two', 'three']);
  expect(world.socket.sent.map((frame) => frame.type).slice(0, 3)).toEqual(['hello', 'join', 'say']);
  expect(said(chat)).toEqual(['Mina: one', 'Mina: two', 'Mina: three']);
});

test('an own line is shown once when it comes back before its acknowledgement', () => {
  const world = new World();
  world.server.ackLast = () => true;
  const chat = world.joined();
  for (const text of ['one', '//two', 'three']) chat.say(ROOM, text);
  for (let ms = 0; ms < 100; ms += 1) {
    world.pass(1);
    for (const text of ['one', 'two', 'three']) expect(said(chat).filter((line) => line.includes(text))).toHaveLength(1);
  }
  expect(said(chat)).toEqual(['Mina: one', 'Mina: /two', 'Mina: three']);
});

test('an own line that the server changed is shown once when its acknowledgement has come', () => {
  const world = new World();
  world.server.ackLast = () => true;
  world.server.tidied = (text) => text.replace(/!+/, '!');
  const chat = world.joined();
  chat.say(ROOM, 'hello!!!');
  world.pass(50);
  expect(said(chat)).toEqual(['Mina: hello!']);
});

test('a socket that is closing takes no line, and the line is in no doubt', () => {
  const world = new World();
  const chat = world.joined();
  world.socket.readyState = 2;
  chat.say(ROOM, 'not handed over');
  expect(world.socket.sent.filter((frame) => frame.type === 'say')).toEqual([]);
  world.server.restart();
  world.pass(2_000);
  expect(said(chat)).toEqual(['Mina: not handed over']);
});

test('lines of others that come between the acknowledgement and the own line stand before it', () => {
  const world = new World();
  const chat = world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  world.pass(10);
  const socket = world.socket;
  world.server.intercept = (frame) => {
    if (frame.type !== 'say') return null;
    world.server.intercept = null;
    socket.tell({ type: 'ack', id: frame.id, room: ROOM, epoch: world.server.room(ROOM).epoch, seq: 4 });
    world.server.says(ROOM, arash, 'first');
    world.server.says(ROOM, 1, frame.text);
    return 'nothing';
  };
  world.latency = () => 1;
  chat.say(ROOM, 'mine');
  const steps: string[][] = [];
  for (let ms = 0; ms < 10; ms += 1) {
    world.pass(1);
    steps.push(said(chat));
  }
  expect(steps).toContainEqual(['Mina: mine (queued)']);
  expect(steps.at(-1)).toEqual(['Arash: first', 'Mina: mine']);
  for (const step of steps) expect(step.filter((line) => line.includes('mine'))).toHaveLength(1);
});

test('a line whose acknowledgement was lost is sent again under its number, before newer ones, and is said once', () => {
  const world = new World();
  const chat = world.joined();
  chat.say(ROOM, 'one');
  world.pass(6);
  expect(world.server.texts(ROOM)).toEqual(['one']);
  chat.say(ROOM, 'two');
  world.socket.end(1006);
  chat.say(ROOM, 'three');
  expect(said(chat)).toEqual(['Mina: one (queued)', 'Mina: two (queued)', 'Mina: three (queued)']);
  world.pass(2_000);
  expect(world.server.texts(ROOM)).toEqual(['one', 'two', 'three']);
  expect(said(chat)).toEqual(['Mina: one', 'Mina: two', 'Mina: three']);
  const [first, again, ...rest] = commands(world);
  expect(again).toBe(first);
  expect(rest.map((line) => line.split(' ')[1])).toEqual(['two', 'three']);
});

test('a line that never reached the server is sent again under its number', () => {
  const world = new World();
  const chat = world.joined();
  chat.say(ROOM, 'one');
  world.socket.end(1006);
  world.pass(2_000);
  expect(world.server.texts(ROOM)).toEqual(['one']);
  const [first, again] = commands(world);
  expect(again).toBe(first);
});

test('once the session is lost, a line that was handed over is unconfirmed, and one that was not goes out', () => {
  const world = new World();
  const chat = world.joined();
  chat.say(ROOM, 'before');
  world.pass(50);
  chat.say(ROOM, 'handed over');
  chat.say(ROOM, 'still here');
  world.server.restart();
  world.pass(2_000);
  expect(world.server.texts(ROOM)).toEqual(['still here']);
  expect(said(chat)).toEqual(['Mina: before', '-- epoch', 'Mina: still here', 'Mina: handed over (unconfirmed)']);
  const [row] = own(rows(chat)).filter((line) => line.state === 'unconfirmed');
  const before = commands(world).find((line) => line.endsWith('handed over'));
  chat.retry(ROOM, row?.key ?? '');
  expect(said(chat).at(-1)).toBe('Mina: handed over (queued)');
  world.pass(100);
  expect(world.server.texts(ROOM)).toEqual(['still here', 'handed over']);
  expect(commands(world).filter((line) => line.endsWith('handed over'))).toHaveLength(2);
  expect(commands(world).findLast((line) => line.endsWith('handed over'))).not.toBe(before);
});

test('a line that came back before the cut is not in doubt when the session is lost', () => {
  const world = new World();
  world.server.ackLast = () => true;
  const chat = world.joined();
  const socket = world.socket;
  // The line comes back, its acknowledgement does not.
  const tell = socket.tell.bind(socket);
  socket.tell = (frame) => frame.type === 'ack' ? undefined : tell(frame);
  chat.say(ROOM, 'it did arrive');
  world.pass(20);
  expect(said(chat)).toEqual(['Mina: it did arrive']);
  world.server.restart();
  world.pass(2_000);
  expect(said(chat)).toEqual(['Mina: it did arrive', '-- epoch']);
  expect(chat.view.queued).toBe(0);
});

test('a refused line keeps its text and the reason; the next ones go on', () => {
  const world = new World();
  const chat = world.joined();
  chat.say(ROOM, '/dance');
  chat.say(ROOM, 'hello');
  world.pass(100);
  expect(said(chat)).toEqual(['Mina: hello', 'Mina: /dance (failed)']);
  const [failed] = own(rows(chat)).filter((line) => line.state === 'failed');
  expect(failed?.error).toMatchObject({ code: 'unknown_command' });
  chat.discard(ROOM, failed?.key ?? '');
  expect(said(chat)).toEqual(['Mina: hello']);
});

test('names that are like the one written come with the refusal', () => {
  const world = new World();
  const chat = world.joined();
  chat.say(ROOM, '/msg Minna hi');
  world.pass(100);
  expect(own(rows(chat))[0]?.error).toEqual({ code: 'no_such_person', message: 'Nobody is called so.', near: ['Mina'] });
});

test('a line that came too fast waits as long as it is told, and nothing overtakes it', () => {
  const world = new World();
  const chat = world.joined();
  let refusals = 2;
  world.server.intercept = (frame) => frame.type === 'say' && refusals-- > 0
    ? { type: 'error', code: 'rate_limited', message: 'Slowly.', id: frame.id, room: ROOM, retry_after_ms: 700 } : null;
  for (const text of ['one', 'two', 'three']) chat.say(ROOM, text);
  world.pass(600);
  expect(world.server.texts(ROOM)).toEqual([]);
  expect(said(chat)).toEqual(['Mina: one (queued)', 'Mina: two (queued)', 'Mina: three (queued)']);
  expect(world.socket.sent.filter((frame) => frame.type === 'say')).toHaveLength(1);
  world.pass(1_500);
  expect(world.server.texts(ROOM)).toEqual(['one', 'two', 'three']);
});

test('a line in doubt that is told to wait keeps its number, so that it is recognised', () => {
  const world = new World();
  const chat = world.joined();
  chat.say(ROOM, 'once');
  world.pass(6);
  world.socket.end(1006);
  let refusals = 1;
  world.server.intercept = (frame) => frame.type === 'say' && refusals-- > 0
    ? { type: 'error', code: 'rate_limited', message: 'Slowly.', id: frame.id, room: ROOM, retry_after_ms: 200 } : null;
  world.pass(3_000);
  expect(world.server.texts(ROOM)).toEqual(['once']);
  expect(new Set(commands(world)).size).toBe(1);
  expect(commands(world)).toHaveLength(3);
  expect(said(chat)).toEqual(['Mina: once']);
});

test('a line that the server cannot keep at the moment waits for a better one', () => {
  const world = new World();
  const chat = world.joined();
  let refusals = 3;
  world.server.intercept = (frame) => frame.type === 'say' && refusals-- > 0
    ? { type: 'error', code: 'unavailable', message: 'Nothing can be kept at the moment.', id: frame.id, room: ROOM } : null;
  for (const text of ['one', 'two']) chat.say(ROOM, text);
  world.pass(14_000);
  expect(said(chat)).toEqual(['Mina: one (queued)', 'Mina: two (queued)']);
  world.pass(2_000);
  expect(world.server.texts(ROOM)).toEqual(['one', 'two']);
});

test('a line that the server cannot tell from a repeat any more is unconfirmed', () => {
  const world = new World();
  const chat = world.joined();
  chat.say(ROOM, 'perhaps');
  world.socket.end(1006);
  world.server.intercept = (frame) => frame.type === 'say'
    ? { type: 'error', code: 'id_too_old', message: 'Too old.', id: frame.id, room: ROOM } : null;
  world.pass(2_000);
  expect(said(chat)).toEqual(['Mina: perhaps (unconfirmed)']);
});

test('a line that is too large for the server fails, and does not end every connection', () => {
  const world = new World();
  const chat = world.joined();
  world.server.intercept = (frame, socket) => {
    if (frame.type !== 'say' || frame.text !== 'huge') return null;
    socket.end(1009);
    return 'nothing';
  };
  chat.say(ROOM, 'huge');
  world.pass(100);
  expect(chat.view.link).toMatchObject({ state: 'closed', code: 1009 });
  expect(said(chat)).toEqual(['Mina: huge (failed)']);
  chat.say(ROOM, 'small');
  chat.reconnectNow();
  world.pass(100);
  expect(said(chat)).toEqual(['Mina: small', 'Mina: huge (failed)']);
});

test('a /msg line is the own row until its private event comes', () => {
  const world = new World();
  const chat = world.joined();
  world.server.enter(ROOM, 'علی رضا');
  world.pass(10);
  chat.say(ROOM, '/msg "علی رضا" سلام');
  expect(said(chat)).toEqual(['Mina: /msg "علی رضا" سلام (queued)']);
  const key = own(rows(chat))[0]?.key;
  world.pass(100);
  expect(said(chat)).toEqual(['Mina to علی رضا: سلام']);
  expect(rows(chat).at(-1)).toMatchObject({ kind: 'private', own: true, key, toName: 'علی رضا' });
});

test('a private line goes to the member it was typed for', () => {
  const world = new World();
  const chat = world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  world.pass(10);
  expect(chat.private(ROOM, arash, 'for you')).toBe(true);
  expect(said(chat)).toEqual(['Mina to Arash: for you (queued)']);
  world.pass(100);
  expect(said(chat)).toEqual(['Mina to Arash: for you']);
  expect(chat.private(ROOM, 4711, 'nobody')).toBe(false);
});

test('a private line never reaches somebody else who got the same member number in a new life of the room', () => {
  const world = new World();
  const chat = world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  world.pass(10);
  world.server.refuses = 1006;
  world.socket.end(1006);
  chat.private(ROOM, arash, 'only for Arash');
  world.server.restart();
  // Mina comes back as number 1 or 2; the number that Arash had goes to another.
  world.server.enter(ROOM, 'Somebody');
  world.server.enter(ROOM, 'Somebody else');
  world.server.refuses = null;
  world.pass(20_000);
  expect(chat.view.link.state).toBe('live');
  expect(world.server.texts(ROOM)).toEqual([]);
  const row = rows(chat).at(-1);
  expect(row).toMatchObject({ kind: 'private', text: 'only for Arash', state: 'failed', error: { code: 'recipient_gone' } });
});

test('one line at a time is on its way, so that only one can be in doubt', () => {
  const world = new World();
  const chat = world.joined();
  for (let count = 0; count < 20; count += 1) chat.say(ROOM, `line ${count}`);
  world.server.intercept = (frame) => frame.type === 'say' ? 'nothing' : null;
  world.pass(500);
  expect(commands(world)).toHaveLength(1);
  world.server.intercept = null;
  world.server.restart();
  world.pass(3_000);
  expect(said(chat).filter((line) => line.endsWith('(unconfirmed)'))).toEqual(['Mina: line 0 (unconfirmed)']);
  expect(world.server.texts(ROOM)).toEqual(Array.from({ length: 19 }, (_, at) => `line ${at + 1}`));
});

test('a full outbox takes no more, says so, and loses nothing', () => {
  const world = new World();
  const chat = world.chat();
  world.server.refuses = 1006;
  chat.join(ROOM, 'Mina');
  for (let count = 0; count < MOST_LINES; count += 1) expect(chat.say(ROOM, `line ${count}`)).toBe(true);
  expect(chat.say(ROOM, 'one too many')).toBe(false);
  expect(chat.view.rooms[0]?.notice).toMatchObject({ code: 'outbox_full' });
  chat.dismiss(ROOM);
  expect(chat.view.rooms[0]).not.toHaveProperty('notice');
  expect(chat.view.queued).toBe(MOST_LINES);
  world.server.refuses = null;
  chat.reconnectNow();
  world.pass(60_000);
  expect(world.server.texts(ROOM)).toHaveLength(MOST_LINES);
});

test('the outbox counts bytes as well as lines', () => {
  const world = new World();
  const chat = world.chat();
  chat.join(ROOM, 'Mina');
  expect(chat.say(ROOM, 'x'.repeat(131_072))).toBe(true);
  expect(chat.say(ROOM, 'x')).toBe(false);
});

test('nothing and spaces are not said', () => {
  const world = new World();
  const chat = world.joined();
  for (const text of ['', ' ', ' \n\t']) expect(chat.say(ROOM, text)).toBe(false);
  expect(chat.say('another room', 'hello')).toBe(false);
  expect(chat.view.queued).toBe(0);
});

test('a queued line can be given up, one on its way cannot', () => {
  const world = new World();
  const chat = world.joined();
  chat.say(ROOM, 'on its way');
  chat.say(ROOM, 'waits');
  for (const row of own(rows(chat))) chat.discard(ROOM, row.key);
  expect(said(chat)).toEqual(['Mina: on its way (queued)']);
  world.pass(100);
  expect(world.server.texts(ROOM)).toEqual(['on its way']);
});

test('who says goodbye and leaves at once has said goodbye', () => {
  const world = new World();
  const chat = world.joined();
  for (const text of ['that was it', 'bye']) chat.say(ROOM, text);
  chat.leave(ROOM);
  world.pass(100);
  expect(world.server.texts(ROOM)).toEqual(['that was it', 'bye']);
  expect(chat.view.rooms).toEqual([]);
  expect(chat.view.queued).toBe(0);
});

test('a line that the server never answers is sent again on a new connection', () => {
  const world = new World();
  const chat = world.joined();
  let swallowed = 1;
  world.server.intercept = (frame) => frame.type === 'say' && swallowed-- > 0 ? 'nothing' : null;
  chat.say(ROOM, 'hello?');
  world.pass(45_000);
  expect(world.server.texts(ROOM)).toEqual(['hello?']);
  expect(said(chat)).toEqual(['Mina: hello?']);
});

test('a line in doubt holds back those of other rooms until its own room is joined again', () => {
  const world = new World();
  const store = new Store();
  const chat = world.joined(ROOM, 'Mina', store);
  chat.join('general', 'Mina');
  world.pass(50);
  chat.say(ROOM, 'in doubt');
  world.socket.end(1006);
  chat.say('general', 'newer');
  let waits = 3;
  world.server.intercept = (frame) => frame.type === 'join' && frame.room === ROOM && waits-- > 0
    ? { type: 'error', code: 'rate_limited', message: 'Slowly.', id: frame.id, room: ROOM, retry_after_ms: 500 } : null;
  world.pass(1_000);
  expect(world.server.texts('general')).toEqual([]);
  world.pass(3_000);
  expect(commands(world).map((line) => line.split(' ').slice(1).join(' '))).toEqual(['in doubt', 'in doubt', 'newer']);
  expect(shown(chat, 'general')).toContain('Mina: newer');
});

test('a private line that was typed in an earlier life of the room and handed over in this one is sent again after a cut', () => {
  const world = new World();
  const chat = world.joined();
  const arash = world.server.enter(ROOM, 'Arash');
  world.pass(50);
  world.server.refuses = 1006;
  world.socket.end(1006);
  chat.private(ROOM, arash, 'between us');
  world.server.restart();
  // Arash is back first, and is the first again: the same number, as it happens.
  world.server.enter(ROOM, 'Somebody');
  expect(world.server.enter(ROOM, 'Arash')).toBe(arash);
  world.server.refuses = null;
  let lost = false;
  world.server.intercept = (frame, socket) => {
    if (frame.type !== 'private' || lost) return null;
    lost = true;
    socket.end(1006);
    return 'nothing';
  };
  world.pass(5_000);
  expect(said(chat)).toEqual(['-- epoch', 'Mina to Arash: between us']);
  expect(world.server.texts(ROOM)).toEqual(['between us']);
});

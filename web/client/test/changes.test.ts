// Lines that are changed after they were said: other words, taken back, reactions. Each is a command of its own: it waits, is sent
// once, is refused or in doubt, and says so.
import { describe, expect, test } from 'vitest';
import { MOST_LINES } from '../src/outbox.ts';
import type { Chat, Line } from '../src/index.ts';
import { said, Store, World } from './fake.ts';

const ROOM = '408213';

const lines = (chat: Chat): Extract<Line, { kind: 'message' | 'private' }>[] =>
  (chat.view.rooms[0]?.lines ?? []).filter((line) => line.kind === 'message' || line.kind === 'private');
const keyOf = (chat: Chat, text: string): string => lines(chat).find((line) => line.text === text)?.key ?? '';
const commands = (world: World, type: string) => world.sockets.flatMap((socket) => socket.sent.filter((frame) => frame.type === type));

/** Mina, who said "one" and "two", and Arash. */
function talk(store = new Store()): { world: World; chat: Chat; arash: number } {
  const world = new World();
  const chat = world.joined(ROOM, 'Mina', store);
  const arash = world.server.enter(ROOM, 'Arash');
  for (const text of ['one', 'two']) chat.say(ROOM, text);
  world.pass(100);
  return { world, chat, arash };
}

describe('own words are changed', () => {
  test('at once, as a change that is queued, and for good when it is acknowledged', () => {
    const { world, chat } = talk();
    const key = keyOf(chat, 'one');
    expect(chat.edit(ROOM, key, 'One!')).toBe(true);
    expect(said(chat)).toEqual(['Mina: One! (edit queued)', 'Mina: two']);
    expect(chat.view).toMatchObject({ queued: 0, changing: 1 });
    world.pass(50);
    expect(said(chat)).toEqual(['Mina: One!*', 'Mina: two']);
    expect(keyOf(chat, 'One!')).toBe(key);
    expect(chat.view.changing).toBe(0);
    expect(world.server.texts(ROOM)).toEqual(['One!', 'two']);
  });

  test('without the old words coming back for a moment, also where the acknowledgement comes alone', () => {
    const { world, chat } = talk();
    const socket = world.socket;
    const tell = socket.tell.bind(socket);
    const late: Parameters<typeof tell>[0][] = [];
    socket.tell = (frame) => frame.type === 'edit' ? void late.push(frame) : tell(frame);
    chat.edit(ROOM, keyOf(chat, 'one'), 'One!');
    for (let ms = 0; ms < 50; ms += 1) {
      world.pass(1);
      expect(said(chat)[0]).toMatch(/^Mina: One!/);
    }
    expect(said(chat)[0]).toBe('Mina: One!*');
    for (const frame of late) tell(frame);
    world.pass(10);
    expect(said(chat)).toEqual(['Mina: One!*', 'Mina: two']);
  });

  test('after a cut under the same number, once, also through a reload', () => {
    const store = new Store();
    const { world, chat } = talk(store);
    chat.edit(ROOM, keyOf(chat, 'one'), 'One!');
    world.pass(6);
    expect(world.server.texts(ROOM)).toEqual(['One!', 'two']);
    world.socket.silent = true;
    chat.close();
    const again = world.chat(store);
    expect(again.view.changing).toBe(1);
    world.pass(200);
    expect(said(again)).toEqual(['Mina: One!*', 'Mina: two']);
    expect(again.view.changing).toBe(0);
    const [first, second, ...rest] = commands(world, 'edit');
    expect(second).toEqual(first);
    expect(rest).toEqual([]);
    expect(world.server.room(ROOM).log.filter(({ event }) => event.type === 'edit')).toHaveLength(1);
  });

  test('while the network is away, and only the last words are sent', () => {
    const { world, chat } = talk();
    const key = keyOf(chat, 'one');
    world.server.refuses = 1006;
    world.socket.end(1006);
    for (const text of ['a', 'ab', 'abc']) chat.edit(ROOM, key, text);
    chat.say(ROOM, 'three');
    expect(said(chat)).toEqual(['Mina: abc (edit queued)', 'Mina: two', 'Mina: three (queued)']);
    expect(chat.view).toMatchObject({ queued: 1, changing: 1 });
    world.server.refuses = null;
    world.pass(3_000);
    expect(said(chat)).toEqual(['Mina: abc*', 'Mina: two', 'Mina: three']);
    expect(commands(world, 'edit').map((frame) => frame.type === 'edit' && frame.text)).toEqual(['abc']);
  });

  test('and roll back when the server refuses, with the reason; one may try again or let it be', () => {
    const { world, chat } = talk();
    const key = keyOf(chat, 'one');
    world.server.trim(ROOM);
    chat.edit(ROOM, key, 'One!');
    world.pass(50);
    expect(said(chat)).toEqual(['Mina: one (edit no_such_line)', 'Mina: two']);
    const [failed] = lines(chat)[0]?.changes ?? [];
    expect(failed).toMatchObject({ kind: 'edit', state: 'failed', text: 'One!' });
    world.server.room(ROOM).forgotten = 0;
    chat.retry(ROOM, failed?.key ?? '');
    world.pass(50);
    expect(said(chat)).toEqual(['Mina: One!*', 'Mina: two']);
    world.server.trim(ROOM);
    chat.edit(ROOM, key, 'Never mind');
    world.pass(50);
    chat.discard(ROOM, lines(chat)[0]?.changes?.[0]?.key ?? '');
    expect(said(chat)).toEqual(['Mina: One!*', 'Mina: two']);
  });

  test('but not those of others, nor lines that have no number, nor into nothing', () => {
    const { world, chat, arash } = talk();
    world.server.says(ROOM, arash, 'mine');
    world.pass(10);
    expect(chat.edit(ROOM, keyOf(chat, 'mine'), 'yours')).toBe(false);
    expect(chat.delete(ROOM, keyOf(chat, 'mine'))).toBe(false);
    expect(chat.edit(ROOM, keyOf(chat, 'one'), '  ')).toBe(false);
    chat.say(ROOM, '/dance');
    world.pass(50);
    expect(chat.edit(ROOM, keyOf(chat, '/dance'), 'x')).toBe(false);
    expect(chat.edit('nowhere', 'own-1', 'x')).toBe(false);
  });
});

describe('a line that is taken back', () => {
  test('says so until it is done, then is gone from the page and from what is kept', () => {
    const store = new Store();
    const { world, chat } = talk(store);
    chat.delete(ROOM, keyOf(chat, 'one'));
    expect(said(chat)).toEqual(['Mina: one (delete queued)', 'Mina: two']);
    world.pass(50);
    expect(said(chat)).toEqual(['Mina: two']);
    expect(JSON.stringify(chat.view)).not.toContain('"one"');
    expect([...store.items.values()].join()).not.toContain('"one"');
  });

  test('of another person is gone at once, and is not unread any more', () => {
    const { world, chat, arash } = talk();
    const first = world.server.says(ROOM, arash, 'oh no');
    world.server.says(ROOM, arash, 'Mina, forget that');
    world.pass(10);
    const [, , line, next] = lines(chat);
    expect(chat.view.rooms[0]).toMatchObject({ unread: 2, mentioned: true, firstUnread: line?.key });
    world.server.deletes(ROOM, first);
    world.pass(10);
    expect(said(chat)).toEqual(['Mina: one', 'Mina: two', 'Arash: Mina, forget that']);
    expect(chat.view.rooms[0]).toMatchObject({ unread: 1, mentioned: true, firstUnread: next?.key });
    expect(JSON.stringify(chat.view)).not.toContain('oh no');
  });

  test('was changed before: what waits of that is given up, and nothing of it is sent', () => {
    const { world, chat } = talk();
    const key = keyOf(chat, 'one');
    world.server.refuses = 1006;
    world.socket.end(1006);
    chat.edit(ROOM, key, 'One!');
    chat.react(ROOM, key, '👍', true);
    chat.delete(ROOM, key);
    expect(said(chat)[0]).toBe('Mina: one (delete queued)');
    world.server.refuses = null;
    world.pass(3_000);
    expect(said(chat)).toEqual(['Mina: two']);
    expect([...commands(world, 'edit'), ...commands(world, 'react')]).toEqual([]);
  });

  test('is known to be gone after a reset, where the room shows that stretch again', () => {
    const { world, chat } = talk();
    chat.say(ROOM, 'three');
    world.pass(50);
    world.socket.end(1006);
    world.server.deletes(ROOM, 4);
    world.server.edits(ROOM, 5, 'THREE');
    // The room cannot continue from there, and shows what it has.
    const epoch = world.server.room(ROOM).epoch;
    world.server.intercept = (frame) => {
      if (frame.type !== 'join') return null;
      world.server.intercept = null;
      const history = world.server.room(ROOM).log.map(({ event }) => event).filter((event) => event.type === 'message');
      return { type: 'reset', id: frame.id, reason: 'too_old', room: ROOM, epoch, seq: 7, you: 1, name: 'Mina', resumed: false, members: [{ id: 1, name: 'Mina' }], count: 1, history };
    };
    world.pass(2_000);
    expect(said(chat)).toEqual(['Mina: one', 'Mina: THREE*']);
  });
});

describe('a reaction', () => {
  test('of one\'s own is there at once, is put on once, and is taken off again', () => {
    const { world, chat } = talk();
    const key = keyOf(chat, 'one');
    chat.react(ROOM, key, '👍', true);
    expect(said(chat)[0]).toBe('Mina: one 👍Mina (react queued)');
    world.pass(50);
    expect(said(chat)[0]).toBe('Mina: one 👍Mina');
    chat.react(ROOM, key, '👍', true);
    world.pass(50);
    expect(said(chat)[0]).toBe('Mina: one 👍Mina');
    chat.react(ROOM, key, '👍', false);
    expect(said(chat)[0]).toBe('Mina: one (react queued)');
    world.pass(50);
    expect(said(chat)[0]).toBe('Mina: one');
  });

  test('that is undone before it was sent is not sent at all', () => {
    const { world, chat } = talk();
    world.server.refuses = 1006;
    world.socket.end(1006);
    chat.react(ROOM, keyOf(chat, 'one'), '👍', true);
    chat.react(ROOM, keyOf(chat, 'one'), '❤️', true);
    chat.react(ROOM, keyOf(chat, 'one'), '👍', false);
    expect(said(chat)[0]).toBe('Mina: one ❤️Mina (react queued)');
    world.server.refuses = null;
    world.pass(3_000);
    expect(said(chat)[0]).toBe('Mina: one ❤️Mina');
    expect(commands(world, 'react')).toHaveLength(1);
  });

  test('of others comes and goes; on a line that is not here it is nothing', () => {
    const { world, chat, arash } = talk();
    world.server.reacts(ROOM, arash, 3, '🎉', true);
    world.pass(10);
    expect(said(chat)[0]).toBe('Mina: one 🎉Arash');
    world.server.reacts(ROOM, arash, 3, '🎉', false);
    world.pass(10);
    expect(said(chat)[0]).toBe('Mina: one');
    const before = chat.view;
    world.socket.tell({ type: 'react', room: ROOM, seq: world.server.room(ROOM).log.length + 1, at: 1, target: 1, from: arash, name: 'Arash', emoji: '🎉', on: true });
    world.pass(10);
    expect(chat.view).toBe(before);
  });

  test('that is refused is taken off again, and says why', () => {
    const { world, chat } = talk();
    world.server.intercept = (frame) => frame.type === 'react'
      ? { type: 'error', code: 'too_many_reactions', message: 'Enough.', id: frame.id, room: ROOM } : null;
    chat.react(ROOM, keyOf(chat, 'one'), '👍', true);
    world.pass(50);
    expect(said(chat)[0]).toBe('Mina: one (react too_many_reactions)');
  });
});

describe('in another life of the log, where numbers mean other lines', () => {
  test('a change that waited changes nothing; words are kept and can be said anew', () => {
    const store = new Store();
    const { world, chat } = talk(store);
    world.server.refuses = 1006;
    world.socket.end(1006);
    chat.edit(ROOM, keyOf(chat, 'one'), 'One!');
    chat.react(ROOM, keyOf(chat, 'two'), '👍', true);
    world.server.restart();
    world.server.refuses = null;
    world.pass(3_000);
    // The lines of the life before are still shown here: what was wished is told beside them.
    expect(said(chat)).toEqual(['Mina: one (edit no_such_line)', 'Mina: two (react no_such_line)', '-- epoch']);
    expect([...commands(world, 'edit'), ...commands(world, 'react')]).toEqual([]);
    expect(chat.edit(ROOM, keyOf(chat, 'one'), 'again')).toBe(false);
    chat.close();
    // After a reload the line is nowhere: its words stand for themselves.
    const again = world.chat(store);
    world.pass(200);
    expect(said(again)).toEqual(['Mina: One! (failed)']);
    expect(lines(again)[0]?.stray).toBe(true);
    again.retry(ROOM, lines(again)[0]?.key ?? '');
    world.pass(50);
    expect(said(again)).toEqual(['Mina: One!']);
    expect(world.server.texts(ROOM)).toEqual(['One!']);
  });

  test('words of a private line are said to nobody else', () => {
    const store = new Store();
    const { world, chat, arash } = talk(store);
    chat.private(ROOM, arash, 'between us');
    world.pass(50);
    world.server.refuses = 1006;
    world.socket.end(1006);
    chat.edit(ROOM, keyOf(chat, 'between us'), 'between the two of us');
    world.server.restart();
    world.server.refuses = null;
    chat.close();
    const again = world.chat(store);
    world.pass(3_000);
    const [stray] = lines(again);
    expect(stray).toMatchObject({ kind: 'private', toName: 'Arash', state: 'failed', text: 'between the two of us' });
    again.retry(ROOM, stray?.key ?? '');
    world.pass(50);
    expect(lines(again)[0]?.error).toMatchObject({ code: 'recipient_gone' });
    expect(world.server.texts(ROOM)).toEqual([]);
  });

  test('a change in doubt is not confirmed, and is not sent by itself', () => {
    const { world, chat } = talk();
    chat.edit(ROOM, keyOf(chat, 'one'), 'One!');
    world.server.restart();
    world.pass(3_000);
    expect(said(chat)).toEqual(['Mina: one (edit unconfirmed)', 'Mina: two', '-- epoch']);
    expect(commands(world, 'edit')).toHaveLength(1);
  });
});

test('what cannot be kept at the moment waits with a word, keeps its order, and is sent sooner if one asks for it', () => {
  const { world, chat } = talk();
  let full = true;
  world.server.intercept = (frame) => full && (frame.type === 'say' || frame.type === 'react')
    ? { type: 'error', code: 'unavailable', message: 'Nothing can be kept at the moment.', id: frame.id, room: ROOM, retry_after_ms: 60_000 } : null;
  chat.say(ROOM, 'three');
  chat.react(ROOM, keyOf(chat, 'one'), '👍', true);
  world.pass(50);
  const waiting = lines(chat).find((line) => line.text === 'three');
  expect(waiting).toMatchObject({ state: 'queued', error: { code: 'unavailable', message: 'Nothing can be kept at the moment.' } });
  full = false;
  world.pass(1_000);
  expect(world.server.texts(ROOM)).toEqual(['one', 'two']);
  chat.retry(ROOM, waiting?.key ?? '');
  world.pass(50);
  expect(said(chat)).toEqual(['Mina: one 👍Mina', 'Mina: two', 'Mina: three']);
});

test('changes count against the bound of what waits', () => {
  const { world, chat } = talk();
  world.server.refuses = 1006;
  world.socket.end(1006);
  for (let n = 0; n < MOST_LINES; n += 1) expect(chat.react(ROOM, keyOf(chat, 'one'), `${n}`, true)).toBe(true);
  expect(chat.edit(ROOM, keyOf(chat, 'two'), 'one too many')).toBe(false);
  expect(chat.view.rooms[0]?.notice).toMatchObject({ code: 'outbox_full' });
});

test('lines that no wish is about stay the same objects', () => {
  const { world, chat } = talk();
  const [one, two] = lines(chat);
  chat.react(ROOM, one?.key ?? '', '👍', true);
  const [drawn, same] = lines(chat);
  expect(same).toBe(two);
  expect(drawn).not.toBe(one);
  chat.keystroke(ROOM);
  chat.say(ROOM, 'three');
  expect(lines(chat)[0]).toBe(drawn);
  world.pass(50);
  expect(lines(chat)[1]).toBe(two);
});

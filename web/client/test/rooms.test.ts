import { describe, expect, test } from 'vitest';
import { FETCHED_UNASKED } from '../src/roster.ts';
import { said, shown, Store, World } from './fake.ts';

const ROOM = '408213';

function view(chat: ReturnType<World['chat']>, room = ROOM): NonNullable<ReturnType<World['chat']>['view']['rooms'][number]> {
  const found = chat.view.rooms.find((one) => one.room === room);
  if (found === undefined) throw new Error(`no room ${room}`);
  return found;
}

describe('joining', () => {
  test('tells how it stands', () => {
    const world = new World();
    world.server.enter(ROOM, 'آرش');
    const chat = world.chat();
    expect(chat.view).toEqual({ link: { state: 'idle' }, rooms: [], active: null, queued: 0, changing: 0, limits: null });
    chat.join(ROOM, 'Mina');
    expect(view(chat)).toMatchObject({ status: 'joining', isCode: true, name: 'Mina', you: 0 });
    world.pass(100);
    expect(view(chat)).toMatchObject({
      status: 'live', you: 2, name: 'Mina', count: 2, morePeople: false,
      people: [{ id: 1, name: 'آرش', guest: false }, { id: 2, name: 'Mina', guest: false }],
    });
    expect(chat.view.limits).toEqual({ textChars: 4000, nameChars: 32, rooms: 16 });
  });

  test('is refused with a name that is free, and works with another', () => {
    const world = new World();
    world.server.enter(ROOM, 'Mina');
    const chat = world.joined();
    expect(view(chat)).toMatchObject({ status: 'refused', name: 'Mina', refusal: { code: 'name_taken', suggestion: 'Mina 2' } });
    world.pass(60_000);
    expect(world.socket.sent.filter((frame) => frame.type === 'join')).toHaveLength(1);
    chat.join(ROOM, 'Mina 2');
    expect(view(chat)).toMatchObject({ status: 'joining', name: 'Mina 2' });
    expect(view(chat)).not.toHaveProperty('refusal');
    world.pass(100);
    expect(view(chat)).toMatchObject({ status: 'live', name: 'Mina 2' });
  });

  test('that is to wait waits, and is not refused', () => {
    const world = new World();
    let waits = 2;
    world.server.intercept = (frame) => frame.type === 'join' && waits-- > 0
      ? { type: 'error', code: 'rate_limited', message: 'Many come.', id: frame.id, room: ROOM, retry_after_ms: 3_000 } : null;
    const chat = world.joined();
    expect(view(chat).status).toBe('joining');
    world.pass(5_800);
    expect(view(chat).status).toBe('joining');
    world.pass(500);
    expect(view(chat).status).toBe('live');
  });

  test('with another name while the first is under way ends in the room, once', () => {
    const world = new World();
    world.server.enter(ROOM, 'Mina');
    const chat = world.chat();
    chat.join(ROOM, 'Mina');
    world.pass(16);
    chat.join(ROOM, 'Mina the second');
    world.pass(100);
    expect(view(chat)).toMatchObject({ status: 'live', name: 'Mina the second' });
    expect(world.server.room(ROOM).members.size).toBe(2);
  });

  test('again is joining nothing twice', () => {
    const world = new World();
    const chat = world.joined();
    chat.join(ROOM, 'Mina');
    chat.join(ROOM, 'Somebody else');
    world.pass(100);
    expect(view(chat)).toMatchObject({ status: 'live', name: 'Mina' });
    expect(world.socket.sent.filter((frame) => frame.type === 'join')).toHaveLength(1);
  });

  test('that was refused waits for the person, also when the server hangs up for it', () => {
    const world = new World();
    world.server.enter(ROOM, 'Mina');
    const chat = world.joined();
    world.socket.end(4408, 'nothing was joined in time');
    world.pass(600_000);
    expect(chat.view.link.state).toBe('idle');
    expect(world.sockets).toHaveLength(1);
    chat.join(ROOM, 'Mina 2');
    world.pass(100);
    expect(view(chat)).toMatchObject({ status: 'live', name: 'Mina 2' });
  });

  test('under another spelling goes by the proper name, and the page may use both', () => {
    const world = new World();
    world.server.properName = (name) => name.toLowerCase();
    const chat = world.chat();
    chat.join('before', 'Mina');
    chat.join('General', 'Mina');
    chat.join('after', 'Mina');
    chat.open('General');
    chat.say('General', 'hello');
    world.pass(200);
    expect(chat.view.rooms.map((room) => room.room)).toEqual(['before', 'general', 'after']);
    expect(chat.view.active).toBe('general');
    chat.say('General', 'again');
    chat.keystroke('General');
    world.pass(100);
    expect(said(chat, 'general')).toEqual(['Mina: hello', 'Mina: again']);
    expect(view(chat, 'general').unread).toBe(0);
    world.socket.end(1006);
    chat.say('General', 'and again');
    world.pass(2_000);
    expect(world.server.texts('general')).toEqual(['hello', 'again', 'and again']);
    chat.leave('General');
    expect(chat.view.rooms.map((room) => room.room)).toEqual(['before', 'after']);
    chat.join('General', 'Mina');
    world.pass(100);
    expect(view(chat, 'general').status).toBe('live');
  });

  test('that was refused keeps what was typed until it is let in', () => {
    const world = new World();
    world.server.enter(ROOM, 'Mina');
    const chat = world.joined();
    chat.say(ROOM, 'let me in');
    expect(said(chat)).toEqual(['Mina: let me in (queued)']);
    chat.join(ROOM, 'Mina 2');
    world.pass(100);
    expect(said(chat)).toEqual(['Mina 2: let me in']);
  });
});

describe('leaving', () => {
  test('is told at once, and the last room hangs up', () => {
    const world = new World();
    const chat = world.joined();
    chat.join('general', 'Mina');
    world.pass(50);
    chat.leave(ROOM);
    expect(chat.view.rooms.map((room) => room.room)).toEqual(['general']);
    world.pass(50);
    expect(world.server.room(ROOM).members.size).toBe(0);
    expect(chat.view.link.state).toBe('live');
    chat.leave('general');
    world.pass(50);
    expect(chat.view.link.state).toBe('idle');
    expect(world.server.room('general').members.size).toBe(0);
    expect(world.socket.closedBy).toBe('page');
  });

  test('without a connection is told when there is one', () => {
    const world = new World();
    const chat = world.joined();
    chat.join('general', 'Mina');
    world.pass(50);
    world.server.refuses = 1006;
    world.socket.end(1006);
    chat.leave(ROOM);
    world.server.refuses = null;
    world.pass(5_000);
    expect(world.server.room(ROOM).members.size).toBe(0);
    expect(world.server.room('general').members.size).toBe(1);
    world.socket.end(1006);
    world.pass(5_000);
    expect(world.socket.sent.filter((frame) => frame.type === 'leave')).toEqual([]);
  });

  test('while being let in leaves', () => {
    const world = new World();
    const chat = world.joined('general');
    chat.join(ROOM, 'Mina');
    world.pass(6);
    chat.leave(ROOM);
    world.pass(100);
    expect(world.server.room(ROOM).members.size).toBe(0);
    expect(chat.view.rooms.map((room) => room.room)).toEqual(['general']);
  });

  test('while the server has forgotten the session, and is letting in a stranger, leaves', () => {
    const world = new World();
    const chat = world.joined('general');
    chat.join(ROOM, 'Mina');
    world.pass(50);
    world.server.restart();
    world.latency = () => 50;
    while (world.sockets.length < 2 || world.socket.sent.length < 3) world.pass(1);
    chat.leave(ROOM);
    world.pass(1_000);
    expect(world.server.room(ROOM).members.size).toBe(0);
    expect(chat.view.rooms.map((room) => room.room)).toEqual(['general']);
  });

  test('while the first hello is under way leaves', () => {
    const world = new World();
    const chat = world.chat();
    chat.join(ROOM, 'Mina');
    chat.join('general', 'Mina');
    world.pass(6);
    chat.leave(ROOM);
    world.pass(100);
    expect(world.server.room(ROOM).members.size).toBe(0);
    expect(world.server.room('general').members.size).toBe(1);
  });

  test('and coming back at once is a new visit', () => {
    const world = new World();
    const chat = world.joined();
    chat.leave(ROOM);
    chat.join(ROOM, 'Mina');
    world.pass(100);
    expect(view(chat)).toMatchObject({ status: 'live', you: 2 });
    chat.say(ROOM, 'back');
    world.pass(100);
    expect(said(chat)).toEqual(['Mina: back']);
  });

  test('by the server’s word shows, and takes no more lines', () => {
    const world = new World();
    const chat = world.joined();
    world.socket.tell({ type: 'left', id: 0, room: ROOM });
    world.pass(20);
    expect(view(chat).status).toBe('left');
    expect(chat.say(ROOM, 'still there?')).toBe(false);
  });
});

describe('people', () => {
  test('come and go with the log', () => {
    const world = new World();
    const chat = world.joined();
    const arash = world.server.enter(ROOM, 'Arash');
    world.pass(20);
    expect(view(chat)).toMatchObject({ count: 2, people: [{ name: 'Mina' }, { name: 'Arash' }] });
    world.server.exit(ROOM, arash);
    world.pass(20);
    expect(view(chat)).toMatchObject({ count: 1, people: [{ name: 'Mina' }] });
    expect(shown(chat)).toEqual(['Arash joins', 'Arash leaves']);
  });

  test.each([150, 200, 201, 450, 999])('of a room of %i are all fetched', (size) => {
    const world = new World();
    for (let count = 1; count < size; count += 1) world.server.enter(ROOM, `person ${count}`);
    const chat = world.joined();
    world.pass(500);
    expect(view(chat)).toMatchObject({ count: size, morePeople: false });
    expect(view(chat).people).toHaveLength(size);
  });

  test('of a huge room are fetched up to a bound, and more when asked for; the count is right all the time', () => {
    const world = new World();
    const all: number[] = [];
    for (let count = 1; count < 1_500; count += 1) all.push(world.server.enter(ROOM, `person ${count}`));
    const chat = world.joined();
    world.pass(500);
    expect(view(chat).people).toHaveLength(FETCHED_UNASKED);
    expect(view(chat)).toMatchObject({ count: 1_500, morePeople: true });
    // One of the listed, one beyond the list, and one who comes.
    world.server.exit(ROOM, all[3] ?? 0);
    world.server.exit(ROOM, all[1_400] ?? 0);
    world.server.enter(ROOM, 'late');
    world.pass(50);
    expect(view(chat).count).toBe(1_499);
    for (let page = 0; page < 3; page += 1) {
      chat.morePeople(ROOM);
      world.pass(50);
    }
    expect(view(chat)).toMatchObject({ count: 1_499, morePeople: false });
    expect(view(chat).people).toHaveLength(1_499);
    expect(new Set(view(chat).people.map((person) => person.id)).size).toBe(1_499);
  });

  test('that the server cannot list are not asked for without end', () => {
    const world = new World();
    for (let count = 1; count < 300; count += 1) world.server.enter(ROOM, `person ${count}`);
    world.server.intercept = (frame) => frame.type === 'people'
      ? { type: 'people', id: frame.id, room: ROOM, members: [], count: 300, more: true } : null;
    const chat = world.joined();
    world.pass(10_000);
    expect(world.socket.sent.filter((frame) => frame.type === 'people')).toHaveLength(1);
    expect(view(chat)).toMatchObject({ count: 300, morePeople: true });
  });

  test('are the same after a reload, whether the list is of then or of now', () => {
    const world = new World();
    const store = new Store();
    const chat = world.joined(ROOM, 'Mina', store);
    const arash = world.server.enter(ROOM, 'Arash');
    world.server.enter(ROOM, 'نگار');
    world.server.exit(ROOM, arash);
    world.pass(50);
    chat.close();
    const again = world.chat(store);
    world.pass(100);
    expect(shown(again)).toEqual(['Arash joins', 'نگار joins', 'Arash leaves']);
    expect(view(again)).toMatchObject({ count: 2, people: [{ name: 'Mina' }, { name: 'نگار' }] });
  });
});

describe('attention', () => {
  test('is counted for what others say while the room is not in front', () => {
    const world = new World();
    const chat = world.joined();
    const arash = world.server.enter(ROOM, 'Arash');
    chat.open(null);
    world.server.says(ROOM, arash, 'one');
    world.server.says(ROOM, arash, 'two');
    chat.say(ROOM, 'own');
    world.server.exit(ROOM, arash);
    world.pass(100);
    const { unread, mentioned, firstUnread, lines } = view(chat);
    expect({ unread, mentioned }).toEqual({ unread: 2, mentioned: false });
    expect(lines.find((line) => line.key === firstUnread)).toMatchObject({ text: 'one' });
    chat.open(ROOM);
    expect(view(chat)).toMatchObject({ unread: 0, firstUnread });
    world.server.enter(ROOM, 'Somebody');
    world.pass(20);
    expect(view(chat)).toMatchObject({ unread: 0, firstUnread });
  });

  test('marks where the new lines begin until one leaves the room or says something', () => {
    const world = new World();
    const chat = world.joined();
    const arash = world.server.enter(ROOM, 'Arash');
    for (const done of [() => chat.open(null), () => void chat.say(ROOM, 'answer')]) {
      chat.open(null);
      world.server.says(ROOM, arash, 'new');
      world.pass(20);
      chat.open(ROOM);
      expect(view(chat).firstUnread).not.toBeNull();
      done();
      expect(view(chat).firstUnread).toBeNull();
    }
  });

  test('is counted while the page is hidden, from the first line that came then', () => {
    const world = new World();
    const chat = world.joined();
    const arash = world.server.enter(ROOM, 'Arash');
    chat.open(ROOM);
    world.server.says(ROOM, arash, 'seen');
    world.pass(20);
    expect(view(chat).unread).toBe(0);
    chat.visible(false);
    world.server.says(ROOM, arash, 'not seen');
    world.pass(20);
    expect(view(chat).unread).toBe(1);
    const first = view(chat).firstUnread;
    expect(view(chat).lines.at(-1)?.key).toBe(first);
    chat.visible(true);
    expect(view(chat)).toMatchObject({ unread: 0, firstUnread: first });
  });

  test('is called for by name, and by a private line', () => {
    const world = new World();
    const chat = world.joined(ROOM, 'مینا');
    const arash = world.server.enter(ROOM, 'Arash');
    for (const text of ['سلام مينا!', 'مینا‌جان کجایی؟']) {
      world.server.says(ROOM, arash, text);
      world.pass(20);
      expect(view(chat).mentioned, text).toBe(true);
      chat.open(ROOM);
      expect(view(chat).mentioned).toBe(false);
      chat.open(null);
    }
    world.server.says(ROOM, arash, 'مینایی‌ها');
    world.pass(20);
    expect(view(chat)).toMatchObject({ unread: 1, mentioned: false });
    world.server.whispers(ROOM, arash, view(chat).you, 'psst');
    world.pass(20);
    expect(view(chat)).toMatchObject({ unread: 2, mentioned: true });
  });

  test('is not asked again after a reload for what was read', () => {
    const world = new World();
    const store = new Store();
    const chat = world.joined(ROOM, 'Mina', store);
    const arash = world.server.enter(ROOM, 'Arash');
    chat.open(ROOM);
    world.server.says(ROOM, arash, 'read');
    world.pass(50);
    chat.open(null);
    world.server.says(ROOM, arash, 'not read');
    world.pass(50);
    chat.close();
    const again = world.chat(store);
    world.pass(100);
    expect(said(again)).toEqual(['Arash: read', 'Arash: not read']);
    expect(view(again).unread).toBe(1);
  });
});

test('rooms stand beside each other: each has its own lines, and one order', () => {
  const world = new World();
  const chat = world.joined();
  chat.join('general', 'Mina');
  world.pass(50);
  const [here, there] = [world.server.enter(ROOM, 'Arash'), world.server.enter('general', 'نگار')];
  world.server.says(ROOM, here, 'here');
  world.server.says('general', there, 'there');
  chat.say('general', 'and I');
  world.pass(100);
  expect(said(chat)).toEqual(['Arash: here']);
  expect(said(chat, 'general')).toEqual(['نگار: there', 'Mina: and I']);
  expect(chat.view.rooms.map((room) => [room.room, room.isCode])).toEqual([[ROOM, true], ['general', false]]);
});

test('an error that belongs to a room but to no line is a notice there', () => {
  const world = new World();
  const chat = world.joined();
  world.socket.tell({ type: 'error', code: 'room_closing', message: 'The room closes in a minute.', room: ROOM });
  world.pass(20);
  expect(view(chat).notice).toEqual({ code: 'room_closing', message: 'The room closes in a minute.' });
  chat.dismiss(ROOM);
  expect(view(chat)).not.toHaveProperty('notice');
});

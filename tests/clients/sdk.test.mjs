// @charsu/client as it is published, in programs: the same scenes in Node, with a WebSocket that is given to it, and in Bun and Deno, with
// the engine's own. CHARSU_URL names a server that tests/clients/run has started.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { connect, Refusal } from '../../web/client/dist/index.js';

const SERVER = (process.env.CHARSU_URL ?? 'ws://127.0.0.1:8000').replace('ws', 'http');
const { WebSocket } = 'Bun' in globalThis || 'Deno' in globalThis ? globalThis : createRequire(new URL('../../web/package.json', import.meta.url))('ws');
let rooms = 0;

/** People in a room of their own; their sessions end with the scene. */
async function together(scene, ...names) {
  const sessions = names.map(() => connect(SERVER, { WebSocket }));
  const room = `sdk-${process.pid}-${(rooms += 1)}`;
  try {
    const members = [];
    for (const [at, name] of names.entries()) members.push(await sessions[at].join(room, name));
    // Whoever came first is told of the others.
    while (members[0].people.length < names.length) await new Promise((done) => members[0].on('people', done));
    await scene(...members, ...sessions);
  } finally {
    for (const session of sessions) session.close();
  }
}

/** The next event of this kind. */
async function next(events, type) {
  for await (const event of { [Symbol.asyncIterator]: () => ({ next: () => events.next() }) }) if (event.type === type) return event;
  throw new Error(`the room ended without ${type}`);
}

test('what one says the other hears, in order, and knows when it is kept', () => together(async (mina, ali) => {
  const heard = ali.events();
  const places = await Promise.all(['one', 'two', 'three'].map((text) => mina.say(text)));
  assert.deepEqual(places.map(({ seq }) => seq - places[0].seq), [0, 1, 2]);
  for (const text of ['one', 'two', 'three']) assert.equal((await next(heard, 'message')).text, text);
}, 'Mina', 'Ali'));

test('private lines, changes, reactions, people and typing', () => together(async (mina, ali) => {
  const heard = ali.events();
  const typing = new Promise((done) => ali.on('typing', (people) => people.length > 0 && done(people[0].name)));
  mina.typing();
  assert.equal(await typing, 'Mina');
  await mina.private(mina.people.find(({ name }) => name === 'Ali'), 'psst');
  assert.equal((await next(heard, 'private')).text, 'psst');
  const line = await mina.say('teh');
  await mina.edit(line, 'the');
  assert.equal((await next(heard, 'edit')).text, 'the');
  await ali.react(line, '👍');
  assert.equal((await next(heard, 'react')).emoji, '👍');
  await mina.delete(line);
  assert.equal((await next(heard, 'delete')).target, line.seq);
  await mina.leave();
  assert.equal((await next(heard, 'leave')).member.name, 'Mina');
  assert.deepEqual(ali.people.map(({ name }) => name), ['Ali']);
}, 'Mina', 'Ali'));

test('what the server refuses rejects with its stable code', () => together(async (mina, session) => {
  await assert.rejects(mina.say('   '), (why) => why instanceof Refusal && why.code === 'empty_text');
  await assert.rejects(mina.edit({ ...(await mina.say('here')), seq: 1 }, 'not a line'), { code: 'no_such_line' });
  const other = connect(SERVER, { WebSocket });
  await assert.rejects(other.join(mina.name, 'Mina'), (why) => why.code === 'name_taken' && why.notice.suggestion !== undefined);
  other.close();
  session.close();
  await assert.rejects(mina.say('too late'), { code: 'left' });
}, 'Mina'));

test('a session that ends while its socket opens does not end the program', async () => {
  const session = connect(SERVER, { WebSocket });
  const joined = session.join('nowhere', 'Mina');
  session.close();
  await assert.rejects(joined, { code: 'left' });
  // Node's ws tells of an error then, a moment later.
  await new Promise((done) => { setTimeout(done, 50); });
});

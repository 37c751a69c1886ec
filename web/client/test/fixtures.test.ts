// The examples in docs/fixtures are read by the server's tests too: here, that this side understands and makes exactly them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decode, decodeText } from '../src/decode.ts';

const folder = join(import.meta.dirname, '../../../docs/fixtures');
const names = readdirSync(folder).filter((name) => name.endsWith('.json')).sort();
const fixture = (name: string): Record<string, unknown> => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, unknown>;

const CLIENT = ['hello', 'join', 'say', 'private', 'edit', 'delete', 'react', 'history', 'typing', 'people', 'leave', 'ping'];
const SERVER = [
  'welcome', 'joined', 'reset', 'ack', 'people', 'history', 'left', 'goaway', 'pong', 'error',
  'message', 'private', 'edit', 'delete', 'react', 'join', 'leave', 'skip', 'typing',
];

test('there is an example of every frame, named after its direction and type', () => {
  const kinds = (direction: string): string[] => [...new Set(names.filter((name) => name.startsWith(direction)).map((name) => {
    const type = String(fixture(name)['type']);
    expect(name.replace('.json', '').split('-')[1]).toBe(type);
    return type;
  }))];
  expect(kinds('client-').sort()).toEqual([...CLIENT].sort());
  expect(kinds('server-').sort()).toEqual([...SERVER].sort());
});

describe('every example of a server frame is understood whole', () => {
  test.each(names.filter((name) => name.startsWith('server-')))('%s', (name) => {
    expect(decode(fixture(name))).toEqual(fixture(name));
  });
});

describe('a frame that is not whole', () => {
  test.each(names.filter((name) => name.startsWith('server-')))('never throws and is never half believed: %s', (name) => {
    const whole = fixture(name);
    for (const field of Object.keys(whole)) {
      for (const wrong of [undefined, null, -1, 1.5, 2 ** 53, '', 'x', true, [], {}, [null], { id: 'x' }]) {
        const frame = decode({ ...whole, [field]: wrong });
        if (frame === null) continue;
        // Whatever is let through has the shape of the protocol: decoding it again changes nothing.
        expect(decode(frame)).toEqual(frame);
      }
    }
  });

  test('is nothing at all where it is no object of a known type', () => {
    for (const text of ['', 'hello', '{', 'null', '7', '[]', '"ping"', '{}', '{"type":"weather"}', '{"type":7}']) {
      expect(decodeText(text)).toBeNull();
    }
    expect(decodeText(new Uint8Array([123, 125]))).toBeNull();
    expect(decodeText(undefined)).toBeNull();
  });

  test('still takes up its number: a broken or unknown event becomes a skip', () => {
    expect(decode({ type: 'message', room: 'general', seq: 8, at: 1, from: 2 })).toEqual({ type: 'skip', room: 'general', seq: 8 });
    expect(decode({ type: 'edit', room: 'general', seq: 9, of: 3, text: 'better' })).toEqual({ type: 'skip', room: 'general', seq: 9 });
  });

  test('is not taken for an event where it answers a command', () => {
    expect(decode({ type: 'receipt', id: 4, room: 'general', seq: 9 })).toBeNull();
  });

  test('in a page of the past leaves the rest of it, in its order', () => {
    const line = (seq: number, text: string) => ({ type: 'message', seq, at: 1, from: 2, name: 'A', text });
    const page = decode({ ...fixture('server-history.json'), events: [line(3, 'kept'), null, line(3, 'twice'), { type: 'skip', seq: 4 }, line(5, 'too')] });
    expect(page).toMatchObject({ events: [{ seq: 3, text: 'kept' }, { seq: 5, text: 'too' }] });
  });

  test('in a history leaves the rest of it', () => {
    const joined = decode({ ...fixture('server-joined.json'), history: [7, { type: 'message', seq: 3, at: 1, from: 2, name: 'A', text: 'kept' }, null] });
    expect(joined).toMatchObject({ history: [{ type: 'message', room: '408213', seq: 3, text: 'kept' }] });
  });

  test('brings no field of its own along', () => {
    const frame = decode(JSON.parse('{"type":"message","room":"r","seq":1,"at":1,"from":1,"name":"A","text":"x","__proto__":{"own":true},"own":true}'));
    expect(frame).toEqual({ type: 'message', room: 'r', seq: 1, at: 1, from: 1, name: 'A', text: 'x' });
  });
});

import { expect, it } from 'vitest';
import type { Line, RoomView } from '../../client/src/index.ts';
import { asText } from '../src/state/save.ts';

const at = new Date(2026, 10, 22, 9, 5).getTime();
const message = (text: string, more: object = {}): Line =>
  ({ kind: 'message', key: text, seq: 1, at, from: 1, name: 'Mina', own: false, guest: false, text, state: 'sent', ...more });
const room = (lines: Line[]): RoomView => ({
  room: '408213', isCode: true, status: 'live', you: 1, name: 'Mina', people: [], count: 0, morePeople: false, birth: null, earlier: 'none', came: null,
  lines, typing: [], unread: 0, mentioned: false, firstUnread: null,
});

it('holds what was said, by whom and when, day by day, and says where something is missing', () => {
  const text = asText(room([
    message('Hello', { editedAt: at }),
    { kind: 'gap', key: 'g', reason: 'away' },
    { kind: 'join', key: 'j', seq: 2, at, person: { id: 2, name: 'Arash', guest: false } },
    { kind: 'private', key: 'p', seq: 3, at: at + 86_400_000, from: 1, name: 'Mina', own: true, to: 2, toName: 'Arash', text: 'between us', state: 'sent' },
    message('not sent yet', { state: 'queued' }),
  ]), at);
  expect(text.replace(/[\u2066-\u2069]/g, '').split('\n')).toEqual([
    'Room 408213', '', '', 'Sunday 22 November', '', '[9:05] Mina: Hello (edited)', '[What was said while you were away is not shown.]', '', 'Monday 23 November', '',
    '[9:05] Mina (Private to Arash): between us', '',
  ]);
});

it('lets no name and no text pass for another line', () => {
  const text = asText(room([message('one\n[9:06] Arash: I said that\r\ntwo', { name: 'Mi\nna\u202e' })]), at);
  expect(text.split('\n').filter((line) => line.startsWith('[9'))).toEqual(['[9:05] Mi na: one']);
});

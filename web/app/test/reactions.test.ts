import { describe, expect, it } from 'vitest';
import type { LineChange, LineReaction, MessageLine } from '../../client/src/index.ts';
import { chipsOf } from '../src/log/reactions.ts';
import { emojiIn, QUICK } from '../src/text/emoji.ts';

const line = (reactions: LineReaction[], changes: LineChange[] = []): MessageLine =>
  ({ kind: 'message', key: 'm', seq: 1, at: 0, from: 1, name: 'Mina', own: true, guest: false, text: 'x', state: 'sent', reactions, changes });

describe('the chips under a message', () => {
  it('are one for each emoji, in the order in which they came, with all who put it there', () => {
    const chips = chipsOf(line([{ from: 1, name: 'Mina', emoji: '👍' }, { from: 2, name: 'Arash', emoji: '🎉' }, { from: 2, name: 'Arash', emoji: '👍' }]), 2);
    expect(chips).toEqual([
      { emoji: '👍', names: ['Mina', 'Arash'], own: true, pending: false },
      { emoji: '🎉', names: ['Arash'], own: true, pending: false },
    ]);
  });

  it('say that one\'s own is on its way, also when it is on its way off', () => {
    const off: LineChange = { key: 'own-1', kind: 'react', state: 'queued', emoji: '👍', on: false };
    expect(chipsOf(line([], [off]), 1)).toEqual([{ emoji: '👍', names: [], own: false, pending: true }]);
    expect(chipsOf(line([], [{ ...off, state: 'failed' }]), 1)).toEqual([]);
  });
});

describe('an emoji of one\'s own choice', () => {
  it.each([...QUICK, '👨‍👩‍👧‍👦', '🇮🇷', '👍🏽', '☕', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'])('%s is one', (emoji) => expect(emojiIn(emoji)).toBe(emoji));
  it.each(['', ' ', 'ok', 'س', '1', '!', ':)'])('"%s" is none', (typed) => expect(emojiIn(typed)).toBeNull());
  it('is the last one of what was typed', () => expect(emojiIn('ab 🎉😂')).toBe('😂'));
});

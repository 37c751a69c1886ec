// A line's reactions as they are drawn: one chip for each emoji. Pure.
import type { SpokenLine } from './rows.ts';

export interface Chip {
  emoji: string;
  names: string[];
  /** Is one of them one's own? */
  own: boolean;
  /** Is one's own on its way, on or off? */
  pending: boolean;
}

/** In the order in which they first came; one that is being taken off and that nobody else put there stays until it is. */
export function chipsOf(line: SpokenLine, you: number): Chip[] {
  const chips = new Map<string, Chip>();
  const chip = (emoji: string): Chip => {
    const there = chips.get(emoji) ?? { emoji, names: [], own: false, pending: false };
    chips.set(emoji, there);
    return there;
  };
  for (const { emoji, from, name } of line.reactions ?? []) {
    const one = chip(emoji);
    one.names.push(name);
    one.own ||= from === you;
  }
  for (const { kind, state, emoji } of line.changes ?? []) if (kind === 'react' && state === 'queued' && emoji !== undefined) chip(emoji).pending = true;
  return [...chips.values()];
}

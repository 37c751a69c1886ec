// What becomes of a line after it was said: other words, taken back, reactions. Pure. The server's word on it goes into the log; one's
// own wish, which the server has yet to answer, is only drawn over it and says so.
import type { Frame } from './frames.ts';
import { young, type Log, type SaidLine } from './lines.ts';
import type { Change, Entry } from './outbox.ts';
import type { Reaction } from './protocol.ts';
import type { LineChange } from './view.ts';

export type ChangeEvent = Frame<'edit' | 'delete' | 'react'>;

/** The log after a change of one of its lines; a line that it does not hold is from before its time. */
export function changedBy(log: Log, event: ChangeEvent, birth: string | null): Log {
  const at = young(log, birth).findLastIndex((line) => isSaid(line) && line.seq === event.target);
  if (at < 0) return log;
  const index = log.length - young(log, birth).length + at;
  const line = log[index] as SaidLine;
  const after = event.type === 'delete' ? [] : [event.type === 'edit' ? { ...line, text: event.text, editedAt: event.at } : reacted(line, event, event.on)];
  return [...log.slice(0, index), ...after, ...log.slice(index + 1)];
}

/** With a reaction put on or taken off. Doing either twice is doing it once. */
function reacted(line: SaidLine, { from, name, emoji }: Reaction, on: boolean): SaidLine {
  const { reactions = [], ...rest } = line;
  const others = reactions.filter((one) => one.from !== from || one.emoji !== emoji);
  const last = reactions.at(-1);
  // Put on again it is the newest one.
  if (on ? last?.from === from && last.emoji === emoji : others.length === reactions.length) return line;
  const after = on ? [...others, { from, name, emoji }] : others;
  return after.length === 0 ? rest : { ...rest, reactions: after };
}

/** The words and reactions of `line` as `fresh` has them; the row stays itself. */
export function renewed(line: SaidLine, fresh: SaidLine): SaidLine {
  const { editedAt: _, reactions: __, ...rest } = line;
  const { text, at, editedAt, reactions } = fresh;
  return { ...rest, text, at, ...(editedAt === undefined ? {} : { editedAt }), ...(reactions === undefined ? {} : { reactions }) };
}

/** An own change that the server has acknowledged, before its event has come. */
export function eventOf(entry: Entry & { readonly change: Change }, room: string, seq: number, from: number, name: string): ChangeEvent {
  const { change, at } = entry;
  const event = { room, seq, at, target: change.seq, from };
  switch (change.kind) {
    case 'edit': return { type: 'edit', ...event, text: entry.text };
    case 'delete': return { type: 'delete', ...event };
    case 'react': return { type: 'react', ...event, name, emoji: change.emoji, on: change.on };
  }
}

export function isSaid(line: { readonly kind: string }): line is SaidLine {
  return line.kind === 'message' || line.kind === 'private';
}

/** The line as one wishes it to be, together with how the wishes stand. `entries` are all about this line, in the order made. */
export function wished(line: SaidLine, entries: readonly Entry[], you: number, name: string): SaidLine {
  let drawn = line;
  const changes: LineChange[] = [];
  for (const { key, state, change, text, error, id } of entries) {
    if (change === undefined) continue;
    changes.push({
      key, state, kind: change.kind,
      ...(change.kind === 'edit' ? { text } : {}),
      ...(change.kind === 'react' ? { emoji: change.emoji, on: change.on } : {}),
      ...(error === undefined ? {} : { error }),
      ...(id === null ? {} : { id }),
    });
    // What was refused, or is in doubt for good, is not shown as if it were so.
    if (state !== 'queued') continue;
    if (change.kind === 'edit') drawn = { ...drawn, text };
    if (change.kind === 'react') drawn = reacted(drawn, { from: you, name, emoji: change.emoji }, change.on);
  }
  return changes.length === 0 ? line : { ...drawn, changes };
}

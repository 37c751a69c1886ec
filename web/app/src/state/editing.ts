// Which own line's words are being changed, room by room, through reloads. The draft of a new message rests meanwhile.
import { signal } from '@preact/signals';
import type { SpokenLine } from '../log/rows.ts';
import { forTab } from './keep.ts';

export interface Editing {
  seq: number;
  /** The words as they were when it began: together with the number they say which line it is, also after a reload. */
  was: string;
  /** Whom else it concerns, of a private line. */
  toName: string | null;
}

const key = (room: string) => `charsu.edit.${room}`;

export const editing = signal<Readonly<Record<string, Editing>>>({});

/** Words that are given to a change when it begins, or begins again. */
export const begunWith = signal<{ room: string; text: string } | null>(null);

export function startEditing(room: string, line: SpokenLine, text = line.text): void {
  if (line.seq === null) return;
  const one: Editing = { seq: line.seq, was: line.text, toName: line.kind === 'private' ? line.toName : null };
  editing.value = { ...editing.value, [room]: one };
  begunWith.value = { room, text };
  keepEdit(room, one, text);
}

export function stopEditing(room: string): void {
  const { [room]: _, ...others } = editing.value;
  editing.value = others;
  forTab.removeItem(key(room));
}

export function keepEdit(room: string, one: Editing, text: string): void {
  forTab.setItem(key(room), JSON.stringify({ ...one, text }));
}

/** What was being changed when the page was left. */
export function keptEdit(room: string): (Editing & { text: string }) | null {
  try {
    const kept: unknown = JSON.parse(forTab.getItem(key(room)) ?? 'null');
    const { seq, was, toName, text } = (typeof kept === 'object' && kept !== null ? kept : {}) as Partial<Record<string, unknown>>;
    if (typeof seq !== 'number' || typeof was !== 'string' || typeof text !== 'string') return null;
    return { seq, was, text, toName: typeof toName === 'string' ? toName : null };
  } catch {
    return null;
  }
}

export const isEdited = (line: SpokenLine, { seq, was }: Editing): boolean => line.own && line.seq === seq && line.text === was;

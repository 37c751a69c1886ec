// The menu of one message: on which, and where it opens.
import { signal } from '@preact/signals';
import type { SpokenLine } from '../log/rows.ts';

export interface LineMenu {
  room: string;
  line: SpokenLine;
  /** Own member number. */
  you: number;
  opener: HTMLElement;
}

export const lineMenu = signal<LineMenu | null>(null);

export function closeLineMenu(): void {
  lineMenu.value = null;
}

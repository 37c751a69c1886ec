// The menu of one person: on whom, and where it opens.
import { signal } from '@preact/signals';
import type { Person } from '../../../client/src/index.ts';

export interface Menu {
  room: string;
  person: Person;
  opener: HTMLElement;
}

export const menu = signal<Menu | null>(null);

export function openMenu(opener: HTMLElement, room: string, person: Person): void {
  menu.value = { opener, room, person };
}

export function closeMenu(): void {
  menu.value = null;
}

// Which dialog is open. One at a time; where it goes back to is the dialog's own business.
import { signal } from '@preact/signals';

export type Sheet =
  | { kind: 'how' | 'kept' | 'settings' | 'add' }
  | { kind: 'share' | 'people' | 'leave'; room: string }
  | { kind: 'delete'; room: string; key: string };

export const sheet = signal<Sheet | null>(null);

export function openSheet(next: Sheet): void {
  sheet.value = next;
}

export function closeSheet(): void {
  sheet.value = null;
}

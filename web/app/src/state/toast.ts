// Small words that come and go: seen for a moment, and read out without taking the focus.
import { signal } from '@preact/signals';

const SHOWN_MS = 4000;

export const toast = signal<string | null>(null);
/** For screen readers only. */
export const announced = signal('');

let timer: ReturnType<typeof setTimeout> | undefined;

export function showToast(words: string): void {
  toast.value = words;
  clearTimeout(timer);
  timer = setTimeout(() => { toast.value = null; }, SHOWN_MS);
}

export function announce(words: string): void {
  // The same words twice are two announcements: a live region only speaks when its text changes.
  announced.value = announced.value === words ? `${words}\u00a0` : words;
}

// Where a conversation stands: at its end, or at some row. Works on the element, knows nothing of rooms or messages.

/** Closer to the end than this counts as being there; zoom and half pixels make 1 px far too strict. */
export const NEAR_END_PX = 100;

/** A row and how far its top is below the top of the box. */
export interface Anchor {
  key: string;
  offset: number;
}

export const fromEnd = (box: HTMLElement): number => box.scrollHeight - box.clientHeight - box.scrollTop;

function rowsIn(box: HTMLElement): HTMLElement[] {
  return [...(box.querySelector('ol')?.children ?? [])].filter((row): row is HTMLElement => row instanceof HTMLElement && row.dataset['key'] !== undefined);
}

/** The first row that can be seen. */
export function anchorOf(box: HTMLElement): Anchor | null {
  const top = box.getBoundingClientRect().top;
  const rows = rowsIn(box);
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.getBoundingClientRect().bottom ?? 0) > top) high = middle;
    else low = middle + 1;
  }
  // Days and other notes may move or go when something is put above them; a message stays.
  const row = rows.slice(low).find((one) => one.classList.contains('msg')) ?? rows[low];
  return row === undefined ? null : { key: row.dataset['key'] ?? '', offset: row.getBoundingClientRect().top - top };
}

/** Puts that row back where it was. False if it is not there any more. */
export function restore(box: HTMLElement, anchor: Anchor): boolean {
  const row = rowsIn(box).find((one) => one.dataset['key'] === anchor.key);
  if (row === undefined) return false;
  const moved = row.getBoundingClientRect().top - box.getBoundingClientRect().top - anchor.offset;
  if (Math.abs(moved) >= 1) box.scrollTop += moved;
  return true;
}

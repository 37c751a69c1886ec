// Which rows of a long conversation stand in the document. Pure: only numbers.
// A real slice, not a virtual list with guessed heights: find-in-page, screen readers and scroll anchoring go on working.

/** Rows in the document at most, and how far that may be passed before the far end is cut. */
export const WINDOW = 300;
export const SLACK = 20;
/** Rows revealed at a time. */
export const STEP = 100;

/** From `start` up to, not including, `end`. `end: null` follows the last row. */
export interface Span {
  start: number;
  end: number | null;
}

export const atEnd = (total: number): Span => ({ start: Math.max(0, total - WINDOW), end: null });

export function older(span: Span, total: number): Span {
  const start = Math.max(0, span.start - STEP);
  const end = span.end ?? total;
  return end - start > WINDOW + SLACK ? { start, end: start + WINDOW } : { start, end: span.end };
}

export function newer(span: Span, total: number): Span {
  if (span.end === null) return span;
  const end = Math.min(total, span.end + STEP);
  const start = end - span.start > WINDOW + SLACK ? end - WINDOW : span.start;
  return { start, end: end >= total ? null : end };
}

/** Around one row, for example the first unread one. */
export function around(row: number, total: number): Span {
  const start = Math.max(0, Math.min(row - STEP, total - WINDOW));
  const end = start + WINDOW;
  return { start, end: end >= total ? null : end };
}

/** Rows came in at the end: while the end is followed the far side is cut, else the place is kept. */
export function grown(span: Span, total: number, following: boolean): Span {
  if (span.start >= total && total > 0) return atEnd(total);
  if (span.end === null && following && total - span.start > WINDOW + SLACK) return atEnd(total);
  if (span.end === null && !following && total - span.start > WINDOW + SLACK) return { start: span.start, end: span.start + WINDOW };
  return span;
}

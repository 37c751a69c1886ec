import { describe, expect, it } from 'vitest';
import { around, atEnd, grown, newer, older, SLACK, STEP, WINDOW, type Span } from '../src/log/window.ts';

const size = (span: Span, total: number) => (span.end ?? total) - span.start;

describe('the window of rows', () => {
  it('begins at the end with 300 rows at most', () => {
    expect(atEnd(10)).toEqual({ start: 0, end: null });
    expect(size(atEnd(5000), 5000)).toBe(WINDOW);
  });

  it('reaches every row on the way up and every row on the way down, never with more than its bound', () => {
    const total = 1999;
    let span = atEnd(total);
    const seen = new Set<number>();
    const look = () => {
      expect(size(span, total)).toBeLessThanOrEqual(WINDOW + SLACK);
      for (let row = span.start; row < (span.end ?? total); row += 1) seen.add(row);
    };
    for (look(); span.start > 0; look()) span = older(span, total);
    expect(seen.size).toBe(total);
    for (; span.end !== null; look()) {
      const next = newer(span, total);
      expect(next.start).toBeLessThanOrEqual(span.end);
      span = next;
    }
    expect(size(span, total)).toBeGreaterThanOrEqual(WINDOW - STEP);
  });

  it('follows the end while it grows, and cuts the far side after some slack', () => {
    const span = atEnd(300);
    expect(grown(span, 300 + SLACK, true)).toBe(span);
    expect(grown(span, 301 + SLACK, true)).toEqual({ start: 1 + SLACK, end: null });
  });

  it('keeps its place while somebody reads back', () => {
    expect(grown({ start: 0, end: null }, 5000, false)).toEqual({ start: 0, end: WINDOW });
    expect(grown({ start: 40, end: 340 }, 5000, false)).toEqual({ start: 40, end: 340 });
  });

  it('comes back to the end when the rows it showed are gone', () => {
    expect(grown({ start: 1200, end: 1500 }, 10, false)).toEqual({ start: 0, end: null });
  });

  it('opens around a row with that row inside', () => {
    for (const row of [0, 50, 700, 1998]) {
      const span = around(row, 1999);
      expect(span.start).toBeLessThanOrEqual(row);
      expect(span.end ?? 1999).toBeGreaterThan(row);
    }
  });
});

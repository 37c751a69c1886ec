// The conversation: a window of rows that follows the end or keeps its place.
import type { TargetedEvent } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { RoomView } from '../../../client/src/index.ts';
import { count, digits, t } from '../i18n/inside.ts';
import { isSpoken, rowsOf, type Row, type SpokenRow } from '../log/rows.ts';
import { anchorOf, fromEnd, NEAR_END_PX, restore, type Anchor } from '../log/scroll.ts';
import { around, atEnd, grown, newer, older, type Span } from '../log/window.ts';
import { chat } from '../state/core.ts';
import { lineMenu } from '../state/lineMenu.ts';
import { announce } from '../state/toast.ts';
import { Empty } from './Empty.tsx';
import { Icon } from './Icon.tsx';
import { Came, Comings, Day, Earlier, Gap, New } from './Notes.tsx';
import { isChangeable, Spoken } from './Spoken.tsx';

/** Rows are revealed when this close to the edge of the window. Pixels. */
const REVEAL_PX = 600;
/** More messages than this within BURST_MS are counted instead of read out. */
const BURST = 3;
const BURST_MS = 2000;
/** A finger that rests for so long on a message asks for its menu. Milliseconds, and how far it may stray meanwhile. Pixels. */
const HOLD_MS = 450;
const STRAY_PX = 10;
/** New rows are read out only once the first filling has settled. Milliseconds. */
const SETTLE_MS = 600;

/** Where each room was left; "the end" is not kept, it is where one starts. */
const leftAt = new Map<string, { span: Span; anchor: Anchor }>();

const lastKey = (room: RoomView): string | undefined => room.lines.at(-1)?.key;

function spokenAfter(room: RoomView, key: string | undefined): number {
  let n = 0;
  for (let index = room.lines.length - 1; index >= 0; index -= 1) {
    const line = room.lines[index];
    if (line === undefined || line.key === key) break;
    if (isSpoken(line) && !line.own) n += 1;
  }
  return n;
}

function startOf(room: RoomView, rows: Row[]): { span: Span; follow: boolean; anchor: Anchor | null } {
  const at = rows.findIndex((row) => row.kind === 'new');
  const fresh = rows[at];
  if (fresh !== undefined) return { span: around(at, rows.length), follow: false, anchor: { key: fresh.key, offset: 24 } };
  const left = leftAt.get(room.room);
  if (left !== undefined && rows.some((row) => row.key === left.anchor.key)) return { span: left.span, follow: false, anchor: left.anchor };
  return { span: atEnd(rows.length), follow: true, anchor: null };
}

/** Give it the room's name as `key`: it starts anew in each room. */
export function Log({ room }: { room: RoomView }) {
  const { lines, firstUnread, you, birth, earlier, came } = room;
  const rows = useMemo(() => rowsOf(lines, firstUnread, you, { birth, earlier, came }), [lines, firstUnread, you, birth, earlier, came]);
  const box = useRef<HTMLDivElement>(null);
  const start = useMemo(() => startOf(room, rows), []);
  const follow = useRef(start.follow);
  const anchor = useRef<Anchor | null>(start.anchor);
  const seen = useRef(lastKey(room));
  const [wanted, setSpan] = useState<Span>(start.span);
  const [away, setAway] = useState(false);
  // The message under the pointer or with the focus.
  const [active, setActive] = useState<string | null>(null);
  // Rows that were put above move the window along, so that it shows what it showed.
  const held = useRef<{ key: string; at: number } | null>(null);
  const shift = shiftOf(rows, held.current);
  const span = grown(shift === 0 ? wanted : { start: wanted.start + shift, end: wanted.end === null ? null : wanted.end + shift }, rows.length, follow.current);
  useLayoutEffect(() => {
    held.current = holdOf(rows, span.start);
    if (shift !== 0) setSpan(span);
  });
  const politeness = usePoliteness(room);

  const shown = rows.slice(span.start, span.end ?? undefined);
  const missed = away ? spokenAfter(room, seen.current) : 0;

  const toEnd = (smooth: boolean) => {
    follow.current = true;
    anchor.current = null;
    setSpan(atEnd(rows.length));
    const element = box.current;
    const still = !smooth || span.end !== null || matchMedia('(prefers-reduced-motion: reduce)').matches;
    element?.scrollTo({ top: element.scrollHeight, behavior: still ? 'instant' : 'smooth' });
  };

  // One's own line is always shown: whoever writes is at the end.
  const own = room.lines.at(-1);
  const ownKey = own !== undefined && isSpoken(own) && own.own && own.seq === null ? own.key : null;
  const ownBefore = useRef(ownKey);
  useLayoutEffect(() => {
    if (ownKey !== null && ownKey !== ownBefore.current) toEnd(false);
    ownBefore.current = ownKey;
  }, [ownKey]);

  // Before this render the place was measured (on scroll, below); after it the place is put back.
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    if (follow.current && span.end === null) {
      element.scrollTop = element.scrollHeight;
      seen.current = lastKey(room);
    } else if (anchor.current !== null) restore(element, anchor.current);
    // Only when there are other rows: a drawing in the middle of somebody's scrolling must not pull it back.
  }, [rows, span.start, span.end]);

  const measure = () => {
    const element = box.current;
    if (element === null) return;
    const distance = fromEnd(element);
    follow.current = span.end === null && distance <= NEAR_END_PX;
    if (follow.current) {
      anchor.current = null;
      seen.current = lastKey(room);
    } else anchor.current = anchorOf(element);
    setAway(!follow.current);
    if (element.scrollTop < REVEAL_PX && span.start > 0) setSpan(older(span, rows.length));
    else if (element.scrollTop < REVEAL_PX && rows[0]?.kind === 'earlier' && earlier === 'some') chat.earlier(room.room);
    else if (span.end !== null && distance < REVEAL_PX) setSpan(newer(span, rows.length));
  };

  // A page of the past has come: there may be room for more of it, and whoever asked by keyboard must not lose the place.
  const asked = useRef(earlier);
  useEffect(() => {
    const came = asked.current === 'loading' && (earlier === 'some' || earlier === 'none');
    asked.current = earlier;
    if (!came) return;
    announce(t('earlierShown'));
    if (document.activeElement === document.body) box.current?.focus({ preventScroll: true });
    measure();
  }, [earlier]);

  // The keyboard opens, the composer grows, fonts arrive: the end stays the end, any other place stays that place.
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const watch = new ResizeObserver(() => {
      if (follow.current) element.scrollTop = element.scrollHeight;
      else if (anchor.current !== null) restore(element, anchor.current);
    });
    watch.observe(element);
    const list = element.querySelector('ol');
    if (list !== null) watch.observe(list);
    // Opened at the "new" line: it may well be that everything fits.
    measure();
    return () => watch.disconnect();
  }, []);

  const where = useRef<() => void>(() => undefined);
  where.current = () => {
    if (follow.current || anchor.current === null) leftAt.delete(room.room);
    else leftAt.set(room.room, { span, anchor: anchor.current });
  };
  useEffect(() => () => where.current(), []);

  const hold = useHold((row) => openMenuOf(row));
  const rowOf = (event: TargetedEvent<HTMLElement, Event>): HTMLElement | null => (event.target instanceof Element ? event.target.closest<HTMLElement>('li.msg') : null);
  const openMenuOf = (element: HTMLElement) => {
    const row = rows.find((one): one is SpokenRow => one.kind === 'spoken' && one.key === element.dataset['key']);
    if (row === undefined || !isChangeable(row.line, row.old)) return;
    lineMenu.value = { room: room.room, line: row.line, you, opener: element };
  };
  const activate = (event: TargetedEvent<HTMLElement, Event>) => setActive(rowOf(event)?.dataset['key'] ?? null);
  /** On a message: the arrows go on to the next one, Enter opens its menu, Escape leads back to writing. */
  const key = (event: TargetedEvent<HTMLElement, KeyboardEvent>) => {
    const row = rowOf(event);
    if (row === null || event.target !== row || event.altKey || event.ctrlKey || event.metaKey) return;
    const all = [...(box.current?.querySelectorAll<HTMLElement>('li.msg') ?? [])];
    const at = all.indexOf(row);
    const next = { ArrowUp: all[at - 1], ArrowDown: all[at + 1], Home: all[0], End: all.at(-1) }[event.key];
    if (next !== undefined) next.focus();
    else if (event.key === 'Enter' || event.key === 'ContextMenu') openMenuOf(row);
    else if (event.key === 'Escape') document.getElementById('composer')?.focus();
    else if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    event.preventDefault();
  };
  const current = shown.some((row) => row.kind === 'spoken' && row.key === active) ? active : shown.findLast((row) => row.kind === 'spoken')?.key ?? null;

  const name = room.isCode ? t('room', { code: digits(room.room) }) : room.room;
  return (
    <div class="logbox">
      <div ref={box} class="log" role="log" aria-live={politeness} aria-relevant="additions" aria-label={t('conversation', { room: name })} tabIndex={0} onScroll={measure}>
        {rows.some((row) => row.kind === 'spoken' || row.kind === 'gap') ? null : room.status === 'live' ? <Empty room={room} /> : room.status === 'joining' && <p class="opening">{t('loading')}</p>}
        {/* Pointers and keys of all messages are watched here: one place instead of hundreds. */}
        <ol onPointerOver={activate} onPointerLeave={(event) => { if (event.pointerType === 'mouse') setActive(null); }} onFocusCapture={activate} onKeyDown={key} {...hold}>
          {shown.map((row) => draw(room, row, active, current))}
        </ol>
      </div>
      {away && (
        <button type="button" class={missed > 0 ? 'pill' : 'pill round'} aria-label={missed > 0 ? undefined : t('toTheEnd')} onClick={() => toEnd(true)}>
          <Icon name="down" />{missed > 0 && count('newMessages', missed)}
        </button>
      )}
    </div>
  );
}

/** A message in the window by which its place in all rows is known again. */
function holdOf(rows: Row[], start: number): { key: string; at: number } | null {
  const at = rows.findIndex((row, index) => index >= start && row.kind === 'spoken');
  const row = rows[at];
  return row === undefined ? null : { key: row.key, at };
}

function shiftOf(rows: Row[], held: { key: string; at: number } | null): number {
  if (held === null || rows[held.at]?.key === held.key) return 0;
  const at = rows.findIndex((row) => row.key === held.key);
  // Only what was put above counts; if rows went, the window is right as it is.
  return at > held.at ? at - held.at : 0;
}

/** Holding a finger on a message. Also what the browser makes of that by itself on some devices. */
function useHold(act: (row: HTMLElement) => void) {
  const state = useRef({ timer: 0, x: 0, y: 0, touch: false });
  const off = () => clearTimeout(state.current.timer);
  useEffect(() => off, []);
  return {
    onPointerDown: (event: TargetedEvent<HTMLElement, PointerEvent>) => {
      off();
      const row = event.target instanceof Element && event.target.closest('a, button, pre') === null ? event.target.closest<HTMLElement>('li.msg') : null;
      const touch = event.pointerType === 'touch';
      state.current = { timer: touch && row !== null ? window.setTimeout(() => act(row), HOLD_MS) : 0, x: event.clientX, y: event.clientY, touch };
    },
    onPointerMove: (event: TargetedEvent<HTMLElement, PointerEvent>) => {
      if (Math.hypot(event.clientX - state.current.x, event.clientY - state.current.y) > STRAY_PX) off();
    },
    onPointerUp: off,
    onPointerCancel: off,
    onContextMenu: (event: TargetedEvent<HTMLElement, MouseEvent>) => {
      if (state.current.touch && event.target instanceof Element && event.target.closest('a, button, pre, input') === null) event.preventDefault();
    },
  };
}

function draw(room: RoomView, row: Row, active: string | null, current: string | null) {
  switch (row.kind) {
    case 'day': return <Day key={row.key} at={row.at} />;
    case 'new': return <New key={row.key} id={row.key} n={row.count} unseen={room.unread > 0} />;
    case 'gap': return <Gap key={row.key} reason={row.reason} />;
    case 'moves': return <Comings key={row.key} moves={row.moves} />;
    case 'earlier': return <Earlier key="earlier" room={room.room} state={row.state} />;
    case 'came': return <Came key="came" />;
    case 'spoken': return <Spoken key={row.key} room={room.room} line={row.line} head={row.head} tail={row.tail} you={room.you} old={row.old} active={row.key === active} first={row.key === current} />;
  }
}

/**
 * What a screen reader does with the rows of this drawing. History that fills the log, older rows that are revealed and one's own
 * lines are not read out; many at once are counted.
 */
function usePoliteness(room: RoomView): 'polite' | 'off' {
  const settled = useRef(false);
  const before = useRef(lastKey(room));
  const top = useRef(room.lines[0]?.key);
  const burst = useRef({ since: 0, n: 0, timer: 0 });
  useEffect(() => {
    const timer = setTimeout(() => { settled.current = true; }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, []);
  // Hidden behind a reference, because the answer for one set of lines must not change when it is drawn again.
  const answer = useMemo((): 'polite' | 'off' => {
    const fresh = spokenAfter(room, before.current);
    const above = top.current !== room.lines[0]?.key;
    top.current = room.lines[0]?.key;
    const known = before.current;
    before.current = lastKey(room);
    if (!settled.current) return 'off';
    const last = room.lines.at(-1);
    if (last === undefined || last.key === known) return above ? 'off' : 'polite';
    // Only one's own line, or somebody coming or going.
    if (fresh === 0) return 'off';
    const now = Date.now();
    if (now - burst.current.since > BURST_MS) burst.current = { since: now, n: 0, timer: burst.current.timer };
    burst.current.n += fresh;
    if (burst.current.n <= BURST) return 'polite';
    clearTimeout(burst.current.timer);
    burst.current.timer = window.setTimeout(() => announce(count('newMessages', burst.current.n)), BURST_MS);
    return 'off';
  }, [room.lines]);
  return answer;
}

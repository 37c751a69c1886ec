// One's rooms, with what was said last in each, and oneself.
import type { RoomView } from '../../../client/src/index.ts';
import { count, lang, number, shortWhen, t } from '../i18n/inside.ts';
import { isSpoken, type SpokenLine } from '../log/rows.ts';
import { view } from '../state/chat.ts';
import { useTick } from '../state/clock.ts';
import { go, pathOf } from '../state/place.ts';
import { openSheet } from '../state/sheet.ts';
import { myName } from '../state/settings.ts';
import { calm, direction } from '../text/direction.ts';
import { Icon } from './Icon.tsx';
import { RoomName } from './RoomName.tsx';
import { Mark, Star, Tile } from './Star.tsx';
import { ThemeSwitch } from './Switches.tsx';

/** More than this is "99+". */
const MOST = 99;

/** `page`: it is the page, and not beside one. */
export function Rail({ active, page = false }: { active: string | null; page?: boolean }) {
  const { rooms } = view.value;
  const content = (
    <>
      <div class="railtop">
        <span class="brand"><Mark />{t('brand')}</span>
        <button type="button" class="iconbtn" aria-label={t('anotherRoom')} title={t('anotherRoom')} onClick={() => openSheet({ kind: 'add' })}><Icon name="plus" /></button>
      </div>
      <nav id="rooms" aria-label={t('rooms')} tabIndex={-1}>
        <h2>{t('rooms')}</h2>
        <ul>{rooms.map((room) => <li key={room.room}><Item room={room} current={room.room === active} /></li>)}</ul>
      </nav>
      <Me name={rooms.find((room) => room.room === active)?.name ?? rooms[0]?.name ?? myName.value} />
    </>
  );
  return page ? <div class="rail">{content}</div> : <aside class="rail" aria-label={t('yourRooms')}>{content}</aside>;
}

function Item({ room, current }: { room: RoomView; current: boolean }) {
  const now = useTick(60_000);
  const last = room.lines.findLast(isSpoken);
  return (
    <a
      class="item" href={pathOf(room.room)} aria-current={current ? 'page' : undefined}
      onClick={(event) => { if (plainClick(event)) { event.preventDefault(); go(room.room); } }}
    >
      <Tile room={room.room} isCode={room.isCode} />
      <strong><RoomName room={room.room} isCode={room.isCode} /></strong>
      {last !== undefined && <time>{shortWhen(last.at, now)}</time>}
      <Preview line={last} />
      {room.unread > 0 && (
        <span class="badge">
          <span aria-hidden="true">{room.mentioned && '@'}{room.unread > MOST ? `${number(MOST)}+` : number(room.unread)}</span>
          <span class="vh">{count('unread', room.unread)}{room.mentioned && `, ${t('mentioned')}`}</span>
        </span>
      )}
    </a>
  );
}

function Preview({ line }: { line: SpokenLine | undefined }) {
  if (line === undefined) return <small>{t('nothingYet')}</small>;
  const text = calm(line.text).replace(/`+/g, '').replace(/\s+/g, ' ').trim().slice(0, 120);
  const name = line.name || t('someone');
  const words = line.own ? t('lastLineOwn', { text }) : t(line.kind === 'private' ? 'lastLinePrivate' : 'lastLine', { name, text });
  // The line runs as its text does, so that the cut is at the text's own end.
  return <small dir={direction(text) ?? (lang.value === 'fa' ? 'rtl' : 'ltr')}>{words}</small>;
}

function Me({ name }: { name: string }) {
  // At once, unlike the banner: what stands here all the time has to be true all the time.
  const { state } = view.value.link;
  const down = state !== 'live' && state !== 'idle';
  return (
    <div class="me">
      <Star name={name} dot={down ? 'away' : 'live'} />
      <span class="who"><bdi>{name}</bdi><small>{t(down ? (state === 'offline' ? 'offline' : 'reconnecting') : 'connected')}</small></span>
      <ThemeSwitch />
      <button type="button" class="iconbtn" aria-label={t('settings')} title={t('settings')} onClick={() => openSheet({ kind: 'settings' })}><Icon name="settings" /></button>
    </div>
  );
}

/** A click that the page may follow itself; with a modifier it is the browser's. */
function plainClick(event: MouseEvent): boolean {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

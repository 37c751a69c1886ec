// The head of a room: which one, how many are here, and the ways to bring others in.
import type { RoomView } from '../../../client/src/index.ts';
import { count, t } from '../i18n/inside.ts';
import { view } from '../state/chat.ts';
import { useTick } from '../state/clock.ts';
import { go } from '../state/place.ts';
import { openSheet } from '../state/sheet.ts';
import { isDown } from './Banner.tsx';
import { CopyButton } from './CopyButton.tsx';
import { Icon } from './Icon.tsx';
import { RoomName } from './RoomName.tsx';
import { roomLink } from '../state/links.ts';

export function Header({ room }: { room: RoomView }) {
  const { link, rooms } = view.value;
  const now = useTick(link.state === 'live' || link.state === 'idle' ? null : 500);
  const down = isDown(link, now);
  const elsewhere = rooms.reduce((sum, one) => sum + (one.room === room.room ? 0 : one.unread), 0);
  const state = down ? t(link.state === 'offline' ? 'offline' : 'reconnecting') : room.status === 'joining' ? t('comingIn') : count('peopleHere', room.count);
  const refused = () => openSheet({ kind: 'share', room: room.room });
  return (
    <header class="bar">
      <button type="button" class="iconbtn narrow" aria-label={elsewhere > 0 ? `${t('backToRooms')}, ${count('unread', elsewhere)}` : t('backToRooms')} onClick={() => go(null)}>
        <Icon name="back" turn />{elsewhere > 0 && <i class="spot" />}
      </button>
      <div class="title">
        <h1 tabIndex={-1}><RoomName room={room.room} isCode={room.isCode} /></h1>
        <p class="sub"><span class={down ? 'lamp off' : 'lamp'} />{state}</p>
      </div>
      <CopyButton
        class="chip wide" text={room.isCode ? room.room : roomLink(room.room)} label={t(room.isCode ? 'copyCode' : 'copyLink')} onRefused={refused}
      />
      <button type="button" class="iconbtn" aria-label={t('share')} title={t('share')} onClick={refused}><Icon name="share" /></button>
      <button type="button" class="iconbtn nopeople" aria-label={t('people')} title={t('people')} onClick={() => openSheet({ kind: 'people', room: room.room })}><Icon name="people" /></button>
    </header>
  );
}

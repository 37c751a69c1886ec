// A room in which nothing was said yet: what to do about it.
import type { RoomView } from '../../../client/src/index.ts';
import { t } from '../i18n/inside.ts';
import { roomLink } from '../state/links.ts';
import { openSheet } from '../state/sheet.ts';
import { BigCode } from './BigCode.tsx';
import { CopyButton } from './CopyButton.tsx';
import { Icon } from './Icon.tsx';

export function Empty({ room }: { room: RoomView }) {
  return (
    <div class="empty">
      {room.isCode && <BigCode code={room.room} />}
      <h2>{t('emptyTitle')}</h2>
      <p>{t(room.isCode ? 'emptyLead' : 'emptyLeadNamed')}</p>
      <div class="pair">
        <CopyButton class="btn ghost small" text={roomLink(room.room)} label={t('copyLink')} onRefused={() => openSheet({ kind: 'share', room: room.room })} />
        <button type="button" class="btn ghost small" onClick={() => openSheet({ kind: 'share', room: room.room })}><Icon name="share" />{t('share')}</button>
      </div>
    </div>
  );
}

// The ways to bring others in: code, link, square and the device's own share sheet.
import { useRef, useState } from 'preact/hooks';
import { digits, t } from '../i18n/inside.ts';
import { roomLink } from '../state/links.ts';
import { BigCode } from './BigCode.tsx';
import { CopyButton } from './CopyButton.tsx';
import { Icon } from './Icon.tsx';
import { QrCode } from './QrCode.tsx';

/** `compact`: the card in the column. Otherwise with the code in large tiles and the link to read. */
export function Share({ room, isCode, compact = false }: { room: string; isCode: boolean; compact?: boolean }) {
  const [refused, setRefused] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const link = roomLink(room);
  const name = isCode ? t('room', { code: digits(room) }) : room;
  const select = () => {
    setRefused(true);
    requestAnimationFrame(() => {
      field.current?.focus();
      field.current?.select();
    });
  };
  return (
    <div class={compact ? 'share compact' : 'share'}>
      {!compact && isCode && <BigCode code={room} />}
      <QrCode text={link} label={t('qrLabel', { room: name })} />
      <p>{t(isCode ? 'shareLead' : 'shareLeadNamed')}</p>
      {(!compact || refused) && (
        <>
          <input ref={field} class="input linkfield" readOnly dir="ltr" value={link} aria-label={t('link')} onFocus={(event) => event.currentTarget.select()} />
          {refused && <p role="alert">{t('copyByHand')}</p>}
        </>
      )}
      <div class="pair">
        {!compact && isCode && <CopyButton class="btn ghost small" text={room} label={t('copyCode')} onRefused={select} />}
        <CopyButton class="btn ghost small" text={link} label={t('copyLink')} onRefused={select} />
        {!compact && <SystemShare link={link} title={name} />}
      </div>
    </div>
  );
}

/** Only where the browser has it: a secure context on most phones. */
function SystemShare({ link, title }: { link: string; title: string }) {
  const what = { title, url: link };
  if (typeof navigator.share !== 'function' || navigator.canShare?.(what) === false) return null;
  // Closing the sheet without sharing is no error.
  return <button type="button" class="btn ghost small" onClick={() => { navigator.share(what).catch(() => undefined); }}><Icon name="share" />{t('shareVia')}</button>;
}

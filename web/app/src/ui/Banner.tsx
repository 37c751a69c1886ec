// Told when the link is down for a while: why, what happens next, and that nothing written is lost.
import { useEffect, useRef } from 'preact/hooks';
import type { Link } from '../../../client/src/index.ts';
import { count, t } from '../i18n/inside.ts';
import { isSpoken } from '../log/rows.ts';
import { view } from '../state/chat.ts';
import { useTick } from '../state/clock.ts';
import { chat } from '../state/core.ts';
import { showToast } from '../state/toast.ts';
import { errorText } from '../state/words.ts';
import { Icon } from './Icon.tsx';

/** Short breaks are not worth a word. Milliseconds. */
const PATIENCE_MS = 2000;
/** After a reconnect the missed messages arrive within this time. Milliseconds. */
const CATCH_UP_MS = 400;
/** The close code that says that another tab took this tab's place. */
const REPLACED = 4000;
/** The one that says that the invitation has run out, was never good, or is needed and not there. */
const UNINVITED = 4401;

export function isDown(link: Link, now: number): boolean {
  switch (link.state) {
    case 'idle':
    case 'live': return false;
    case 'stopped':
    case 'closed': return true;
    case 'connecting':
    case 'waiting':
    case 'offline': return now - link.since >= PATIENCE_MS;
  }
}

const othersSaid = (): number => view.value.rooms.reduce((sum, room) => sum + room.lines.filter((line) => isSpoken(line) && !line.own).length, 0);

export function Banner() {
  const { link, queued, changing } = view.value;
  const now = useTick(link.state === 'live' || link.state === 'idle' ? null : 250);
  const down = isDown(link, now);
  const before = useRef<number | null>(null);

  useEffect(() => {
    if (down) {
      before.current ??= othersSaid();
      return undefined;
    }
    if (link.state !== 'live' || before.current === null) return undefined;
    const had = before.current;
    before.current = null;
    const timer = setTimeout(() => {
      const missed = othersSaid() - had;
      showToast(missed > 0 ? `${t('back')} ${count('backMissed', missed)}` : t('back'));
    }, CATCH_UP_MS);
    return () => clearTimeout(timer);
  }, [down, link.state]);

  if (!down) return null;
  const { title, next, action } = words(link, now);
  return (
    <div class="banner">
      <Icon name={restarts(link) ? 'clock' : 'alert'} />
      <p>
        <b role="status">{title}</b>{' '}
        {next !== '' && `${next} `}
        {queued > 0 && `${count('keptCount', queued)} `}
        {changing > 0 && count('changesKept', changing)}
        {queued + changing === 0 && link.state !== 'closed' && t('kept')}
      </p>
      {action !== '' && <button type="button" onClick={() => chat.reconnectNow()}>{action}</button>}
    </div>
  );
}

const restarts = (link: Link): boolean => 'restarts' in link;

function words(link: Link, now: number): { title: string; next: string; action: string } {
  switch (link.state) {
    case 'offline': return { title: t('lostOffline'), next: '', action: t('tryNow') };
    case 'stopped': return { title: t('lostStopped'), next: '', action: t('tryAgain') };
    case 'closed': return link.code === UNINVITED
      ? { title: errorText(view.value.notice ?? { code: 'token_expired', message: '' }), next: '', action: '' }
      : link.code === REPLACED
      ? { title: t('closedElsewhere'), next: '', action: t('closedHere') }
      : { title: t('closedByServer'), next: '', action: t('tryAgain') };
    case 'waiting': {
      const seconds = Math.ceil((link.retryAt - now) / 1000);
      return { title: t(restarts(link) ? 'restarts' : 'lost'), next: seconds > 0 ? count('lostRetry', seconds) : t('lostNow'), action: t('tryNow') };
    }
    default: return { title: t(restarts(link) ? 'restarts' : 'lost'), next: t('lostNow'), action: '' };
  }
}

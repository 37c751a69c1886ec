// What the ways into a room have in common: the words while one waits, and what is said about a refused name.
import type { ErrorNotice } from '../../../client/src/index.ts';
import { nodes, t } from '../i18n/index.ts';
import { view, withChat } from '../state/chat.ts';
import { useTick } from '../state/clock.ts';
import { attempt, trying } from '../state/joining.ts';
import { errorText } from '../state/words.ts';

/** Joining normally takes a moment; after this long it is said what it waits for. Milliseconds. */
const PATIENCE_MS = 2000;

export const isNameError = (error: ErrorNotice): boolean => error.code.startsWith('name_');

export function NameProblem({ error, onTake }: { error: ErrorNotice; onTake: (name: string) => void }) {
  const free = error.suggestion;
  return (
    <>
      {errorText(error)}
      {free !== undefined && <> <button type="button" class="textbtn" onClick={() => onTake(free)}>{nodes('useName', { name: free })}</button></>}
    </>
  );
}

export function Progress() {
  const link = view.value.link;
  const waits = trying();
  const now = useTick(waits ? 500 : null);
  if (!waits || now - (attempt.value?.startedAt ?? now) < PATIENCE_MS || link.state === 'live') return <p class="progress" role="status" />;
  const stopped = link.state === 'stopped' || link.state === 'closed';
  return (
    <p class="progress" role="status">
      {link.state === 'offline' ? t('lostOffline') : stopped ? t('lostStopped') : t('stillConnecting')}
      {link.state !== 'offline' && <> <button type="button" class="textbtn" onClick={() => withChat((chat) => chat.reconnectNow())}>{stopped ? t('tryAgain') : t('tryNow')}</button></>}
    </p>
  );
}

// What stands between messages: days, comings and goings, "new", and gaps.
import { useRef } from 'preact/hooks';
import type { GapLine } from '../../../client/src/index.ts';
import type { Moves, What } from '../log/rows.ts';
import { chat } from '../state/core.ts';
import { count, countNodes, dayTitle, nodes, t } from '../i18n/inside.ts';

export const Day = ({ at }: { at: number }) => <li class="sep" data-key={`day ${at}`}><span>{dayTitle(at, Date.now())}</span></li>;

/** `n` messages stand below; once they are seen the number stays, though more come. */
export function New({ id, n, unseen }: { id: string; n: number; unseen: boolean }) {
  const counted = useRef(n);
  if (unseen) counted.current = n;
  return <li class="sep new" data-key={id}><span>{count('newMessages', Math.max(1, counted.current))}</span></li>;
}

/** The way to what was said before; not a row that keeps its place, so without a key. */
export function Earlier({ room, state }: { room: string; state: 'some' | 'loading' | 'failed' }) {
  return (
    <li class="note earlier">
      {state === 'failed' && <p role="alert">{t('earlierFailed')}</p>}
      <button type="button" class="btn ghost small" aria-disabled={state === 'loading'} onClick={() => chat.earlier(room)}>{t(state === 'loading' ? 'earlierLoading' : state === 'failed' ? 'tryAgain' : 'earlier')}</button>
    </li>
  );
}

export const Came = () => <li class="sep" data-key="came"><span>{t('cameHere')}</span></li>;

export const Gap = ({ reason }: { reason: GapLine['reason'] }) => <li class="note gap"><span>{t(`gap.${reason}`)}</span></li>;

function phrase(what: What, names: string[]) {
  const [a = '', b = ''] = names;
  if (names.length === 1) return nodes(`${what}1`, { a });
  if (names.length === 2) return nodes(`${what}2`, { a, b });
  return countNodes(`${what}Many`, names.length - 1, { a });
}

/** Not announced and not counted: who comes and goes is there for those who look. */
export function Comings({ moves }: { moves: Moves[] }) {
  return (
    <li class="note" aria-live="off">
      {moves.map(({ what, people }, index) => <span key={what}>{index > 0 && ' · '}{phrase(what, people.map((one) => one.name || t('someone')))}</span>)}
    </li>
  );
}

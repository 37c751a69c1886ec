// What became of a message, under it: reactions, that it was edited, and how one's own changes of it stand.
import type { LineChange } from '../../../client/src/index.ts';
import { allOf, nodes, number, t, time } from '../i18n/inside.ts';
import { chipsOf, type Chip } from '../log/reactions.ts';
import type { SpokenLine } from '../log/rows.ts';
import { chat } from '../state/core.ts';
import { startEditing } from '../state/editing.ts';
import { errorText } from '../state/words.ts';
import { Icon } from './Icon.tsx';

interface Props {
  room: string;
  line: SpokenLine;
  you: number;
  /** Of an earlier life of the room: nothing can be changed any more. */
  old: boolean;
}

export function Marks({ room, line, you, old }: Props) {
  const chips = chipsOf(line, you);
  if (chips.length === 0 && line.editedAt === undefined) return null;
  return (
    <div class="marks">
      {chips.length > 0 && <ul class="reactions">{chips.map((chip) => <li key={chip.emoji}><ReactionChip chip={chip} room={room} line={line.key} old={old} /></li>)}</ul>}
      {line.editedAt !== undefined && <span class="edited" title={t('editedAt', { time: time(line.editedAt) })}>{t('edited')}</span>}
    </div>
  );
}

function ReactionChip({ chip: { emoji, names, own, pending }, room, line, old }: { chip: Chip; room: string; line: string; old: boolean }) {
  const who = allOf(names.map((name) => name || t('someone')));
  const words = names.length === 0 ? emoji : t('reactionFrom', { emoji, names: who });
  const label = pending ? `${words}. ${t('reactWaiting')}` : words;
  const content = <><span aria-hidden="true">{emoji}</span>{names.length > 0 && <span class="num" aria-hidden="true">{number(names.length)}</span>}</>;
  if (old) return <span class="reaction"><span class="vh">{label}</span>{content}</span>;
  return (
    <button type="button" class={pending ? 'reaction pending' : 'reaction'} aria-pressed={own} aria-label={label} title={label} onClick={() => chat.react(room, line, emoji, !own)}>
      {content}
    </button>
  );
}

/** One's own changes that are not done: they wait, were refused, or nobody knows. */
export function ChangeStates({ room, line }: { room: string; line: SpokenLine }) {
  return <>{line.changes?.map((change) => <ChangeState key={change.key} room={room} line={line} change={change} />)}</>;
}

function ChangeState({ room, line, change }: { room: string; line: SpokenLine; change: LineChange }) {
  const { key, kind, state, error, id, emoji = '' } = change;
  const drop = (words: string) => <button type="button" onClick={() => chat.discard(room, key)}>{words}</button>;
  if (state === 'queued') {
    const words = kind === 'delete' ? t('deleteWaiting') : kind === 'edit' ? t('changeWaiting') : t('reactWaiting');
    return (
      <div class="state waits">
        <Icon name="clock" /><span>{words}{error && `. ${errorText(error)}`}</span>
        {(id === undefined || error) && <span class="choices">{error && <button type="button" onClick={() => chat.retry(room, key)}>{t('tryAgain')}</button>}{id === undefined && drop(t('undo'))}</span>}
      </div>
    );
  }
  const words = state === 'unconfirmed' ? t('changeUnconfirmed') : kind === 'delete' ? t('deleteFailed') : kind === 'edit' ? t('editFailed') : nodes('reactFailed', { emoji });
  return (
    <div class={state === 'failed' ? 'state failed' : 'state unconfirmed'}>
      <Icon name="alert" />
      <span>{words}{error && ` ${errorText(error)}`}</span>
      <span class="choices">
        <button type="button" onClick={() => chat.retry(room, key)}>{t('tryAgain')}</button>
        {kind === 'edit' && <button type="button" onClick={() => startEditing(room, line, change.text)}>{t('edit')}</button>}
        {drop(t('dismiss'))}
      </span>
    </div>
  );
}

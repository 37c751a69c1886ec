// A room that one was in and cannot come back to: what was said stays readable, and there is a way on.
import { useState } from 'preact/hooks';
import type { RoomView } from '../../../client/src/index.ts';
import { t } from '../i18n/inside.ts';
import { chat } from '../state/core.ts';
import { go } from '../state/place.ts';
import { myName } from '../state/settings.ts';
import { errorText } from '../state/words.ts';
import { direction } from '../text/direction.ts';
import { NameProblem, isNameError } from './Joining.tsx';

export function Refused({ room }: { room: RoomView }) {
  const error = room.refusal ?? { code: 'unknown', message: '' };
  const [name, setName] = useState(error.suggestion ?? room.name);
  const gone = error.code === 'room_not_found' || error.code === 'bad_room';
  const again = (as: string) => {
    if (as.trim() === '') return;
    myName.value = as;
    chat.join(room.room, as);
  };
  const drop = () => {
    chat.leave(room.room);
    go(null);
  };
  return (
    <form class="refused" onSubmit={(event) => { event.preventDefault(); again(name); }}>
      <p role="alert">{gone ? t('notFoundLead') : isNameError(error) ? <NameProblem error={error} onTake={again} /> : errorText(error)}</p>
      <div class="pair">
        {isNameError(error) && <input class="input" aria-label={t('yourName')} value={name} dir={direction(name) ?? 'auto'} onInput={(event) => setName(event.currentTarget.value)} />}
        {!gone && <button type="submit" class="btn primary small">{t('tryAgain')}</button>}
        <button type="button" class="btn ghost small" onClick={drop}>{t('leaveRoom')}</button>
      </div>
    </form>
  );
}

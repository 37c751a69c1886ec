// A link to one room: names the room and asks for a name, or says why there is no way in.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ErrorNotice } from '../../../client/src/index.ts';
import { count, t } from '../i18n/index.ts';
import { attempt, forgetAttempt, joinRoom, openRoom, trying } from '../state/joining.ts';
import { go } from '../state/place.ts';
import { lookAt, type Answer } from '../state/server.ts';
import { myName } from '../state/settings.ts';
import { errorText } from '../state/words.ts';
import { Front } from './Front.tsx';
import { isNameError, NameProblem, Progress } from './Joining.tsx';
import { NameField } from './NameField.tsx';
import { RoomName } from './RoomName.tsx';
import { Uninvited } from './Uninvited.tsx';

/** Refusals that no other name would change. */
const NO_WAY_IN = new Set(['room_not_found', 'bad_room', 'room_forbidden']);

/** The invitation is for other rooms. */
const FORBIDDEN = 'room_forbidden';

export function Invite({ room }: { room: string }) {
  const isCode = /^\d{6}$/.test(room);
  const [seen, setSeen] = useState<Answer<{ people: number }> | null>(null);
  useEffect(() => {
    let current = true;
    setSeen(null);
    void lookAt(room).then((answer) => { if (current) setSeen(answer); });
    return () => { current = false; };
  }, [room]);

  const mine = attempt.value?.room === room ? attempt.value : null;
  const looked = seen !== null && !seen.ok && (isCode || seen.error.code === FORBIDDEN) ? seen.error : undefined;
  const refused = [mine?.error, looked].find((error) => error !== undefined && NO_WAY_IN.has(error.code));
  if (refused !== undefined) return <NoWayIn error={refused} isCode={isCode} />;
  const people = seen?.ok === true ? seen.value.people : null;
  return (
    <Front>
      <p class="kicker">{t('invited')}</p>
      <h1><RoomName room={room} isCode={isCode} /></h1>
      <p class="lead">{people === null ? t('invitedLead') : people === 0 ? t('nobodyInside') : count('peopleInside', people)}</p>
      <InviteForm room={room} error={mine?.error} />
    </Front>
  );
}

function InviteForm({ room, error }: { room: string; error: ErrorNotice | undefined }) {
  const [name, setName] = useState(myName.value);
  const [missing, setMissing] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const busy = trying();
  useEffect(() => { if (matchMedia('(pointer: fine)').matches) input.current?.select(); }, []);
  useEffect(() => { if (error && isNameError(error)) input.current?.select(); }, [error]);
  const join = (as: string) => {
    if (as.trim() === '') {
      setMissing(true);
      input.current?.focus();
    } else joinRoom(room, as);
  };
  const nameError = missing ? t('nameMissing') : error && isNameError(error)
    ? <NameProblem error={error} onTake={(free) => { setName(free); join(free); }} /> : undefined;
  return (
    <form class="joinform" noValidate onSubmit={(event) => { event.preventDefault(); if (!busy) join(name); }}>
      <NameField id="name" value={name} input={input} busy={busy} error={nameError} onValue={(value) => { setName(value); setMissing(false); if (error) forgetAttempt(); }} />
      <div class="acts">
        <button type="submit" class="btn primary" aria-disabled={busy}>{busy ? t('joining') : error?.code === 'room_full' ? t('tryAgain') : t('comeIn')}</button>
        {error && !isNameError(error) && <p class="problem" role="alert">{errorText(error)}</p>}
        <button type="button" class="textbtn" onClick={() => { forgetAttempt(); go(null); }}>{t('otherCode')}</button>
        <Progress />
      </div>
    </form>
  );
}

function NoWayIn({ error, isCode }: { error: ErrorNotice; isCode: boolean }) {
  if (error.code === FORBIDDEN) return <Uninvited error={error} />;
  const wrongName = error.code === 'bad_room' && !isCode;
  return (
    <Front>
      <h1>{t(wrongName ? 'badRoomTitle' : 'notFoundTitle')}</h1>
      <p class="lead">{t(wrongName ? 'badRoomLead' : 'notFoundLead')}</p>
      <div class="acts">
        <button type="button" class="btn primary" onClick={() => { forgetAttempt(); go(null); }}>{t('otherCode')}</button>
        {myName.value.trim() !== '' && <button type="button" class="btn ghost" aria-disabled={trying()} onClick={() => void openRoom(myName.value)}>{t('openRoom')}</button>}
      </div>
    </Front>
  );
}

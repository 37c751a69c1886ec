// Name and code, or a new room: the form of the lobby and of "another room".
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/index.ts';
import { attempt, joinRoom, openRoom, trying } from '../state/joining.ts';
import { go } from '../state/place.ts';
import { myName } from '../state/settings.ts';
import { CodeField } from './CodeField.tsx';
import { NameField } from './NameField.tsx';
import { errorText } from '../state/words.ts';
import { isNameError, NameProblem, Progress } from './Joining.tsx';

type Missing = 'name' | 'code' | null;

/** `prefix` keeps the ids apart where the form stands twice: on the page and in a dialog over it. */
export function JoinForm({ prefix = '' }: { prefix?: string }) {
  const [name, setName] = useState(myName.value);
  const [code, setCode] = useState(attempt.value?.made === false ? (attempt.value.room ?? '') : '');
  const [missing, setMissing] = useState<Missing>(null);
  const [told, setTold] = useState(true);
  const nameInput = useRef<HTMLInputElement>(null);
  const codeInput = useRef<HTMLInputElement>(null);
  const error = told ? attempt.value?.error : undefined;
  const busy = trying();
  const opening = busy && attempt.value?.made === true;

  // What was refused is selected, so that typing replaces it; nothing is emptied.
  useEffect(() => {
    if (error === undefined || attempt.value?.made === true) return;
    (isNameError(error) ? nameInput : codeInput).current?.select();
  }, [error]);

  const need = (what: 'name' | 'code') => {
    setMissing(what);
    (what === 'name' ? nameInput : codeInput).current?.focus();
  };
  const join = (digits: string, as = name) => {
    setTold(true);
    if (as.trim() === '') need('name');
    else if (digits.length < 6) need('code');
    else joinRoom(digits, as);
  };
  const open = () => {
    setTold(true);
    if (name.trim() === '') need('name');
    else void openRoom(name);
  };

  const nameError = missing === 'name' ? t('nameMissing') : error && isNameError(error)
    ? <NameProblem error={error} onTake={(free) => { setName(free); join(code, free); }} /> : undefined;
  const codeError = missing === 'code' ? t('codeTooShort') : error && !isNameError(error) ? errorText(error) : undefined;
  const madeError = attempt.value?.made === true ? codeError : undefined;

  return (
    <form class="joinform" noValidate onSubmit={(event) => { event.preventDefault(); if (!busy) join(code); }}>
      <NameField id={`${prefix}name`} value={name} input={nameInput} busy={busy} error={nameError} onValue={(value) => { setName(value); setMissing(null); setTold(false); }} />
      <CodeField
        id={`${prefix}code`} value={code} input={codeInput} busy={busy} error={madeError ? undefined : codeError}
        onValue={(digits) => { setCode(digits); setMissing(null); setTold(false); }}
        onComplete={(digits) => { if (name.trim() === '') nameInput.current?.focus(); else join(digits); }}
        onRoomLink={(room) => go(room)}
      />
      <div class="acts">
        <button type="submit" class="btn primary" aria-disabled={busy}>{busy && !opening ? t('joining') : t('join')}</button>
        <div class="or">{t('or')}</div>
        <button type="button" class="btn ghost" aria-disabled={busy} onClick={() => { if (!busy) open(); }}>{opening ? t('opening') : t('openRoom')}</button>
        {madeError && <p class="problem" role="alert">{madeError}</p>}
        <Progress />
      </div>
    </form>
  );
}

// The name field of every way in.
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import { lang, t } from '../i18n/index.ts';
import { givenName } from '../state/ticket.ts';
import { direction } from '../text/direction.ts';
import { Field } from './Field.tsx';

export interface NameFieldProps {
  id: string;
  value: string;
  onValue: (value: string) => void;
  error?: ComponentChildren;
  input: RefObject<HTMLInputElement | null>;
  busy: boolean;
}

export function NameField({ id, value, onValue, error, input, busy }: NameFieldProps) {
  const given = givenName.value;
  useEffect(() => { if (given !== null) onValue(given); }, [given]);
  return (
    <Field id={id} label={t('yourName')} hint={t('yourNameHint')} error={error}>
      <input
        ref={input} id={id} class="input" name="nickname" autocomplete="nickname" autocapitalize="words" spellcheck={false} enterkeyhint="go"
        dir={direction(value) ?? (lang.value === 'fa' ? 'rtl' : 'ltr')} placeholder={t('yourNameExample')} value={value} readOnly={busy || given !== null}
        aria-describedby={`${id}-hint`} aria-invalid={error ? true : undefined} onInput={(event) => onValue(event.currentTarget.value)}
      />
    </Field>
  );
}

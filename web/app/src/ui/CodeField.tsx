// Six drawn tiles under ONE input: pasting, undo and screen readers work as in any other field.
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { digits as shaped, t } from '../i18n/index.ts';
import { findCode, namedRoom, typedDigits } from '../text/pasted.ts';
import { Field } from './Field.tsx';

export interface CodeFieldProps {
  id: string;
  value: string;
  onValue: (digits: string) => void;
  /** Called on the sixth digit. */
  onComplete: (digits: string) => void;
  /** A link to a room with a name instead of a code was pasted. */
  onRoomLink: (room: string) => void;
  error?: ComponentChildren;
  input: RefObject<HTMLInputElement | null>;
  busy: boolean;
}

/** Where the caret or the selection is, while the field has the focus. */
type Range = { from: number; to: number } | null;

export function CodeField({ id, value, onValue, onComplete, onRoomLink, error, input, busy }: CodeFieldProps) {
  const [range, setRange] = useState<Range>(null);

  useEffect(() => {
    const follow = () => {
      const field = input.current;
      const focused = field !== null && document.activeElement === field;
      setRange(focused ? { from: field.selectionStart ?? 0, to: field.selectionEnd ?? 0 } : null);
    };
    document.addEventListener('selectionchange', follow);
    return () => document.removeEventListener('selectionchange', follow);
  }, []);

  const take = (field: HTMLInputElement, typed: string) => {
    const digits = typedDigits(typed);
    if (field.value !== digits) {
      // Something else than digits was typed: put the caret where it would be without that.
      const before = typedDigits(field.value.slice(0, field.selectionStart ?? field.value.length)).length;
      field.value = digits;
      field.setSelectionRange(before, before);
    }
    setRange({ from: field.selectionStart ?? 0, to: field.selectionEnd ?? 0 });
    onValue(digits);
    if (digits.length === 6 && digits !== value) onComplete(digits);
  };

  const paste = (event: ClipboardEvent & { currentTarget: HTMLInputElement }) => {
    const pasted = event.clipboardData?.getData('text') ?? '';
    const room = namedRoom(pasted);
    const digits = findCode(pasted);
    if (room !== null) {
      event.preventDefault();
      onRoomLink(room);
    } else if (digits !== null) {
      event.preventDefault();
      event.currentTarget.value = digits;
      event.currentTarget.setSelectionRange(6, 6);
      take(event.currentTarget, digits);
    }
  };

  const tile = (index: number) => {
    const digit = value[index];
    const classes = ['digit'];
    if (digit !== undefined) classes.push('on');
    if (range !== null && range.from === range.to && range.from === index) classes.push('caret');
    if (range !== null && range.from <= index && index < range.to) classes.push('picked');
    return <span key={index} class={classes.join(' ')}>{digit === undefined ? '' : shaped(digit)}</span>;
  };

  return (
    <Field id={id} label={t('roomCode')} hint={t('roomCodeHint')} error={error}>
      <div class="code">
        <div class="digits" aria-hidden="true">{[0, 1, 2].map(tile)}<span class="dash" />{[3, 4, 5].map(tile)}</div>
        <input
          ref={input} id={id} name="code" type="text" inputmode="numeric" autocomplete="off" autocorrect="off" spellcheck={false} dir="ltr" enterkeyhint="go"
          value={value} readOnly={busy} aria-describedby={`${id}-hint`} aria-invalid={error ? true : undefined}
          onInput={(event) => take(event.currentTarget, event.currentTarget.value)} onPaste={paste} onBlur={() => setRange(null)}
        />
      </div>
    </Field>
  );
}

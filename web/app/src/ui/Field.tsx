// A labelled control with a hint, which gives way to what is wrong.
import type { ComponentChildren } from 'preact';
import { Icon } from './Icon.tsx';

export interface FieldProps {
  id: string;
  label: string;
  hint?: string | undefined;
  error?: ComponentChildren;
  children: ComponentChildren;
}

/** The control must name `${id}-hint` in aria-describedby. */
export function Field({ id, label, hint, error, children }: FieldProps) {
  return (
    <div class={error ? 'field bad' : 'field'}>
      <label for={id}>{label}</label>
      {children}
      <div id={`${id}-hint`} class="hint" role={error ? 'alert' : undefined}>
        {error ? <><Icon name="alert" /><span>{error}</span></> : hint}
      </div>
    </div>
  );
}

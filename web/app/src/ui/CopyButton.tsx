// A button that copies, says that it did, and helps when it could not.
import { useEffect, useRef, useState } from 'preact/hooks';
import { copyText } from '../copy.ts';
import { t } from '../i18n/inside.ts';
import { announce } from '../state/toast.ts';
import { Icon } from './Icon.tsx';

const SHOWN_MS = 2000;

export interface CopyButtonProps {
  text: string;
  label: string;
  class: string;
  /** Called when copying was refused. */
  onRefused?: () => void;
}

export function CopyButton({ text, label, class: look, onRefused }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    if (button.current !== null && (await copyText(text, button.current))) {
      setCopied(true);
      announce(t('copied'));
    } else onRefused?.();
  };
  return (
    <button ref={button} type="button" class={copied ? `${look} done` : look} onClick={() => void copy()}>
      <Icon name={copied ? 'check' : 'copy'} />
      {/* Both words stand there, one of them unseen, so that the button keeps its width. */}
      <span class="swap"><span aria-hidden={copied} class={copied ? 'unseen' : undefined}>{label}</span><span aria-hidden={!copied} class={copied ? undefined : 'unseen'}>{t('copied')}</span></span>
    </button>
  );
}

// What one can do with a message: put an emoji on it, copy it, and, with an own one, change it or take it back.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { copyText } from '../copy.ts';
import { t } from '../i18n/inside.ts';
import { chipsOf } from '../log/reactions.ts';
import { chat } from '../state/core.ts';
import { startEditing } from '../state/editing.ts';
import { closeLineMenu, lineMenu, type LineMenu as Open } from '../state/lineMenu.ts';
import { openSheet } from '../state/sheet.ts';
import { announce, showToast } from '../state/toast.ts';
import { emojiIn, QUICK } from '../text/emoji.ts';
import { standBy } from './floating.ts';
import { Icon } from './Icon.tsx';

export function LineMenu() {
  const open = lineMenu.value;
  return open === null ? null : <Opened key={open.line.key} {...open} />;
}

function Opened({ room, line, you, opener }: Open) {
  const box = useRef<HTMLDivElement>(null);
  const [wrong, setWrong] = useState(false);
  const own = chipsOf(line, you).filter((chip) => chip.own).map((chip) => chip.emoji);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    element.showPopover();
    standBy(element, opener);
    element.querySelector('button')?.focus({ preventScroll: true });
    return () => { if (opener.isConnected && (document.activeElement === document.body || element.contains(document.activeElement))) opener.focus({ preventScroll: true }); };
  }, []);
  // Before anybody can press a key. Closed by hand: a menu that opens under a finger would otherwise close when the finger is lifted.
  useLayoutEffect(() => {
    const outside = (event: Event) => { if (!(event.target instanceof Node && box.current?.contains(event.target))) closeLineMenu(); };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      closeLineMenu();
    };
    addEventListener('pointerdown', outside, true);
    addEventListener('keydown', escape, true);
    return () => {
      removeEventListener('pointerdown', outside, true);
      removeEventListener('keydown', escape, true);
    };
  }, []);

  const react = (emoji: string) => {
    closeLineMenu();
    chat.react(room, line.key, emoji, !own.includes(emoji));
  };
  const copy = async () => {
    const copied = await copyText(line.text, opener);
    closeLineMenu();
    if (copied) announce(t('copied'));
    showToast(copied ? t('copied') : t('error.unknown'));
  };
  const typed = (value: string) => {
    const emoji = emojiIn(value);
    if (emoji !== null) react(emoji);
    else setWrong(value.trim() !== '');
  };
  const mine = line.own && line.from === you;
  return (
    <div ref={box} class="menu linemenu" popover="manual" role="dialog" aria-label={t('lineMenu')}>
      <div class="emojis" role="group" aria-label={t('react')}>
        {QUICK.map((emoji) => <button key={emoji} type="button" class="emoji" aria-pressed={own.includes(emoji)} onClick={() => react(emoji)}>{emoji}</button>)}
      </div>
      <label class={wrong ? 'free bad' : 'free'}>
        <Icon name="smile" />
        <input type="text" placeholder={t('otherEmoji')} aria-label={t('otherEmoji')} aria-invalid={wrong ? true : undefined} autocomplete="off" enterkeyhint="done" onInput={(event) => typed(event.currentTarget.value)} />
      </label>
      {wrong && <p class="hint" role="alert">{t('oneEmoji')}</p>}
      {mine && <button type="button" onClick={() => { closeLineMenu(); startEditing(room, line); }}><Icon name="pencil" />{t('edit')}</button>}
      <button type="button" onClick={() => void copy()}><Icon name="copy" />{t('copyText')}</button>
      {mine && <button type="button" class="danger" onClick={() => { closeLineMenu(); openSheet({ kind: 'delete', room, key: line.key }); }}><Icon name="bin" />{t('delete')}</button>}
    </div>
  );
}

// Where one writes. Enter sends, Shift+Enter breaks the line; on touch Enter breaks the line and the button sends.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Person, RoomView } from '../../../client/src/index.ts';
import { count, lang, nodes, t } from '../i18n/inside.ts';
import { isSpoken } from '../log/rows.ts';
import { view } from '../state/chat.ts';
import { chat } from '../state/core.ts';
import { begunWith, editing, isEdited, keepEdit, keptEdit, startEditing, stopEditing, type Editing } from '../state/editing.ts';
import { draftOf, inserted, keepDraft, privately, writePrivately } from '../state/drafts.ts';
import { openSheet } from '../state/sheet.ts';
import { typingNotices } from '../state/settings.ts';
import { showToast } from '../state/toast.ts';
import { direction } from '../text/direction.ts';
import { Icon } from './Icon.tsx';

/** Until the server has told its own. */
const TEXT_CHARS = 4000;
/** The limit is shown from this part of it on. */
const SHOW_LIMIT_AT = 0.9;
/** keyCode of a key that belongs to an input method, in browsers that do not set isComposing on the last one. */
const IME_KEY = 229;

const touch = matchMedia('(pointer: coarse)');
const growsByItself = CSS.supports('field-sizing', 'content');

/** Give it the room's name as `key`. */
export function Composer({ room }: { room: RoomView }) {
  const name = room.room;
  const [text, setText] = useState(() => {
    const kept = keptEdit(name);
    if (kept === null) return draftOf(name);
    const { text: words, ...one } = kept;
    editing.value = { ...editing.value, [name]: one };
    return words;
  });
  const field = useRef<HTMLTextAreaElement>(null);
  const limit = view.value.limits?.textChars ?? TEXT_CHARS;
  const length = [...text].length;
  const left = limit - length;
  const edit = editing.value[name] ?? null;
  const edited = edit === null ? undefined : room.lines.findLast((line) => isSpoken(line) && isEdited(line, edit));
  const to = edit === null ? privately.value[name] ?? null : null;

  const write = (next: string) => {
    setText(next);
    if (edit === null) keepDraft(name, next);
    else keepEdit(name, edit, next);
  };

  /** There is nothing to be changed any more: the words become a message that is being written. */
  const astray = () => {
    stopEditing(name);
    keepDraft(name, text);
    showToast(t('strayEdit'));
  };

  /** Back to the message that was being written before. */
  const stop = () => {
    stopEditing(name);
    setText(draftOf(name));
  };
  // The row went while it is changed: it was taken back, or is not here any more. What was typed stays.
  const was = useRef(edited);
  useEffect(() => {
    if (edit !== null && edited === undefined && was.current !== undefined && room.status === 'live') {
      if (text === edit.was || text.trim() === '') stop();
      else astray();
    }
    was.current = edit === null ? undefined : edited;
  });

  useEffect(() => {
    // On touch the keyboard would jump up; there the title of the room takes the focus.
    (touch.matches ? document.querySelector<HTMLElement>('.bar h1') : field.current)?.focus({ preventScroll: true });
    return () => chat.stopTyping(name);
  }, []);

  useLayoutEffect(() => {
    const element = field.current;
    if (element === null || growsByItself) return;
    element.style.setProperty('block-size', 'auto');
    element.style.setProperty('block-size', `${element.scrollHeight}px`);
  }, [text]);

  const begun = begunWith.value;
  useEffect(() => {
    if (begun?.room !== name) return;
    begunWith.value = null;
    setText(begun.text);
    const element = field.current;
    if (element === null) return;
    // At once, not with the next drawing: whoever types on must not have the cursor moved.
    element.value = begun.text;
    element.focus();
    element.setSelectionRange(begun.text.length, begun.text.length);
  }, [begun]);

  const wish = inserted.value;
  useEffect(() => {
    if (wish?.room !== name) return;
    inserted.value = null;
    write(text === '' || /\s$/.test(text) ? text + wish.text : `${text} ${wish.text}`);
    field.current?.focus();
  }, [wish]);

  const typed = (next: string) => {
    write(next);
    if (next.trim() === '') chat.stopTyping(name);
    else if (typingNotices.value && to === null && edit === null) chat.keystroke(name);
  };

  const change = (one: Editing) => {
    // After a reload the line is not here: its words must not be lost with it.
    if (edited === undefined || !isSpoken(edited)) astray();
    else if (text.trim() === '') openSheet({ kind: 'delete', room: name, key: edited.key });
    else if (text === one.was || chat.edit(name, edited.key, text)) stop();
  };

  const send = () => {
    field.current?.focus();
    if (edit !== null && left >= 0) return change(edit);
    if (text.trim() === '' || left < 0) return;
    chat.stopTyping(name);
    // What could not be taken stays in the box.
    if (to === null ? chat.say(name, text) : chat.private(name, to.id, text)) write('');
  };

  /** The last line that was refused comes back into the empty box. */
  const takeBack = (): boolean => {
    const failed = room.lines.findLast((line) => isSpoken(line) && line.own && line.state === 'failed');
    if (failed === undefined || !isSpoken(failed)) return false;
    chat.discard(name, failed.key);
    write(failed.text);
    return true;
  };

  /** The last line that can be changed is taken up. */
  const editLast = (): boolean => {
    const born = room.lines.findIndex((line) => line.key === room.birth);
    const last = room.lines.findLast((line, at) => at > born && isSpoken(line) && line.own && line.from === room.you && line.seq !== null);
    if (last === undefined || !isSpoken(last)) return false;
    startEditing(name, last);
    return true;
  };

  const key = (event: KeyboardEvent) => {
    if (event.isComposing || event.keyCode === IME_KEY) return;
    if (event.key === 'Enter') {
      const always = event.ctrlKey || event.metaKey;
      if (!always && (event.shiftKey || event.altKey || touch.matches)) return;
      event.preventDefault();
      send();
    } else if (event.key === 'ArrowUp' && text === '' && edit === null && !event.altKey) {
      if (takeBack() || editLast()) event.preventDefault();
    } else if (event.key === 'Escape' && edit !== null) {
      event.preventDefault();
      event.stopPropagation();
      stop();
    } else if (event.key === 'Escape' && to !== null) {
      event.preventDefault();
      event.stopPropagation();
      writePrivately(name, null);
    }
  };

  const label = edit !== null ? t('editLabel') : to === null ? t('write') : t('writePrivately', { name: to.name });
  const sendLabel = t(edit === null ? 'send' : 'saveChange');
  const secret = to !== null || (edit !== null && edit.toName !== null);
  const empty = text.trim() === '' && edit === null;
  return (
    <div class={secret ? 'writing secretly' : 'writing'}>
      {edit !== null && (
        <p class="privately">
          <Icon name="pencil" />
          <span>{edit.toName === null ? t('editing') : nodes('editingPrivate', { name: edit.toName })}</span>
          <button type="button" onClick={() => { stop(); field.current?.focus(); }}>{t('cancel')}</button>
        </p>
      )}
      {to !== null && <Privately room={room} to={to} />}
      <form class="composer" onSubmit={(event) => { event.preventDefault(); send(); }}>
        <textarea
          ref={field} id="composer" rows={1} value={text} dir={direction(text) ?? (lang.value === 'fa' ? 'rtl' : 'ltr')} placeholder={label} aria-label={label}
          aria-describedby="limit" aria-invalid={left < 0 ? true : undefined} enterkeyhint={touch.matches ? 'enter' : 'send'}
          onInput={(event) => typed(event.currentTarget.value)} onKeyDown={key} onBlur={() => chat.stopTyping(name)}
        />
        {/* The press must not take the focus: on a phone the keyboard would go. */}
        <button type="submit" class="send" aria-label={sendLabel} title={sendLabel} aria-disabled={empty || left < 0} onPointerDown={(event) => event.preventDefault()}>
          <Icon name={edit === null ? 'up' : 'check'} />
        </button>
      </form>
      <div class="under">
        <p class="keys" aria-hidden="true"><span><kbd>{t('enterKey')}</kbd> {t('enterSends')}</span><span><kbd>{t('shiftEnterKey')}</kbd> {t('newLine')}</span></p>
        <p id="limit" class={left < 0 ? 'limit over' : 'limit'} role="status">{length >= limit * SHOW_LIMIT_AT && (left < 0 ? count('charactersOver', -left) : count('charactersLeft', left))}</p>
      </div>
    </div>
  );
}

function Privately({ room, to }: { room: RoomView; to: Person }) {
  const here = room.people.some((one) => one.id === to.id) || room.morePeople;
  return (
    <p class="privately">
      <Icon name="private" />
      <span>{nodes(here ? 'privateMode' : 'privateGone', { name: to.name })}</span>
      <button type="button" onClick={() => { writePrivately(room.room, null); document.getElementById('composer')?.focus(); }}>{t('privateStop')}</button>
    </p>
  );
}

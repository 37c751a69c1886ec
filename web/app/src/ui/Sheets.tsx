// The dialogs of the page.
import type { ComponentChild } from 'preact';
import type { RoomView } from '../../../client/src/index.ts';
import { howItWorks, whereKept, type Ways } from '../i18n/explained.ts';
import { lang, span, t } from '../i18n/inside.ts';
import { isSpoken } from '../log/rows.ts';
import { attempt } from '../state/joining.ts';
import { roomOf } from '../state/chat.ts';
import { chat } from '../state/core.ts';
import { server } from '../state/links.ts';
import { go, place } from '../state/place.ts';
import { saveConversation } from '../state/save.ts';
import { closeSheet, sheet } from '../state/sheet.ts';
import { direction } from '../text/direction.ts';
import { inlines } from '../text/parse.ts';
import { JoinForm } from './JoinForm.tsx';
import { LeaveButton, PeopleOf } from './People.tsx';
import { PersonMenu } from './PersonMenu.tsx';
import { Icon } from './Icon.tsx';
import { Inlines } from './Prose.tsx';
import { RoomName } from './RoomName.tsx';
import { Settings } from './Settings.tsx';
import { Share } from './Share.tsx';
import { Sheet } from './Sheet.tsx';

export function Sheets() {
  const open = sheet.value;
  switch (open?.kind) {
    case undefined: return null;
    case 'how': return <Explained title={t('howItWorks')} parts={howItWorks[lang.value]} />;
    case 'kept': return <Explained title={t('whereKept')} parts={whereKept[lang.value](ways())} />;
    case 'settings': return <Settings />;
    case 'add': return <Sheet title={t('joinOther')}><JoinForm prefix="add-" /></Sheet>;
    case 'share': return <InRoom room={open.room} draw={(room) => <Sheet title={t('share')}><Share room={room.room} isCode={room.isCode} /><SaveButton room={room} /></Sheet>} />;
    case 'people': return <InRoom room={open.room} draw={(room) => <Sheet side title={t('people')}><PeopleOf room={room} /><LeaveButton room={room.room} /><PersonMenu inDialog /></Sheet>} />;
    case 'delete': return <InRoom room={open.room} draw={(room) => <Delete room={room} line={open.key} />} />;
    case 'leave': return <InRoom room={open.room} draw={(room) => <Leave room={room.room} isCode={room.isCode} />} />;
  }
}

function InRoom({ room, draw }: { room: string; draw: (room: RoomView) => ComponentChild }) {
  const there = roomOf(room);
  return there === undefined ? null : <>{draw(there)}</>;
}

function ways(): Ways {
  const about = server();
  return {
    newcomers: about?.newcomers ?? 'unknown', idle: about?.room_idle_ms === undefined ? null : span(about.room_idle_ms),
    stored: about?.store !== undefined && about.store !== 'memory', retention: about?.retention_ms == null ? null : span(about.retention_ms),
  };
}

function Explained({ title, parts }: { title: string; parts: readonly (readonly [string, string])[] }) {
  const known = server()?.version;
  return (
    <Sheet title={title}>
      <dl class="explained">{parts.map(([head, text]) => <div key={head}><dt>{head}</dt><dd><Inlines parts={inlines(text)} /></dd></div>)}</dl>
      {known !== undefined && <p class="version">{t('version', { version: known })}</p>}
    </Sheet>
  );
}

function SaveButton({ room }: { room: RoomView }) {
  if (!room.lines.some((line) => isSpoken(line) && line.state === 'sent')) return null;
  return <button type="button" class="btn ghost small save" onClick={() => saveConversation(room)}><Icon name="save" />{t('saveTalk')}</button>;
}

/** Taking a message back concerns everybody, and cannot be undone once it is done. */
function Delete({ room, line: key }: { room: RoomView; line: string }) {
  const line = room.lines.find((one) => one.key === key);
  if (line === undefined || !isSpoken(line)) return null;
  const remove = () => {
    closeSheet();
    chat.delete(room.room, key);
    document.querySelector<HTMLElement>('.log')?.focus({ preventScroll: true });
  };
  return (
    <Sheet title={t('deleteTitle')}>
      <blockquote class="quote" dir={direction(line.text) ?? 'auto'}>{line.text}</blockquote>
      <p>{t('deleteLead')}</p>
      <div class="pair end">
        <button type="button" class="btn ghost" onClick={closeSheet}>{t('keepIt')}</button>
        <button type="button" class="btn danger" onClick={remove}>{t('delete')}</button>
      </div>
    </Sheet>
  );
}

function Leave({ room, isCode }: { room: string; isCode: boolean }) {
  const leave = () => {
    closeSheet();
    chat.leave(room);
    if (attempt.value?.room === room) attempt.value = null;
    if (place.value.room === room) go(null);
  };
  return (
    <Sheet title={t('leaveRoom')}>
      <p class="ask"><RoomName room={room} isCode={isCode} /></p>
      <p>{t('leaveLead')}</p>
      <div class="pair end">
        <button type="button" class="btn ghost" onClick={closeSheet}>{t('stay')}</button>
        <button type="button" class="btn danger" onClick={leave}>{t('leave')}</button>
      </div>
    </Sheet>
  );
}

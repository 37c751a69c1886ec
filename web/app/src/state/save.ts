// A conversation as a text file: what this page has loaded, in the page's language. Nothing is asked of the server.
import type { RoomView } from '../../../client/src/index.ts';
import { digits, longDay, t, time } from '../i18n/inside.ts';
import { isSpoken } from '../log/rows.ts';

/** Names and days have no line breaks of their own, and no marks that would turn what follows them. */
const flat = (text: string): string => text.replace(/[\u202a-\u202e\u2066-\u2069]+/g, '').replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
/** Further lines of one message are indented, so that none of them can pass for another message. */
const indented = (text: string): string => text.replace(/\r\n?|[\u2028\u2029\u0085]/g, '\n').replace(/\n/g, '\n    ');

/** What is not acknowledged is not in it: it was not said yet. */
export function asText(room: RoomView, now: number): string {
  const out = [flat(room.isCode ? t('room', { code: digits(room.room) }) : room.room), ''];
  let day = '';
  for (const line of room.lines) {
    if (line.kind === 'gap') out.push(`[${t(`gap.${line.reason}`)}]`);
    if (!isSpoken(line) || line.state !== 'sent') continue;
    const today = flat(longDay(line.at, now));
    if (today !== day) out.push('', today, '');
    day = today;
    const name = flat(line.name) || t('someone');
    const to = line.kind === 'private' ? ` (${flat(t('privateTo', { name: line.toName }))})` : '';
    const edited = line.editedAt === undefined ? '' : ` (${t('edited')})`;
    out.push(`[${time(line.at)}] ${name}${to}: ${indented(line.text)}${edited}`);
  }
  return `${out.join('\n')}\n`;
}

/** Hands the file to the browser. */
export function saveConversation(room: RoomView): void {
  // The mark tells programs that would guess that it is UTF-8.
  const url = URL.createObjectURL(new Blob(['\ufeff', asText(room, Date.now())], { type: 'text/plain;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `charsu-${room.room.replace(/[^\p{L}\p{N}_-]+/gu, '-')}.txt`;
  link.click();
  // Browsers read the file after the click has returned.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

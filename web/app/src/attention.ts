// What the tab shows while nobody looks at the page: a count in the title, a dot on the icon, a badge on an installed app.
import { effect, signal } from '@preact/signals';
import { codeText, number, t } from './i18n/index.ts';
import { roomOf, view } from './state/chat.ts';
import { place } from './state/place.ts';

const MOST = 99;
const looking = signal(true);

function title(): string {
  const wanted = place.value.room;
  if (wanted === null) return t('brand');
  const isCode = roomOf(wanted)?.isCode ?? /^\d{6}$/.test(wanted);
  // A title has no markup: left-to-right isolates keep the code's groups in order.
  return `${isCode ? t('room', { code: codeText(wanted) }) : `\u2068${wanted}\u2069`} · ${t('brand')}`;
}

/** Call once. */
export function drawAttention(): void {
  const see = () => { looking.value = document.visibilityState === 'visible' && document.hasFocus(); };
  document.addEventListener('visibilitychange', see);
  addEventListener('focus', see);
  addEventListener('blur', see);
  see();
  const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]');
  effect(() => {
    const unread = view.value.rooms.reduce((sum, room) => sum + room.unread, 0);
    const shown = looking.value ? 0 : unread;
    document.title = shown > 0 ? `(${number(Math.min(shown, MOST))}${shown > MOST ? '+' : ''}) ${title()}` : title();
    icon?.setAttribute('href', shown > 0 ? '/favicon-dot.svg' : '/favicon.svg');
    // Only in installed pages of some browsers; there it may be refused, and that is nothing.
    const app = navigator as Navigator & { setAppBadge?: (n: number) => Promise<void> };
    app.setAppBadge?.(shown).catch(() => undefined);
  });
}

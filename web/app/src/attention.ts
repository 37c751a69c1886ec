// What the tab shows while nobody looks at the page: a count in the title, a dot on the icon, a badge on an installed app.
import { computed, effect, signal } from '@preact/signals';
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
  const shown = computed(() => (looking.value ? 0 : view.value.rooms.reduce((sum, room) => sum + room.unread, 0)));
  effect(() => {
    const n = shown.value;
    document.title = n > 0 ? `(${number(Math.min(n, MOST))}${n > MOST ? '+' : ''}) ${title()}` : title();
  });
  effect(() => {
    icon?.setAttribute('href', shown.value > 0 ? '/favicon-dot.svg' : '/favicon.svg');
    // Only in installed pages of some browsers; there it may be refused, and that is nothing.
    const app = navigator as Navigator & { setAppBadge?: (n: number) => Promise<void> };
    app.setAppBadge?.(shown.value).catch(() => undefined);
  });
}

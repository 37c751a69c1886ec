// What a person chose, kept in the browser. public/boot.js reads theme and language before the first paint: change both together.
import { effect, signal } from '@preact/signals';
import { lang, t, type Lang } from '../i18n/index.ts';
import { forGood } from './keep.ts';

export type Theme = 'system' | 'light' | 'dark';

const root = document.documentElement;
const darkDevice = matchMedia('(prefers-color-scheme: dark)');

export const theme = signal<Theme>(oneOf(forGood.getItem('charsu.theme'), ['light', 'dark'], 'system'));
export const typingNotices = signal(forGood.getItem('charsu.typing') !== 'off');
/** The name typed last; each room knows the name that one really has there. */
export const myName = signal(forGood.getItem('charsu.name') ?? '');

const deviceDark = signal(darkDevice.matches);
darkDevice.addEventListener('change', () => { deviceDark.value = darkDevice.matches; });

export const isDark = (): boolean => (theme.value === 'system' ? deviceDark.value : theme.value === 'dark');

lang.value = root.lang === 'fa' ? 'fa' : 'en';

export function chooseLang(chosen: Lang): void {
  forGood.setItem('charsu.lang', chosen);
  lang.value = chosen;
}

function oneOf<T extends string, D>(value: string | null, choices: readonly T[], otherwise: D): T | D {
  return choices.find((choice) => choice === value) ?? otherwise;
}

/** Writes each choice to the document and the browser whenever it changes. Call once. */
export function keepSettings(): void {
  effect(() => {
    root.lang = lang.value;
    root.dir = lang.value === 'fa' ? 'rtl' : 'ltr';
    document.querySelector('meta[name=description]')?.setAttribute('content', t('pageDescription'));
  });
  effect(() => {
    root.dataset['theme'] = isDark() ? 'dark' : 'light';
    if (theme.value === 'system') forGood.removeItem('charsu.theme');
    else forGood.setItem('charsu.theme', theme.value);
  });
  effect(() => forGood.setItem('charsu.typing', typingNotices.value ? 'on' : 'off'));
  effect(() => { if (myName.value !== '') forGood.setItem('charsu.name', myName.value); });
}

// The page's own words, so that a scene finds a button in either language. What the words ought to be is not asked here.
import { en } from '../../../web/app/src/i18n/en.ts';
import { fa } from '../../../web/app/src/i18n/fa.ts';
import { insideEn } from '../../../web/app/src/i18n/inside-en.ts';
import { insideFa } from '../../../web/app/src/i18n/inside-fa.ts';

export type Language = 'en' | 'fa';
export type Key = keyof typeof en | keyof typeof insideEn;

const words: Record<Language, Record<Key, string>> = { en: { ...en, ...insideEn }, fa: { ...fa, ...insideFa } };

export const inWords = (language: Language, key: Key): string => words[language][key];

/** A phrase with slots, as a pattern: what stands in the slots may be wrapped in invisible isolates. */
export function phrase(language: Language, key: Key, slots: Record<string, string> = {}): RegExp {
  const parts = inWords(language, key).split(/\{(\w+)\}/);
  return new RegExp(parts.map((part, index) => (index % 2 === 0 ? escape(part) : `[\\u2066-\\u2069]?${escape(slots[part] ?? '')}[\\u2066-\\u2069]?`)).join(''));
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Digits in the shapes of the language. */
export const digitsOf = (language: Language, text: string): string =>
  (language === 'fa' ? text.replace(/\d/g, (digit) => '۰۱۲۳۴۵۶۷۸۹'[Number(digit)] ?? digit) : text);

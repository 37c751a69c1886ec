// Words and numbers in the chosen language. Reading any of these in a component makes it follow a change of language.
// Here are the words of the front pages; parts of a room import from inside.ts, which knows more of them.
import { h, type ComponentChildren, type VNode } from 'preact';
import { signal } from '@preact/signals';
import { en } from './en.ts';
import { fa } from './fa.ts';

export type Lang = 'en' | 'fa';
export type Key = keyof typeof en;
export type Dictionary = Readonly<Record<string, string>>;

type Plural<K> = K extends `${infer Base}_other` ? Base : never;
/** A key that has a form for one and a form for more. */
export type CountKey<D extends Dictionary> = Plural<keyof D>;

type SlotNames<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | SlotNames<Rest> : never;
type Fill<S extends string, V> = [SlotNames<S>] extends [never] ? [] : [slots: Record<SlotNames<S>, V>];

export type Text<D extends Dictionary> = <K extends keyof D>(key: K, ...fill: Fill<D[K], string | number>) => string;
export type Nodes<D extends Dictionary> = <K extends keyof D>(key: K, ...fill: Fill<D[K], ComponentChildren>) => (string | VNode)[];
export type Count<D extends Dictionary> = (key: CountKey<D>, n: number, slots?: Record<string, string>) => string;
export type CountNodes<D extends Dictionary> = (key: CountKey<D>, n: number, slots?: Record<string, ComponentChildren>) => (string | VNode)[];

const words: Record<Lang, Record<string, string>> = { en: { ...en }, fa: { ...fa } };

/** Words that came with a later part of the page. */
export function learn(more: Record<Lang, Dictionary>): void {
  Object.assign(words.en, more.en);
  Object.assign(words.fa, more.fa);
}

/** The language that the page speaks now; settings.ts sets it. */
export const lang = signal<Lang>('en');

const FSI = '\u2068';
const PDI = '\u2069';
/** Text that keeps its own direction inside a sentence of the other one. */
export const isolated = (text: string): string => FSI + text + PDI;

/** A locale of the wanted language: the person's own English (dates differ by country), or Persian as written in Iran. */
export function locale(): string {
  if (lang.value === 'fa') return 'fa-IR';
  const own = typeof navigator === 'undefined' ? undefined : navigator.languages?.find((one) => /^en\b/i.test(one));
  return own ?? 'en-GB';
}

const text = (key: string, slots: Record<string, string | number> = {}): string =>
  (words[lang.value][key] ?? '').replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = slots[name] ?? '';
    return typeof value === 'number' ? number(value) : isolated(value);
  });

const filledNodes = (key: string, slots: Record<string, ComponentChildren> = {}): (string | VNode)[] =>
  (words[lang.value][key] ?? '').split(/\{(\w+)\}/).map((part, index) => {
    if (index % 2 === 0) return part;
    const value = slots[part];
    return h('bdi', null, typeof value === 'number' ? number(value) : value);
  });

const plurals: Record<Lang, Intl.PluralRules> = { en: new Intl.PluralRules('en'), fa: new Intl.PluralRules('fa') };

const form = (key: string, n: number): string => `${key}_${plurals[lang.value].select(n) === 'one' ? 'one' : 'other'}`;

/** Plain text. Slots are isolated, so that a name of the other direction cannot pull the sentence apart. */
export const t = text as Text<typeof en>;
/** The same as nodes: each slot becomes a `<bdi>`, and may hold elements. */
export const nodes = filledNodes as Nodes<typeof en>;
/** Text that counts: `{n}` is the number, in the language's digits. */
export const count: Count<typeof en> = (key, n, slots = {}) => text(form(key, n), { ...slots, n });
export const countNodes: CountNodes<typeof en> = (key, n, slots = {}) => filledNodes(form(key, n), { ...slots, n });

/** Whether there are words for a key that was put together while running, such as `error.` and a code. */
export const known = (key: string): key is Key => Object.hasOwn(en, key);

// Making a format costs far more than using it.
const numbers = new Map<string, Intl.NumberFormat>();

export function number(n: number): string {
  const format = numbers.get(locale()) ?? new Intl.NumberFormat(locale());
  numbers.set(locale(), format);
  return format.format(n);
}

/** The digits of a code or a name in the language's shapes; other characters as they are. Not for counting. */
export function digits(written: string): string {
  return lang.value === 'fa' ? written.replace(/[0-9]/g, (digit) => '۰۱۲۳۴۵۶۷۸۹'[Number(digit)] ?? digit) : written;
}

/** `408213` as it is shown: two groups that a line break or a change of direction cannot part. */
export function codeText(code: string): string {
  return digits(`${code.slice(0, 3)}\u00a0${code.slice(3)}`);
}

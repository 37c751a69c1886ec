import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { en } from '../src/i18n/en.ts';
import { fa } from '../src/i18n/fa.ts';
import { howItWorks, whereKept, type Ways } from '../src/i18n/explained.ts';
import { insideEn } from '../src/i18n/inside-en.ts';
import { insideFa } from '../src/i18n/inside-fa.ts';
import { codeText, count, dayTitle, digits, lang, longDay, number, span, t } from '../src/i18n/inside.ts';

const words = { en: { ...en, ...insideEn } as Record<string, string>, fa: { ...fa, ...insideFa } as Record<string, string> };
const keys = Object.keys(words.en);
const slots = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

/** Servers of every kind. */
const WAYS: readonly Ways[] = (['none', 'recent', 'all', 'unknown'] as const).flatMap((newcomers) => [
  { newcomers, idle: 'ده دقیقه', stored: false, retention: null }, { newcomers, idle: null, stored: true, retention: null }, { newcomers, idle: null, stored: true, retention: 'سی روز' },
]);

afterEach(() => { lang.value = 'en'; });

describe('the two dictionaries', () => {
  it('know the same keys, each with words', () => {
    expect(Object.keys(words.fa).sort()).toEqual([...keys].sort());
    for (const language of ['en', 'fa'] as const) for (const key of keys) expect(words[language][key]?.trim(), `${language} ${key}`).not.toBe('');
  });

  it.each(keys)('%s has the same slots in both', (key) => {
    expect(slots(words.fa[key] ?? '')).toEqual(slots(words.en[key] ?? ''));
  });

  it('have both forms of every count', () => {
    for (const key of keys.filter((one) => one.endsWith('_other'))) expect(keys).toContain(key.replace(/_other$/, '_one'));
    for (const key of keys.filter((one) => one.endsWith('_one'))) expect(keys).toContain(key.replace(/_one$/, '_other'));
  });

  it('speak calmly: no exclamation marks, and Persian with Persian letters, digits and signs', () => {
    for (const key of keys) expect(words.en[key], key).not.toMatch(/!/);
    lang.value = 'fa';
    const persian = [...Object.values(words.fa), ...howItWorks.fa.flat(), ...WAYS.flatMap((ways) => whereKept.fa(ways).flat())];
    for (const text of persian) {
      expect(text).not.toMatch(/[يكة!,;?]/);
      expect(text).not.toMatch(/[0-9]/);
      // «می» and «ها» are joined by a half-space, not by a space.
      expect(text).not.toMatch(/(?:^|\s)ن?می\s/);
      expect(text).not.toMatch(/\sها(?:\s|$)/);
    }
  });

  it('have no key that nothing asks for', () => {
    const folder = resolve(import.meta.dirname, '../src');
    const code = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name) && !/i18n\/(?:inside-)?(?:en|fa)\.ts$/.test(name))
      .map((name) => readFileSync(resolve(folder, name), 'utf8')).join('\n');
    const made = /^(?:error\.|gap\.|(?:joined|left|passed|returned)(?:1|2|Many))/;
    const unused = keys.filter((key) => !made.test(key) && !new RegExp(`['".]${key.replace(/_(?:one|other)$/, '')}\\b`).test(code));
    expect(unused).toEqual([]);
  });
});

describe('where messages are kept', () => {
  const told = (lang: 'en' | 'fa', ways: Partial<Ways>) => whereKept[lang]({ newcomers: 'unknown', idle: null, stored: false, retention: null, ...ways }).flat().join(' ');

  it('tells the truth of a memory and of a disk', () => {
    expect(told('en', {})).toMatch(/Nothing is written to a disk/);
    expect(told('en', { stored: true })).toMatch(/stored on the server.*survives a restart.*as long as its room/);
    expect(told('en', { stored: true })).not.toMatch(/Nothing is written|memory/);
    expect(told('en', { stored: true, retention: '30 days' })).toMatch(/kept for 30 days/);
    expect(told('en', { newcomers: 'all' })).toMatch(/all that was said before them/);
    expect(told('fa', {})).toMatch(/چیزی روی دیسک نوشته/);
    expect(told('fa', { stored: true, retention: '۳۰ روز' })).toMatch(/ذخیره می‌شود.*۳۰ روز می‌ماند/);
    expect(told('fa', { stored: true })).not.toMatch(/چیزی روی دیسک نوشته/);
  });
});

describe('refusals', () => {
  it('each have words in both languages', () => {
    const table = readFileSync(resolve(import.meta.dirname, '../../../src/protocol/refusal.rs'), 'utf8');
    const codes = [...table.matchAll(/=> "([a-z_]+)",/g)].map((match) => match[1] ?? '');
    expect(codes.length).toBeGreaterThan(20);
    for (const code of codes) expect(keys).toContain(`error.${code}`);
  });
});

describe('filling', () => {
  it('isolates names, so that they cannot pull the sentence apart', () => {
    expect(t('writePrivately', { name: 'سارا' })).toBe('Write to \u2068سارا\u2069 only');
  });

  it('counts by the rules of the language: in Persian nothing is one', () => {
    expect(count('newMessages', 1)).toBe('1 new message');
    expect(count('newMessages', 0)).toBe('0 new messages');
    expect(count('newMessages', 1234)).toBe('1,234 new messages');
    lang.value = 'fa';
    expect(count('peopleInside', 0)).toBe('اکنون ۰ نفر آنجاست.');
    expect(count('peopleInside', 2)).toBe('اکنون ۲ نفر آنجا هستند.');
  });
});

describe('numbers, codes and dates', () => {
  const at = new Date(2026, 10, 22, 9, 5).getTime();

  it('are of one digit shape', () => {
    expect(number(1234567)).toBe('1,234,567');
    expect(codeText('048213')).toBe('048\u00a0213');
    lang.value = 'fa';
    expect(number(1234567)).toBe('۱٬۲۳۴٬۵۶۷');
    expect(codeText('048213')).toBe('۰۴۸\u00a0۲۱۳');
    expect(digits('room 7')).toBe('room ۷');
  });

  it('are Jalali in Persian, in their order and without a Latin comma', () => {
    lang.value = 'fa';
    expect(longDay(at, at)).toBe('یکشنبه ۱ آذر');
    expect(longDay(at, new Date(2028, 1, 1).getTime())).toBe('یکشنبه ۱ آذر ۱۴۰۵');
    expect(dayTitle(at, at)).toBe('امروز، یکشنبه ۱ آذر');
  });

  it('tell a time in its largest whole unit', () => {
    expect([600_000, 90_000, 7_200_000, 86_400_000, 2_592_000_000].map(span)).toEqual(['10 minutes', '90 seconds', '2 hours', '24 hours', '30 days']);
    lang.value = 'fa';
    expect(span(600_000)).toBe('۱۰ دقیقه');
  });

  it('say today and yesterday by the calendar, not by hours', () => {
    const late = new Date(2026, 10, 22, 23, 59).getTime();
    const early = new Date(2026, 10, 23, 0, 1).getTime();
    expect(dayTitle(late, late)).toMatch(/^Today, /);
    expect(dayTitle(late, early)).toMatch(/^Yesterday, /);
    expect(dayTitle(late, early + 5 * 86_400_000)).not.toMatch(/Today|Yesterday/);
  });
});

// A person's name while it is typed: what it becomes, and what is wrong with it. Says what the server would (src/names/), all but
// the look-alikes, whose table only the server has. tests/tables/names.json holds both to the same cases.
import { asciiDigits } from './code.ts';

export type NameProblem = 'empty' | 'too_long' | 'invalid' | 'reserved';

/** Code points that are looked at, and bytes that are kept, for each character that a name may have. */
const TYPED_PER_CHAR = 16;
const BYTES_PER_CHAR = 4;

/** In written form. Names that lines of the server or of this page could be mistaken for. */
const RESERVED =
  'system charsu owner admin administrator moderator everyone you سیستم سامانه چارسو مدیر ادمین همه شما'.split(' ');

// Character classes, to stand between brackets. The same ranges as in src/names/clean.rs, where they are explained.
const ARABIC = '\\u0620-\\u064a\\u066e\\u066f\\u0671-\\u06d3\\u06d5\\u06ee\\u06ef\\u06fa-\\u06ff\\u0750-\\u077f';
const VIRAMA = '\\u094d\\u09cd\\u0a4d\\u0acd\\u0b4d\\u0bcd\\u0c4d\\u0ccd\\u0d4d\\u0dca';
const INDIC = '(?!\\p{M})[\\u0900-\\u0dff]';
const PICTURE =
  '[©®\\u203c\\u2049\\u2122\\u2139\\u2190-\\u21ff\\u2300-\\u23ff\\u24c2\\u25a0-\\u27bf\\u2900-\\u297f\\u2b00-\\u2bff\\u3030\\u303d' +
  '\\u3297\\u3299\\u{1f000}-\\u{1f1e5}\\u{1f200}-\\u{1faff}]';
const SPACE = '\\p{White_Space}\\u2800';
const JOINER = '[\\u200c\\u200d]';
const SELECTOR = '[\\ufe0e\\ufe0f]';

const all = (pattern: string): RegExp => new RegExp(pattern, 'gu');

/** What goes and what stays, in order; `$1` is what stays. */
const CLEANING: readonly (readonly [RegExp, string])[] = [
  [all(`[${SPACE}]`), ' '],
  // Invisible characters, but for the tags that make a black flag England's, joiners and emoji selectors.
  [all(`(\\u{1f3f4}[\\u{e0061}-\\u{e007a}]{5}\\u{e007f})|(?!${JOINER}|${SELECTOR})[\\p{Cc}\\p{Cs}\\p{DI}]`), '$1'],
  [all(`(${JOINER})${JOINER}+`), '$1'],
];
const BOUNDING: readonly (readonly [RegExp, string])[] = [
  // Marks only on something, and at most four in a row.
  [all(`(^| )[\\p{M}\\u200c\\u200d]+`), '$1'],
  [all(`([\\p{M}\\u200c\\u200d]{4})[\\p{M}\\u200c\\u200d]+`), '$1'],
  [/ +/g, ' '],
  [/^ | $/g, ''],
  // Joiners and selectors only where they change the writing.
  [
    all(
      `((?<=[${ARABIC}]\\p{M}*)${JOINER}(?=[${ARABIC}])|(?<=[${VIRAMA}])${JOINER}(?=${INDIC})|(?<=${INDIC})${JOINER}(?=[${VIRAMA}])` +
        `|(?<=${PICTURE}${SELECTOR}?)\\u200d(?=${PICTURE})|(?<=${PICTURE})${SELECTOR}|(?<=[\\d#*])${SELECTOR}(?=\\u20e3))` +
        `|${JOINER}|${SELECTOR}`,
    ),
    '$1',
  ],
];

const UNCOUNTED = all(`\\u200d${PICTURE}|[\\p{M}\\p{DI}\\u{1f3fb}-\\u{1f3ff}]|(\\p{RI})\\p{RI}`);
const UNKEYED = all(`[\\u064b-\\u0652\\u0670\\u0640${SPACE}\\p{DI}\\p{Cc}]`);
const SEPARATORS = /[-_.,:'·،・\u02bc\u2010-\u2015‘’]/g;
const LETTERS: Readonly<Record<string, string>> = { ي: 'ی', ى: 'ی', ك: 'ک', ة: 'ه', ە: 'ه', ٱ: 'ا' };

/** A typed name as it will be shown, or why it cannot be. `maxChars` is the `name_chars` of `welcome`. */
export function readName(typed: string, maxChars = 32): { readonly name: string } | { readonly problem: NameProblem } {
  if ([...typed].length > maxChars * TYPED_PER_CHAR) return { problem: 'too_long' };
  if (/[\p{Co}\p{NChar}\ufff9-\ufffd]/u.test(typed)) return { problem: 'invalid' };
  const name = shown(typed);
  if (name === '') return { problem: 'empty' };
  const chars = [...name.replace(UNCOUNTED, '$1')].length;
  if (chars > maxChars || bytes(name) > maxChars * BYTES_PER_CHAR) return { problem: 'too_long' };
  const key = nameKey(name);
  if (key === '') return { problem: 'invalid' };
  return RESERVED.includes(key.replace(/\d+$/, '')) ? { problem: 'reserved' } : { name };
}

/** One for all ways of typing a name: case, width, Arabic and Persian letters and digits, spaces, dashes. Not for showing. */
export function nameKey(name: string): string {
  const letters = name.normalize('NFKD').replace(UNKEYED, '');
  return folded(letters.replace(SEPARATORS, '')) || folded(letters);
}

function shown(typed: string): string {
  return applied(BOUNDING, applied(CLEANING, typed).normalize('NFC')).normalize('NFC');
}

function applied(steps: readonly (readonly [RegExp, string])[], text: string): string {
  return steps.reduce((rest, [pattern, kept]) => rest.replace(pattern, kept), text);
}

function folded(letters: string): string {
  return asciiDigits(letters)
    .replace(/[يىكةەٱ]/g, (letter) => LETTERS[letter] ?? letter)
    .replace(/(?<=[اه]\p{M}*)[\u0654\u0655]/gu, '')
    .replace(/(?<=[iIı]\p{M}*)\u0307/gu, '')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replace(/ς/g, 'σ')
    .normalize('NFKD');
}

function bytes(text: string): number {
  return [...text].reduce((sum, c) => sum + (c > '\u007f' ? (c > '\u07ff' ? (c.length > 1 ? 4 : 3) : 2) : 1), 0);
}

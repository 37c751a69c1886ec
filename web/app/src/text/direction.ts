// Which way a text runs, and what must be taken out of it so that it cannot turn its surroundings. Pure.

export type Direction = 'ltr' | 'rtl';

/** Strong letters that run right to left: the Hebrew, Arabic, Syriac, Thaana and N'Ko blocks and their later forms. */
const RTL = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;
const LETTER = /\p{L}/gu;
/** Embeddings, overrides and isolates. LRM, RLM, ALM and the joiners stay: they are part of ordinary writing. */
const TURNING = /[\u202A-\u202E\u2066-\u2069]/g;
const CODE_OR_LINK = /```[\s\S]*?(?:```|$)|`[^`\n]+`|(?:https?:\/\/|www\.)\S+/gi;

/**
 * The direction by the majority of strong letters, code and links not counted: a Persian sentence that begins with an English
 * word stays Persian. `null` for a text without letters, such as an emoji or a number.
 */
export function direction(text: string): Direction | null {
  return majority(text.replace(CODE_OR_LINK, ' ')) ?? majority(text);
}

function majority(text: string): Direction | null {
  let rtl = 0;
  let ltr = 0;
  for (const [letter] of text.matchAll(LETTER)) {
    if (RTL.test(letter)) rtl += 1;
    else ltr += 1;
  }
  if (rtl === 0 && ltr === 0) return null;
  return rtl > ltr ? 'rtl' : 'ltr';
}

/** Without the characters that turn the text around them. */
export function calm(text: string): string {
  return text.replace(TURNING, '');
}

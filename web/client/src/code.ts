// A room's code, however people write it: six decimal digits of any script, with spaces, dashes and marks of direction.
// Reads as the server does (src/code.rs); tests/tables/codes.json holds both to the same cases. Codes stay text: 012345 is one.

const INVISIBLE_OR_DASH = '\\-\\u2010-\\u2015\\u2212\\ufe63\\uff0d\\p{DI}';
const GAPS = new RegExp(`[${INVISIBLE_OR_DASH}\\p{White_Space}]`, 'gu');
/** Digits after `/r/`, not followed by more of a word. */
const IN_LINKS = new RegExp(`/r/([\\d${INVISIBLE_OR_DASH}]*)(?![\\d${INVISIBLE_OR_DASH}\\p{Alphabetic}_%])`, 'gu');

/** Every decimal digit as ASCII. Neither `\d` nor any normalisation knows «۴». */
export function asciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => {
    // The digits of a script stand in one row, zero first.
    let place = 0;
    while (/\p{Nd}/u.test(String.fromCodePoint((digit.codePointAt(0) ?? 0) - place - 1))) place += 1;
    return String(place % 10);
  });
}

/** The code, if the text is one and nothing else. */
export function parseCode(written: string): string | null {
  return sixDigits(asciiDigits(written).replace(GAPS, ''));
}

/** The code in something pasted: what follows `/r/` in a link, else the six digits of any text that has exactly six. */
export function findCode(pasted: string): string | null {
  const text = asciiDigits(pasted);
  if (!/\/r\/|:\/\//.test(text)) return sixDigits(text.replace(/\D/g, ''));
  for (const [, digits = ''] of text.matchAll(IN_LINKS)) {
    const code = parseCode(digits);
    if (code !== null) return code;
  }
  return null;
}

/** The room that a page's address names (`/r/408213`, `/chat/r/general`): a code in ASCII, or a name as written; else null. */
export function roomFromPath(path: string): string | null {
  const [, written = ''] = /\/r\/([^/?#]+)\/?$/.exec(path) ?? [];
  try {
    const room = decodeURIComponent(written).trim();
    return parseCode(room) ?? (room === '' ? null : room);
  } catch {
    return null;
  }
}

function sixDigits(text: string): string | null {
  return /^\d{6}$/.test(text) ? text : null;
}

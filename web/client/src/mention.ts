// Does a line call somebody by name? Compared as people read it: case and the Arabic forms of Persian letters do not matter.

/** Does `text` hold `name` as words of their own? */
export function mentions(text: string, name: string): boolean {
  const wanted = fold(name.trim());
  if (wanted === '') return false;
  const read = fold(text);
  for (let at = read.indexOf(wanted); at >= 0; at = read.indexOf(wanted, at + 1)) {
    const before = lastCharacter(read.slice(Math.max(0, at - 2), at));
    const [after = ''] = read.slice(at + wanted.length, at + wanted.length + 2);
    if (!WORD.test(before) && !WORD.test(after)) return true;
  }
  return false;
}

/** What goes on with a word. A zero-width non-joiner ends one: «مینا‌جان» calls «مینا». */
const WORD = /^[\p{L}\p{M}\p{N}_]$/u;

function lastCharacter(text: string): string {
  return [...text].at(-1) ?? '';
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase()
    .replace(/[\u0640\u064B-\u0652\u0670]/g, '')
    .replace(/[يى]/g, 'ی').replace(/ك/g, 'ک').replace(/[أإٱ]/g, 'ا').replace(/ة/g, 'ه');
}

// How a person or a room looks: a hue and a letter, from the name alone, the same for everybody who sees it. Pure.

const HUES = [20, 70, 150, 205, 262, 330] as const;

/** One of six hues, degrees in OKLCH. Writing a name with other capitals or spaces does not change its colour. */
export function hueOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const char of name.normalize('NFKC').toLowerCase().replace(/[\s\u200c\u200d]+/g, '')) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  }
  // The low bits of this hash are poor for short names; mix the high ones in.
  return HUES[((hash ^ (hash >>> 15)) >>> 0) % HUES.length] ?? 205;
}

// Making one costs more than a thousand uses.
const segmenter = typeof Intl.Segmenter === 'function' ? new Intl.Segmenter() : null;

/** The first visible character, whole: an emoji or a letter with its marks is one. */
export function initialOf(name: string): string {
  const trimmed = name.trim();
  const first = segmenter?.segment(trimmed)[Symbol.iterator]().next().value?.segment ?? [...trimmed][0];
  return first?.toLocaleUpperCase() ?? '?';
}

/** Letters of Arabic script sit lower in their line box and are centred by eye. */
export const isPersian = (text: string): boolean => /\p{Script=Arabic}/u.test(text);

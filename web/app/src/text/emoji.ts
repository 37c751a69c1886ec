// What can be a reaction: one emoji, as the server takes it (src/text.rs). Pure.

/** The ones that are one press away. */
export const QUICK = ['👍', '❤️', '😂', '😮', '😢', '🎉'] as const;

/** The longest emoji that people write, in code points. */
const LONGEST = 10;

const segmenter = typeof Intl.Segmenter === 'function' ? new Intl.Segmenter() : null;

/** The last emoji of what was typed, or null if there is none. */
export function emojiIn(typed: string): string | null {
  const parts = segmenter === null ? [...typed] : [...segmenter.segment(typed)].map(({ segment }) => segment);
  return parts.findLast(isEmoji) ?? null;
}

/** A flag, a picture with whatever belongs to it; digits with their keycap are letters to the server, and so to this page. */
function isEmoji(part: string): boolean {
  return /\p{Extended_Pictographic}|^\p{RI}{2}$/u.test(part) && !/[\p{Alphabetic}\s]/u.test(part.replace(/\p{RI}/gu, '')) && [...part].length <= LONGEST;
}

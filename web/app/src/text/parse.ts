// What a message shows: paragraphs with links and `code`, and ``` blocks. Nothing else, and never HTML. Pure.
import { calm } from './direction.ts';

export type Inline = { kind: 'text'; text: string } | { kind: 'code'; text: string } | { kind: 'link'; text: string; href: string };
export type Block = { kind: 'paragraph'; inlines: Inline[] } | { kind: 'code'; text: string };

const FENCE = /```[^\S\n]*(?:[\w+#.-]*\n)?([\s\S]*?)(?:```|$)/g;
const INLINE = /`([^`\n]+)`|((?:https?:\/\/|www\.)[^\s<>"`]+)/gi;
/** Signs that end a sentence rather than a link. */
const TRAILING = /[.,:;!?'"؟،؛»”’…]+$/;

export function blocks(text: string): Block[] {
  const found: Block[] = [];
  let from = 0;
  const paragraph = (part: string) => {
    // Blanks before the first word may be meant; after a block of code they only part the two.
    const trimmed = part.trimEnd().replace(found.length === 0 ? /^\n+/ : /^\s+/, '');
    if (trimmed !== '') found.push({ kind: 'paragraph', inlines: inlines(trimmed) });
  };
  for (const match of text.matchAll(FENCE)) {
    const code = (match[1] ?? '').replace(/\n$/, '');
    // An empty block is three backticks that somebody wrote as they are.
    if (code.trim() === '') continue;
    paragraph(text.slice(from, match.index));
    found.push({ kind: 'code', text: calm(code) });
    from = match.index + match[0].length;
  }
  paragraph(text.slice(from));
  return found;
}

export function inlines(text: string): Inline[] {
  const found: Inline[] = [];
  const plain = (part: string) => {
    if (part !== '') found.push({ kind: 'text', text: calm(part) });
  };
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, address] = match;
    // Blanks between backticks are no code.
    if (code?.trim() === '') continue;
    if (address !== undefined && wordBefore(text, match.index)) continue;
    const link = address === undefined ? null : linkOf(address);
    if (code === undefined && link === null) continue;
    plain(text.slice(from, match.index));
    if (code !== undefined) {
      found.push({ kind: 'code', text: calm(code) });
      from = match.index + whole.length;
    } else if (link !== null) {
      found.push(link.inline);
      from = match.index + link.length;
    }
  }
  plain(text.slice(from));
  return found;
}

function wordBefore(text: string, index: number): boolean {
  return index > 0 && /[\p{L}\p{N}_@]/u.test(text[index - 1] ?? '');
}

/** The link at the start of `address`, and how many characters of it belong to the link. */
function linkOf(address: string): { inline: Inline; length: number } | null {
  let typed = address;
  // Brackets and signs may follow each other, as in "x).": a few rounds, not one for each of four thousand.
  for (let round = 0; round < 4; round += 1) typed = closed(typed.replace(TRAILING, ''));
  const clean = calm(typed);
  let url: URL;
  try {
    url = new URL(/^www\./i.test(clean) ? `https://${clean}` : clean);
  } catch {
    return null;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  if (/^www\./i.test(clean) && !url.hostname.slice(4).includes('.')) return null;
  return { inline: { kind: 'link', text: shown(clean, url), href: url.href }, length: typed.length };
}

/** Without closing brackets that were not opened in the link: "(see https://a.example/x)". */
function closed(typed: string): string {
  let end = typed.length;
  for (const [open, close] of ['()', '[]', '{}'].map((pair) => [...pair] as [string, string])) {
    let surplus = typed.split(close).length - typed.split(open).length;
    for (; surplus > 0 && typed[end - 1] === close; surplus -= 1) end -= 1;
  }
  return typed.slice(0, end);
}

const SCRIPTS = ['Latin', 'Cyrillic', 'Greek', 'Arabic', 'Armenian', 'Cherokee', 'Han'].map((name) => new RegExp(`\\p{Script=${name}}`, 'u'));

/** As typed; but a host that mixes scripts (a Cyrillic "а" in "paypal") is shown in its ASCII form, and so is a user name before it. */
function shown(typed: string, url: URL): string {
  const authority = /^(?:https?:\/\/)?([^/?#]*)/i.exec(typed)?.[1] ?? '';
  if (url.username !== '' || url.password !== '') return url.href;
  const mixed = SCRIPTS.filter((script) => script.test(authority.replace(/\.[^.]*$/, ''))).length > 1;
  return mixed ? url.href : typed;
}

const EMOJI = /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}|\p{Emoji_Modifier}|[\u200D\uFE0F\u20E3\s])+$/u;
const PICTURE = /\p{Extended_Pictographic}|\p{Regional_Indicator}/u;

/** Up to three emoji and nothing else: shown large. */
export function onlyEmoji(text: string): boolean {
  if (text.length > 40 || !EMOJI.test(text) || !PICTURE.test(text)) return false;
  return graphemes(text.replace(/\s/g, '')) <= 3;
}

// Making one costs more than a thousand uses.
const segmenter = typeof Intl.Segmenter === 'function' ? new Intl.Segmenter() : null;

/** What a person counts as characters. Engines without a segmenter count code points. */
export function graphemes(text: string): number {
  return segmenter === null ? [...text].length : [...segmenter.segment(text)].length;
}

// A message's text as elements. Only text nodes: nothing that was typed is ever read as HTML.
import type { ComponentChildren } from 'preact';
import { t } from '../i18n/inside.ts';
import { blocks, type Inline, onlyEmoji } from '../text/parse.ts';
import { direction } from '../text/direction.ts';

function inline(part: Inline, index: number): ComponentChildren {
  switch (part.kind) {
    case 'text': return part.text;
    case 'code': return <code key={index}>{part.text}</code>;
    case 'link': return <a key={index} href={part.href} target="_blank" rel="noopener noreferrer nofollow">{part.text}</a>;
  }
}

export function Inlines({ parts }: { parts: Inline[] }) {
  return <>{parts.map(inline)}</>;
}

/** The direction stands on the text and never on the bubble, whose corners and padding it would turn. */
export function Prose({ text }: { text: string }) {
  const dir = direction(text) ?? undefined;
  if (onlyEmoji(text)) return <div class="body emoji"><p>{text.trim()}</p></div>;
  return (
    <>
      {blocks(text).map((block, index) => block.kind === 'code'
        ? <pre key={index} tabindex={0} role="region" aria-label={t('code')}><code>{block.text}</code></pre>
        : <div key={index} class="body"><p dir={dir ?? 'auto'}><Inlines parts={block.inlines} /></p></div>)}
    </>
  );
}

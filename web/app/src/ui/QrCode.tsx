// The square code of a link; its encoder is loaded when the first one is drawn. Dark on white in every theme, or cameras fail.
import { useEffect, useState } from 'preact/hooks';

/** Light modules around the code, as the standard wants. */
const QUIET = 4;

export function QrCode({ text, label }: { text: string; label: string }) {
  const [drawn, setDrawn] = useState<{ size: number; path: string } | null>(null);
  useEffect(() => {
    let current = true;
    void import('../qr.ts').then(({ encode, outline }) => {
      const code = encode(text);
      if (current) setDrawn(code === null ? null : { size: code.length + 2 * QUIET, path: outline(code, QUIET) });
    }, () => undefined);
    return () => { current = false; };
  }, [text]);
  return (
    <svg class="qr" viewBox={`0 0 ${drawn?.size ?? 33} ${drawn?.size ?? 33}`} role="img" aria-label={label} shape-rendering="crispEdges">
      {drawn !== null && <path d={drawn.path} />}
    </svg>
  );
}

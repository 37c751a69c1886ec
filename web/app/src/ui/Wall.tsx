// Keeps the wall as large as its place, off the critical path.
import { useEffect, useRef } from 'preact/hooks';
import { lang } from '../i18n/index.ts';
import { trying } from '../state/joining.ts';
import type { Wall as Drawing } from '../wall.ts';

/** Below this the wall is a band over the form: the same width as in front.css. */
const narrow = matchMedia('(max-width: 860px)');

export function Wall() {
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing | null>(null);
  const rtl = lang.value === 'fa';
  const joining = trying();

  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    let watch: ResizeObserver | null = null;
    let gone = false;
    // Without its picture the page is whole: nobody waits for it, and nothing is said when it fails.
    import('../wall.ts').then(({ Wall: Drawn }) => {
      if (gone) return;
      watch = new ResizeObserver(() => {
        const { clientWidth: width, clientHeight: height } = element;
        if (width === 0 || height === 0) return;
        drawing.current = new Drawn({ width, height, rtl, band: narrow.matches });
        element.replaceChildren(drawing.current.svg);
      });
      watch.observe(element);
    }, () => undefined);
    return () => {
      gone = true;
      watch?.disconnect();
    };
  }, [rtl]);

  useEffect(() => {
    if (joining) drawing.current?.glaze();
    else drawing.current?.unglaze();
  }, [joining]);

  return <div ref={box} class="wall" aria-hidden="true" />;
}

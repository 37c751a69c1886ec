// Where something small stands that opens beside something else.

/** From the opener and from the edges of the window. Pixels. */
const GAP = 6;
const MARGIN = 8;

/** Below the opener if it fits there, else above; never outside the window. */
export function standBy(element: HTMLElement, opener: Element): void {
  const from = opener.getBoundingClientRect();
  const { width, height } = element.getBoundingClientRect();
  const rtl = document.documentElement.dir === 'rtl';
  const x = rtl ? from.right - width : from.left;
  const below = from.bottom + GAP + height <= innerHeight - MARGIN;
  // Physical sides on purpose: these are coordinates of the window, measured.
  element.style.setProperty('inset', 'auto');
  element.style.setProperty('left', `${Math.max(MARGIN, Math.min(x, innerWidth - width - MARGIN))}px`);
  element.style.setProperty('top', `${below ? from.bottom + GAP : Math.max(MARGIN, from.top - GAP - height)}px`);
}

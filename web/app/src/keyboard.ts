// The on-screen keyboard of browsers that do not resize the page for it (iOS): the room is made as high as what can be seen.

/** Smaller differences are browser bars that come and go. Pixels. */
const KEYBOARD_PX = 120;

/** Call once. */
export function fitKeyboard(): void {
  const seen = window.visualViewport;
  if (!seen) return;
  const fit = () => {
    const open = innerHeight - seen.height > KEYBOARD_PX && seen.scale === 1;
    if (open) {
      document.documentElement.style.setProperty('--seen', `${seen.height}px`);
      scrollTo(0, 0);
    } else document.documentElement.style.removeProperty('--seen');
  };
  seen.addEventListener('resize', fit);
}

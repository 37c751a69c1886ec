// What one can do with a name: write to that person alone, or name them in a message.
import { useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../i18n/inside.ts';
import { inserted, writePrivately } from '../state/drafts.ts';
import { closeMenu, menu, type Menu } from '../state/menu.ts';
import { closeSheet } from '../state/sheet.ts';
import { standBy } from './floating.ts';
import { Icon } from './Icon.tsx';
import { Star } from './Star.tsx';

/** Everything outside an open dialog is inert, so there is one of these in the page and one in the dialog that lists people. */
export function PersonMenu({ inDialog }: { inDialog: boolean }) {
  const open = menu.value;
  return open === null || (open.opener.closest('dialog') !== null) !== inDialog ? null : <Opened key={open.person.id} open={open} />;
}

function Opened({ open: { room, person, opener } }: { open: Menu }) {
  const box = useRef<HTMLDivElement>(null);
  const name = person.name || t('someone');

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    // In the top layer by itself: it closes on Escape and on a press outside, and stands over an open dialog.
    element.showPopover();
    standBy(element, opener);
    element.querySelector('button')?.focus();
    return () => { if (opener.isConnected && document.activeElement === document.body) opener.focus(); };
  }, []);

  const move = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    const items = [...(box.current?.querySelectorAll('button') ?? [])];
    const at = items.findIndex((item) => item === document.activeElement);
    items[(at + (event.key === 'ArrowDown' ? 1 : items.length - 1)) % items.length]?.focus();
  };
  const choose = (act: () => void) => {
    closeMenu();
    closeSheet();
    act();
    document.getElementById('composer')?.focus();
  };

  return (
    <div
      ref={box} class="menu" popover="auto" role="menu" aria-label={t('personMenu', { name })} onKeyDown={move}
      onToggle={(event) => { if (event.newState === 'closed') closeMenu(); }}
    >
      <p class="menuhead"><Star name={name} /><span class="who"><bdi>{name}</bdi>{person.guest && <small>{t('guest')}</small>}</span></p>
      <button type="button" role="menuitem" onClick={() => choose(() => writePrivately(room, person))}><Icon name="private" />{t('writePrivatelyMenu')}</button>
      <button type="button" role="menuitem" onClick={() => choose(() => { inserted.value = { room, text: `${name} ` }; })}><Icon name="at" />{t('nameInText')}</button>
    </div>
  );
}

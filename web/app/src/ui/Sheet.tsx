// A dialog: at the side or in the middle on a desktop, from below on a phone. The browser keeps the focus inside.
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../i18n/inside.ts';
import { closeSheet } from '../state/sheet.ts';
import { Icon } from './Icon.tsx';

export interface SheetProps {
  title: ComponentChildren;
  /** Stands at the inline end on wide screens. */
  side?: boolean;
  children: ComponentChildren;
}

export function Sheet({ title, side = false, children }: SheetProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const element = dialog.current;
    const opener = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      if (opener instanceof HTMLElement && opener.isConnected && document.activeElement === document.body) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog} class={side ? 'sheet aside' : 'sheet'} aria-labelledby="sheet-title"
      // A dialog that gives way to another one says so a moment later, when the other one is open.
      onClose={() => { if (dialog.current !== null) closeSheet(); }} onClick={(event) => { if (event.target === dialog.current) closeSheet(); }}
    >
      <div class="sheetbody">
        <header><h2 id="sheet-title">{title}</h2><button type="button" class="iconbtn" aria-label={t('close')} onClick={closeSheet}><Icon name="close" /></button></header>
        {children}
      </div>
    </dialog>
  );
}

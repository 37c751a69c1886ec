// The frame of every page outside a room: brand and switches, one thing to do, and the wall.
import type { ComponentChildren } from 'preact';
import { t } from '../i18n/index.ts';
import { docsUrl } from '../state/server.ts';
import { openSheet } from '../state/sheet.ts';
import { Mark } from './Star.tsx';
import { LanguageSwitch, ThemeSwitch } from './Switches.tsx';
import { Wall } from './Wall.tsx';

export function Front({ children }: { children: ComponentChildren }) {
  return (
    <div class="front">
      <div class="side">
        <header class="top">
          <a class="brand" href="/"><Mark />{t('brand')}</a>
          <div class="tools"><LanguageSwitch /><ThemeSwitch /></div>
        </header>
        <main>{children}</main>
        <footer class="links">
          <button type="button" onClick={() => openSheet({ kind: 'how' })}>{t('howItWorks')}</button>
          <button type="button" onClick={() => openSheet({ kind: 'kept' })}>{t('whereKept')}</button>
          <a href={docsUrl} hreflang="en">{t('forDevelopers')}</a>
        </footer>
      </div>
      <Wall />
    </div>
  );
}

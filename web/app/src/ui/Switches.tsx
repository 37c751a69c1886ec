// Language and theme, one press each.
import { lang, t } from '../i18n/index.ts';
import { chooseLang, isDark, theme } from '../state/settings.ts';
import { Icon } from './Icon.tsx';

export function LanguageSwitch() {
  const other = lang.value === 'fa' ? 'en' : 'fa';
  return (
    <button type="button" class="langswitch" lang={other} dir={other === 'fa' ? 'rtl' : 'ltr'} onClick={() => chooseLang(other)}>{t('otherLanguage')}</button>
  );
}

export function ThemeSwitch() {
  const dark = isDark();
  return (
    <button
      type="button" class="iconbtn" aria-label={t('darkTheme')} title={t('darkTheme')} aria-pressed={dark}
      onClick={() => { theme.value = dark ? 'light' : 'dark'; }}
    >
      <Icon name={dark ? 'sun' : 'moon'} />
    </button>
  );
}

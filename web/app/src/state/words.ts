// A refusal in the page's language; the server's own English words only where the page has none.
import type { ErrorNotice } from '../../../client/src/index.ts';
import { known, lang, t } from '../i18n/index.ts';

export function errorText(error: ErrorNotice): string {
  const key = `error.${error.code}`;
  if (known(key)) return t(key as 'error.unknown');
  return lang.value === 'en' && error.message !== '' ? error.message : t('error.unknown');
}

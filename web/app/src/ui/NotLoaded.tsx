// The rest of the page could not be fetched: no network, or the server has a newer page since.
import { t } from '../i18n/index.ts';

export function NotLoaded() {
  return (
    <p class="notloaded" role="alert">
      {t('error.unreachable')} <button type="button" class="textbtn" onClick={() => location.reload()}>{t('tryAgain')}</button>
    </p>
  );
}

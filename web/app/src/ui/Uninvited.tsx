// The server lets in only those who have a token, and this tab has none, or none that is good.
import type { ErrorNotice } from '../../../client/src/index.ts';
import { t } from '../i18n/index.ts';
import { errorText } from '../state/words.ts';
import { Front } from './Front.tsx';

export function Uninvited({ error }: { error: ErrorNotice }) {
  return (
    <Front>
      <h1>{t('uninvited')}</h1>
      <p class="lead" role="alert">{errorText(error)}</p>
    </Front>
  );
}

// The front page.
import { t } from '../i18n/index.ts';
import { Front } from './Front.tsx';
import { JoinForm } from './JoinForm.tsx';

export function Lobby() {
  return (
    <Front>
      <h1>{t('headline')}</h1>
      <p class="lead">{t('lead')}</p>
      <JoinForm />
    </Front>
  );
}

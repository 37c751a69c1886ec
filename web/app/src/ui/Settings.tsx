// Theme, language and typing notices.
import { lang, t, type Lang } from '../i18n/inside.ts';
import { chooseLang, theme, typingNotices, type Theme } from '../state/settings.ts';
import { Sheet } from './Sheet.tsx';

interface ChoiceProps<T extends string> {
  name: string;
  label: string;
  value: T;
  choices: [T, string][];
  onChoose: (value: T) => void;
}

function Choice<T extends string>({ name, label, value, choices, onChoose }: ChoiceProps<T>) {
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      <div class="segments">
        {choices.map(([one, words]) => (
          <label key={one}><input type="radio" name={name} value={one} checked={one === value} onChange={() => onChoose(one)} /><span lang={one === 'fa' || one === 'en' ? one : undefined}>{words}</span></label>
        ))}
      </div>
    </fieldset>
  );
}

export function Settings() {
  return (
    <Sheet title={t('settings')}>
      <div class="settings">
        <Choice<Theme> name="theme" label={t('theme')} value={theme.value} onChoose={(chosen) => { theme.value = chosen; }} choices={[['system', t('themeSystem')], ['light', t('themeLight')], ['dark', t('themeDark')]]} />
        <Choice<Lang> name="language" label={t('language')} value={lang.value} onChoose={chooseLang} choices={[['en', 'English'], ['fa', 'فارسی']]} />
        <label class="switch"><input type="checkbox" role="switch" checked={typingNotices.value} onChange={(event) => { typingNotices.value = event.currentTarget.checked; }} /><span>{t('typingNotices')}</span></label>
      </div>
    </Sheet>
  );
}

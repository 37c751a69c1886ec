// Starts the page: settings, connection, keys, and the first drawing.
import { render } from 'preact';
import { effect } from '@preact/signals';
import './styles/index.css';
import { drawAttention } from './attention.ts';
import { fitKeyboard } from './keyboard.ts';
import { listenToKeys } from './keys.ts';
import { followAttempt, forgetAttempt } from './state/joining.ts';
import { loadInside } from './state/inside.ts';
import { learnAbout } from './state/links.ts';
import { closeMenu } from './state/menu.ts';
import { followHistory, place } from './state/place.ts';
import { keepSettings } from './state/settings.ts';
import { closeSheet } from './state/sheet.ts';
import { App } from './ui/App.tsx';

keepSettings();
followHistory();
addEventListener('popstate', forgetAttempt);
followAttempt();
drawAttention();
listenToKeys();
fitKeyboard();
void learnAbout();
// Another place is another matter: dialogs belong to the page on which they were opened.
effect(() => {
  void place.value;
  closeMenu();
  closeSheet();
});

const root = document.getElementById('app');
if (root !== null) render(<App />, root);
// Early, so that a network that goes away later finds everything here; after the first picture, so that it does not wait.
requestAnimationFrame(() => setTimeout(loadInside));

// Whether there is room for one pane only. The width is that of styles/narrow.css.
import { signal } from '@preact/signals';

const query = matchMedia('(max-width: 720px)');

export const narrow = signal(query.matches);
query.addEventListener('change', () => { narrow.value = query.matches; });

import { shallowRef } from 'vue';
import { Chat } from '@charsu/client';
import { server } from '../shared/words.js';

// One chat for the page: a tab is a person, and a reload is the same person.
export const chat = new Chat({ url: `${server.replace(/^http/, 'ws')}/ws`, storage: sessionStorage });

/** The newest snapshot. It never changes by itself, so a shallow reference is enough. */
export const view = shallowRef(chat.view);
chat.subscribe(() => { view.value = chat.view; });

addEventListener('online', () => chat.online(true));
addEventListener('offline', () => chat.online(false));

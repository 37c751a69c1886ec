import { readable } from 'svelte/store';
import { Chat } from '@charsu/client';
import { server } from '../shared/words.js';

// One chat for the page: a tab is a person, and a reload is the same person.
export const chat = new Chat({ url: `${server.replace(/^http/, 'ws')}/ws`, storage: sessionStorage });

/** The newest snapshot, as a store. */
export const view = readable(chat.view, (set) => chat.subscribe(() => set(chat.view)));

addEventListener('online', () => chat.online(true));
addEventListener('offline', () => chat.online(false));

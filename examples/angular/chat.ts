import { Injectable, signal } from '@angular/core';
import { Chat } from '@charsu/client';
import { server } from '../shared/words.js';

/** One chat for the page: a tab is a person, and a reload is the same person. */
@Injectable({ providedIn: 'root' })
export class ChatService {
  readonly chat = new Chat({ url: `${server.replace(/^http/, 'ws')}/ws`, storage: sessionStorage });
  /** The newest snapshot. */
  readonly view = signal(this.chat.view);

  constructor() {
    this.chat.subscribe(() => this.view.set(this.chat.view));
    addEventListener('online', () => this.chat.online(true));
    addEventListener('offline', () => this.chat.online(false));
  }
}

import { afterRenderEffect, Component, computed, ElementRef, inject } from '@angular/core';
import { banner, mark, note, typing } from '../shared/words.js';
import { ChatService } from './chat.js';

@Component({
  selector: 'chat-page',
  template: `
    @if (inside(); as room) {
      <main class="chat">
        <header>
          <h1>{{ room.room }}</h1>
          <ul class="people" aria-label="People">
            @for (person of room.people; track person.id) { <li><bdi>{{ person.name }}</bdi></li> }
          </ul>
          <button class="quiet" (click)="chat.leave(room.room)">Leave</button>
        </header>
        <p class="banner" role="status">{{ banner(view().link) }}</p>
        <div class="log" role="log" aria-label="Conversation" tabindex="0">
          <ol>
            @for (line of room.lines; track line.key) {
              @if (line.kind === 'message' || line.kind === 'private') {
                <li [class.own]="line.own">
                  @if (!line.own) { <b><bdi>{{ line.name }}</bdi></b> }
                  <p dir="auto">{{ line.text }}</p>
                  @if (line.state !== 'sent') { <small>{{ mark(line.state) }}</small> }
                </li>
              } @else {
                <li class="note">{{ note(line) }}</li>
              }
            }
          </ol>
        </div>
        <p class="typing" role="status">{{ typing(room.typing) }}</p>
        <form class="composer" (submit)="send($event, room.room, draft)">
          <input #draft aria-label="Message" placeholder="Write a message" dir="auto" autocomplete="off" (input)="chat.keystroke(room.room)">
          <button>Send</button>
        </form>
      </main>
    } @else {
      <main class="door">
        <form (submit)="enter($event, code.value, name.value)">
          <h1>Charsu with Angular</h1>
          <label>Code <input #code required dir="auto" autocomplete="off"></label>
          <label>Name <input #name required dir="auto" autocomplete="nickname"></label>
          <button>Join</button>
          @if (room()?.refusal; as refusal) { <p role="alert">{{ refusal.message }}</p> }
        </form>
      </main>
    }
  `,
})
export class Page {
  readonly #service = inject(ChatService);
  readonly chat = this.#service.chat;
  readonly view = this.#service.view;
  readonly room = computed(() => this.view().rooms[0]);
  readonly inside = computed(() => this.room()?.status === 'refused' || this.room()?.status === 'left' ? undefined : this.room());
  readonly #page = inject<ElementRef<HTMLElement>>(ElementRef);
  readonly banner = banner;
  readonly mark = mark;
  readonly note = note;
  readonly typing = typing;

  constructor() {
    // Keeps the newest line in sight.
    afterRenderEffect(() => {
      void this.room()?.lines;
      const log = this.#page.nativeElement.querySelector('.log');
      log?.scrollTo({ top: log.scrollHeight });
    });
  }

  enter(event: Event, code: string, name: string): void {
    event.preventDefault();
    // Somebody who was refused may choose another room.
    for (const { room } of this.view().rooms) this.chat.leave(room);
    this.chat.join(code, name);
  }

  send(event: Event, room: string, draft: HTMLInputElement): void {
    event.preventDefault();
    // False if it cannot be taken: then it stays with the person who wrote it.
    if (this.chat.say(room, draft.value)) draft.value = '';
  }
}

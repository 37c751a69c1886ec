// A connection where the network lets no WebSocket through: the server's frames come as server-sent events, ours go up by
// requests. To the core it is a socket like any other. Knows nothing of rooms and never reconnects.
import type { WebSocketLike } from './platform.ts';

/** As much of fetch as is used here. */
export type Fetch = (url: string, request: {
  method?: string; headers?: Record<string, string>; body?: string; cache?: 'no-store'; signal?: unknown;
}) => Promise<{
  readonly ok: boolean;
  readonly status: number;
  text(): Promise<string>;
  readonly body: { getReader(): { read(): Promise<{ done: boolean; value?: unknown }> } } | null;
}>;

interface Engine {
  fetch: Fetch;
  AbortController: new () => { readonly signal: unknown; abort(): void };
  TextDecoder: new () => { decode(bytes: unknown, how: { stream: boolean }): string };
}

const OPEN = 1;
const CLOSED = 3;
/** The server has not read yet what it was sent: so long is waited before it is sent again, ms. */
const FULL_MS = 500;
/** Frames that go up in one request, in UTF-16 units; at most three bytes each, which the server takes by default. */
const BODY = 20_000;
/** Close codes: the line is gone, the server is full, and it does not take the token. */
const GONE = 1006;
const FULL = 1013;
const TOKEN = 4401;
const UNAUTHORIZED = 401;

export class EventSocket implements WebSocketLike {
  readyState = 0;
  onopen: WebSocketLike['onopen'] = null;
  onmessage: WebSocketLike['onmessage'] = null;
  onclose: WebSocketLike['onclose'] = null;
  onerror: WebSocketLike['onerror'] = null;
  /** The server has said something. */
  wasHeard = false;
  readonly #api: string;
  readonly #engine: Engine;
  readonly #later: (run: () => void, ms: number) => unknown;
  readonly #token: string | undefined;
  readonly #abort: { readonly signal: unknown; abort(): void };
  readonly #waiting: string[] = [];
  #session = '';
  #isSaying = false;

  /** `url` is a WebSocket's; the HTTP side lies beside it. */
  constructor(url: string, later: (run: () => void, ms: number) => unknown, engine = globalThis as unknown as Engine, token?: string) {
    this.#token = token;
    this.#api = url.replace(/^ws/, 'http').replace(/\/ws$/, '/api');
    this.#later = later;
    this.#engine = engine;
    this.#abort = new engine.AbortController();
    // Nothing is opened before the hello, which names the session.
    later(() => {
      if (this.readyState !== 0) return;
      this.readyState = OPEN;
      this.onopen?.({});
    }, 0);
  }

  send(text: string): void {
    const frame = JSON.parse(text) as { type: string; session?: string };
    if (frame.type === 'hello') {
      void this.#listen(frame.session);
      return;
    }
    this.#waiting.push(text);
    void this.#say();
  }

  close(): void {
    this.readyState = CLOSED;
    this.#abort.abort();
  }

  /** Ends it as a server would. */
  end(code: number, reason: string): void {
    if (this.readyState === CLOSED) return;
    this.close();
    this.onclose?.({ code, reason });
  }

  async #listen(session: string | undefined): Promise<void> {
    try {
      const answer = await this.#engine.fetch(`${this.#api}/events`, {
        headers: this.#shows({ accept: 'text/event-stream', ...(session === undefined ? {} : { 'charsu-session': session }) }),
        cache: 'no-store',
        signal: this.#abort.signal,
      });
      if (answer.status === UNAUTHORIZED) return this.end(TOKEN, await answer.text());
      if (!answer.ok || answer.body === null) {
        this.end(answer.status === 429 || answer.status === 503 ? FULL : GONE, '');
        return;
      }
      const reader = answer.body.getReader();
      const decoder = new this.#engine.TextDecoder();
      let text = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        text += decoder.decode(value, { stream: true });
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) this.#hear(block);
      }
    } catch {
      // Whatever broke it, the line is gone.
    }
    this.end(GONE, '');
  }

  /** With the token, if there is one. */
  #shows(headers: Record<string, string>): Record<string, string> {
    return this.#token === undefined ? headers : { ...headers, authorization: `Bearer ${this.#token}` };
  }

  #hear(block: string): void {
    const lines = block.split('\n');
    const field = (name: string): string | undefined => lines.find((line) => line.startsWith(name))?.slice(name.length);
    const data = field('data: ');
    if (data === undefined || this.readyState !== OPEN) return;
    this.wasHeard = true;
    const kind = field('event: ');
    if (kind === 'close') {
      const { code, reason } = JSON.parse(data) as { code: number; reason: string };
      this.end(code, reason);
      return;
    }
    if (kind === 'welcome') this.#session = (JSON.parse(data) as { session: string }).session;
    this.onmessage?.({ data });
    void this.#say();
  }

  /** Sends what waits, one request after the other, so that nothing overtakes. */
  async #say(): Promise<void> {
    if (this.#isSaying || this.#session === '') return;
    this.#isSaying = true;
    while (this.#waiting.length > 0 && this.readyState === OPEN) {
      let count = 0;
      for (let size = 0; count < this.#waiting.length; count += 1) {
        size += this.#waiting[count]?.length ?? 0;
        if (count > 0 && size > BODY) break;
      }
      const answer = await this.#engine.fetch(`${this.#api}/commands`, {
        method: 'POST',
        headers: this.#shows({ 'charsu-session': this.#session, 'content-type': 'text/plain' }),
        body: this.#waiting.slice(0, count).join('\n'),
        signal: this.#abort.signal,
      }).catch(() => null);
      if (answer?.status === 429) await new Promise<void>((run) => { this.#later(run, FULL_MS); });
      else if (answer?.ok === true) this.#waiting.splice(0, count);
      else if (answer?.status === UNAUTHORIZED) this.end(TOKEN, await answer.text().catch(() => ''));
      else this.end(GONE, '');
    }
    this.#isSaying = false;
  }
}

// What was refused, and why: as the page shows it, and as a promise is rejected with.
import type { Frame } from './frames.ts';
import type { ErrorNotice } from './view.ts';

/**
 * Something that was asked for and will not be. `code` is stable: one of docs/protocol.md, or of the client's own: `outbox_full`,
 * `unconfirmed` (it may have arrived or not), `recipient_gone`, `left`, `closed`. `message` is English for a person.
 */
export class Refusal extends Error {
  readonly code: string;
  /** With `retryAfterMs`, `suggestion` and `near`, where the server gave them. */
  readonly notice: ErrorNotice;

  constructor(notice: ErrorNotice) {
    super(notice.message);
    this.name = 'Refusal';
    this.code = notice.code;
    this.notice = notice;
  }
}

/** Why a token is not taken, as the server wrote it in an answer, or in the words of a close: then it has run out. */
export function denial(words: string): ErrorNotice {
  const [, code = 'token_expired', message = words] = /"(\w+)","message":"([^"]+)/.exec(words) ?? [];
  return { code, message };
}

export function noticeOf(frame: Frame<'error'>): ErrorNotice {
  const { type: _, id: __, room: ___, retry_after_ms: retryAfterMs, ...notice } = frame;
  return retryAfterMs === undefined ? notice : { ...notice, retryAfterMs };
}

// What the page draws. Snapshots: nothing in them changes, and parts that did not change stay the same objects (===).

/** How an own line stands: queued (not acknowledged), sent, failed (refused, see `error`), unconfirmed (may or may not have arrived). */
export type LineState = 'queued' | 'sent' | 'failed' | 'unconfirmed';

export interface Person {
  readonly id: number;
  /** Empty for a guest who has not told one. */
  readonly name: string;
  readonly guest: boolean;
}

/** Why something was refused. `code` is stable, `message` is English for a person. */
export interface ErrorNotice {
  readonly code: string;
  readonly message: string;
  readonly retryAfterMs?: number;
  /** A name that is free. */
  readonly suggestion?: string;
  /** Names that are like the one written. */
  readonly near?: readonly string[];
}

/** An emoji that somebody put on a line. */
export interface LineReaction {
  readonly from: number;
  /** The person's name at that time. */
  readonly name: string;
  readonly emoji: string;
}

/**
 * What one asked to become of a line, as long as it is not done. While it is `queued` the line is shown as if it were done already;
 * `key` is for `retry` and `discard`.
 */
export interface LineChange {
  readonly key: string;
  readonly kind: 'edit' | 'delete' | 'react';
  readonly state: 'queued' | 'failed' | 'unconfirmed';
  /** Of an edit: what the line is to say. */
  readonly text?: string;
  /** Of a reaction. */
  readonly emoji?: string;
  readonly on?: boolean;
  readonly error?: ErrorNotice;
  /** The command's number, once it was handed to the server. */
  readonly id?: number;
}

/** `key` names a row for as long as the page lives: an own line keeps it from queued to sent. `seq` is null until acknowledged. */
interface Said {
  readonly key: string;
  readonly seq: number | null;
  /** Unix milliseconds, by the server's clock once it has one. */
  readonly at: number;
  readonly from: number;
  readonly name: string;
  readonly own: boolean;
  readonly text: string;
  readonly state: LineState;
  readonly error?: ErrorNotice;
  /** The command's number, once it was handed to the server. */
  readonly id?: number;
  /** When its words were last changed. */
  readonly editedAt?: number;
  /** Oldest first; own ones that are queued are in it, or out of it, already. */
  readonly reactions?: readonly LineReaction[];
  readonly changes?: readonly LineChange[];
  /** A change of a line that is not here any more: refused or in doubt, its words are kept as this row. */
  readonly stray?: true;
}

export type MessageLine = Said & { readonly kind: 'message'; readonly guest: boolean };
export type PrivateLine = Said & { readonly kind: 'private'; readonly to: number; readonly toName: string };
export type PresenceLine = { readonly kind: 'join' | 'leave'; readonly key: string; readonly seq: number; readonly at: number; readonly person: Person };

/**
 * Why lines may be missing here: `too_old` and `slow` (the room no longer keeps them), `epoch` and `future` (the room's log began
 * anew), `away` (said while this page was no member), `trimmed` (this page keeps the last 2,000), `hole` (a defect of the server),
 * `start` (the server was asked and has nothing earlier to show).
 */
export type GapReason = 'too_old' | 'epoch' | 'future' | 'slow' | 'away' | 'trimmed' | 'hole' | 'start';
export type GapLine = { readonly kind: 'gap'; readonly key: string; readonly reason: GapReason };

export type Line = MessageLine | PrivateLine | PresenceLine | GapLine;

/** Lines before those that are here: none to be had, some to be asked for, asked for, or not had for the moment. */
export type Earlier = 'none' | 'some' | 'loading' | 'failed';

/** `joining` until first let in; stays `live` through a reconnect (the link tells of that). */
export type RoomStatus = 'joining' | 'live' | 'refused' | 'left';

export interface RoomView {
  readonly room: string;
  /** Six digits, to be shown as a code. */
  readonly isCode: boolean;
  readonly status: RoomStatus;
  /** Why joining was refused, while `status` is `refused`. */
  readonly refusal?: ErrorNotice;
  /** Own member number; 0 before the first `joined`. */
  readonly you: number;
  readonly name: string;
  /** By member number. The first 1,000 in a large room; more by `chat.morePeople`. */
  readonly people: readonly Person[];
  readonly count: number;
  /** Are there members that `people` does not hold? */
  readonly morePeople: boolean;
  /** Key of the gap where the present life of the log begins, if there was another: lines above it cannot be changed. */
  readonly birth: string | null;
  /** Whether `chat.earlier` brings lines from before the first one below the last gap. */
  readonly earlier: Earlier;
  /** The position at which one came in for the first time: what has a lower number was said before. Null where that is not known. */
  readonly came: number | null;
  /** The log in its order, at most 2,000 lines, or 5,000 when one reads back; then own lines without a number, in the order typed. */
  readonly lines: readonly Line[];
  /** Others only. */
  readonly typing: readonly Person[];
  /** Messages and private lines by others that came while the room was not in front or the page not visible. */
  readonly unread: number;
  /** Does one of the unread lines hold the own name, or is it private? */
  readonly mentioned: boolean;
  /** Key of the first line that was unread; stays after reading, until the room leaves the front or one says something. */
  readonly firstUnread: string | null;
  /** The room's last error that belongs to no line. */
  readonly notice?: ErrorNotice;
}

/** Times are by the given clock, in ms. `since`: when the connection was lost (or first wanted). `restarts`: the server said so. */
export type Link =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting'; readonly attempt: number; readonly since: number; readonly restarts?: true }
  | { readonly state: 'live' }
  | { readonly state: 'waiting'; readonly attempt: number; readonly retryAt: number; readonly since: number; readonly restarts?: true }
  | { readonly state: 'offline'; readonly since: number }
  | { readonly state: 'stopped'; readonly attempts: number }
  | { readonly state: 'closed'; readonly code: number; readonly reason: string };

export interface ChatLimits {
  readonly textChars: number;
  readonly nameChars: number;
  readonly rooms: number;
}

export interface ChatView {
  readonly link: Link;
  /** In the order in which they were joined. */
  readonly rooms: readonly RoomView[];
  readonly active: string | null;
  /** Own lines of all rooms that wait for their acknowledgement; changes of lines are counted apart. */
  readonly queued: number;
  /** Changes of lines (other words, taken back, reactions) that wait for theirs. */
  readonly changing: number;
  /** The server's bounds, once it has told them. */
  readonly limits: ChatLimits | null;
  /** The last error that belongs to no room. */
  readonly notice?: ErrorNotice;
}

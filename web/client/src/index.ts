// What the page may use of the core.
export { Chat, type ChatOptions } from './chat.ts';
export { withFallback } from './fallback.ts';
export { isCode } from './picture.ts';
export { browser } from './platform.ts';
export type { StorageLike, WebSocketLike } from './platform.ts';
export type {
  ChatLimits, ChatView, Earlier, ErrorNotice, GapLine, GapReason, Line, LineChange, LineReaction, LineState, Link, MessageLine, Person, PresenceLine, PrivateLine, RoomStatus, RoomView,
} from './view.ts';

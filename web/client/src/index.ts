// What `@charsu/client` gives: a session of promises and events (`connect`), and snapshots for a page that draws (`Chat`). A bundler
// leaves out what is not imported.
export { Chat, type ChatOptions } from './chat.ts';
export { EventSocket, type Fetch } from './by-http.ts';
export { withFallback } from './fallback.ts';
export { isCode } from './picture.ts';
export { browser } from './platform.ts';
export type { StorageLike, Token, WebSocketLike } from './platform.ts';
export type {
  ChatLimits, ChatView, Earlier, ErrorNotice, GapLine, GapReason, Line, LineChange, LineReaction, LineState, Link, MessageLine, Person, PresenceLine, PrivateLine, RoomStatus, RoomView,
} from './view.ts';
export { Refusal } from './refusal.ts';
export { connect, type ConnectOptions, type Session, type SessionHappenings, type SessionLink } from './talk/session.ts';
export type { Room, RoomHappenings } from './talk/room.ts';
export type * from './talk/events.ts';

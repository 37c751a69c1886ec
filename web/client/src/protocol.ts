// The frames of `charsu.v1`, as docs/protocol.md describes them. Types only: what arrives is checked in decode.ts.

/** A place in a room's log: `epoch` names one life of the log, `seq` counts from 1 without holes. */
export type Position = { epoch: string; seq: number };

/** A member of a room. `id` is the member number; a guest with an empty name has not told one. */
export type Member = { id: number; name: string; guest?: boolean };

/** Bounds of this server: characters of a line, characters of a name, rooms of one connection. */
export type Limits = { text_chars: number; name_chars: number; rooms: number };

export type ResetReason = 'too_old' | 'epoch' | 'future' | 'slow';

/** What the page sends. `id` rises with each command of a session. */
export type ClientFrame =
  | { type: 'hello'; session?: string }
  | { type: 'join'; id: number; room: string; name: string; since?: Position }
  | { type: 'say'; id: number; room: string; text: string }
  | { type: 'private'; id: number; room: string; to: number; text: string }
  | { type: 'typing'; room: string; on: boolean }
  | { type: 'people'; id: number; room: string; after?: number }
  | { type: 'leave'; id: number; room: string }
  | { type: 'ping' };

/** What changes a room, numbered. `at` is Unix milliseconds by the server's clock: for showing, never for ordering. */
export type Event =
  | { type: 'message'; room: string; seq: number; at: number; from: number; name: string; text: string; guest?: boolean }
  | { type: 'private'; room: string; seq: number; at: number; from: number; name: string; to: number; to_name: string; text: string }
  | { type: 'join'; room: string; seq: number; at: number; member: Member }
  | { type: 'leave'; room: string; seq: number; at: number; member: Member }
  | { type: 'skip'; room: string; seq: number };

/** What `joined` and `reset` say alike: where one stands now, and who is there. */
export type Snapshot = {
  room: string;
  epoch: string;
  seq: number;
  you: number;
  name: string;
  resumed: boolean;
  members: Member[];
  count: number;
  history: Event[];
};

/** What the server sends. */
export type ServerFrame =
  | { type: 'welcome'; session: string; resumed: boolean; heartbeat_ms: number; limits: Limits }
  | ({ type: 'joined'; id: number } & Snapshot)
  | ({ type: 'reset'; id?: number; reason: ResetReason } & Snapshot)
  | { type: 'ack'; id: number; room: string; epoch: string; seq: number }
  | { type: 'people'; id: number; room: string; members: Member[]; count: number; more: boolean }
  | { type: 'left'; id: number; room: string }
  | { type: 'pong' }
  | { type: 'error'; code: string; message: string; id?: number; room?: string; retry_after_ms?: number; suggestion?: string; near?: string[] }
  | { type: 'typing'; room: string; from: number; on: boolean }
  | Event;

/** One kind of frame by its `type`. */
export type Frame<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>;

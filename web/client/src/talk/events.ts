// What happens in a room, as a program is told it: the frames of docs/protocol.md, and what a reader of one room adds to them.
import type { Frame } from '../frames.ts';
import type { GapReason } from '../view.ts';

/** A place in a room's log: `epoch` names one life of the log, `seq` counts in it from 1. */
export interface Place {
  readonly epoch: string;
  readonly seq: number;
}

interface Told extends Place {
  /** By the person who listens. */
  readonly own: boolean;
  /** From before one came in, or from while one was away: told by the history, not as it happened. A bot need not answer it. */
  readonly past: boolean;
}

/** `at` is Unix milliseconds by the server's clock: for showing, never for ordering. `target` is the `seq` of a line of the same epoch. */
type Happened<T extends Frame<'message' | 'private' | 'edit' | 'delete' | 'react' | 'join' | 'leave'>> = T extends unknown ? Readonly<Omit<T, 'room'>> & Told : never;

export type Message = Happened<Frame<'message'>>;
export type PrivateMessage = Happened<Frame<'private'>>;
export type Edit = Happened<Frame<'edit'>>;
export type Delete = Happened<Frame<'delete'>>;
export type Reaction = Happened<Frame<'react'>>;
export type Presence = Happened<Frame<'join' | 'leave'>>;

/** Here events are missing. What the room still tells of them follows as `past`. */
export interface Reset {
  readonly type: 'reset';
  readonly reason: GapReason;
}

export type Said = Message | PrivateMessage;
export type RoomEvent = Said | Edit | Delete | Reaction | Presence | Reset;

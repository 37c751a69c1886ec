// The protocol's frames by the names under which the core speaks of them. The types themselves are generated: protocol.ts.
import type { ServerFrame, Snapshot } from './protocol.ts';

/** One kind of frame by its `type`. */
export type Frame<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>;

/** What changes a room, numbered. */
export type Event = Frame<'message' | 'private' | 'edit' | 'delete' | 'react' | 'join' | 'leave' | 'skip'>;

/** What was said. */
export type Saying = Frame<'message' | 'private'>;

/** A frame with a past, whose history is known to hold events only. */
type Checked<T> = Omit<T, 'history'> & { history: Event[] };
export type CheckedSnapshot = Checked<Snapshot>;

/** `joined` or `reset`: where one stands in a room now. */
export type Arrival = Checked<Frame<'joined'>> | Checked<Frame<'reset'>>;

/** A page of the past: lines only, oldest first. */
export type PastPage = Omit<Frame<'history'>, 'events'> & { events: Saying[] };

/** A frame of the server that was checked. */
export type Heard = Exclude<ServerFrame, { type: 'joined' | 'reset' | 'history' }> | Arrival | PastPage;

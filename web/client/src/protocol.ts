// The frames of `charsu.v1`: generated from src/protocol/frame/, not to be edited.
// CHARSU_WRITE_TYPES=1 cargo test --lib typescript writes it anew.

export type ClientFrame = { "type": "hello", 
/**
 * The secret of an earlier `welcome`.
 */
session?: string, } | { "type": "join", 
/**
 * The command's number in its session.
 */
id: number, 
/**
 * A code or a room's name.
 */
room: string, 
/**
 * The name to claim.
 */
name: string, 
/**
 * Where to go on.
 */
since?: Position, } | { "type": "say", 
/**
 * The command's number in its session.
 */
id: number, 
/**
 * Where.
 */
room: string, 
/**
 * What.
 */
text: string, } | { "type": "private", 
/**
 * The command's number in its session.
 */
id: number, 
/**
 * Where.
 */
room: string, 
/**
 * The member's number.
 */
to: number, 
/**
 * What.
 */
text: string, } | { "type": "edit", 
/**
 * The command's number in its session.
 */
id: number, 
/**
 * Where.
 */
room: string, 
/**
 * The line's number.
 */
seq: number, 
/**
 * What it is to say.
 */
text: string, } | { "type": "delete", 
/**
 * The command's number in its session.
 */
id: number, 
/**
 * Where.
 */
room: string, 
/**
 * The line's number.
 */
seq: number, } | { "type": "react", 
/**
 * The command's number in its session.
 */
id: number, 
/**
 * Where.
 */
room: string, 
/**
 * The line's number.
 */
seq: number, 
/**
 * The emoji.
 */
emoji: string, 
/**
 * Whether it is to be there.
 */
on: boolean, } | { "type": "history", 
/**
 * The command's number in its session.
 */
id: number, 
/**
 * Where.
 */
room: string, 
/**
 * Only lines before this number, the nearest ones.
 */
before?: number, 
/**
 * Only lines after this number, the nearest ones.
 */
after?: number, 
/**
 * How many at most: 200, or less.
 */
limit?: number, } | { "type": "typing", 
/**
 * Where.
 */
room: string, 
/**
 * Whether it goes on.
 */
on: boolean, } | { "type": "people", 
/**
 * The command's number in its session.
 */
id: number, 
/**
 * Where.
 */
room: string, 
/**
 * The last member number of the page before.
 */
after?: number, } | { "type": "leave", 
/**
 * The command's number in its session.
 */
id: number, 
/**
 * Which.
 */
room: string, } | { "type": "ping" };

export type ServerFrame = { "type": "welcome", 
/**
 * The session's secret.
 */
session: string, 
/**
 * Whether the offered session is still known.
 */
resumed: boolean, 
/**
 * Milliseconds of silence after which a client asks with `ping`.
 */
heartbeat_ms: number, 
/**
 * What is allowed.
 */
limits: Limits, } | { "type": "joined", 
/**
 * The command's number.
 */
id: number, 
/**
 * Which room, by its proper name.
 */
room: string, 
/**
 * The life of the log.
 */
epoch: string, 
/**
 * The position after which events follow.
 */
seq: number, 
/**
 * Your member number.
 */
you: number, 
/**
 * Your name as it stands.
 */
name: string, 
/**
 * You were a member all the time, and what you missed follows.
 */
resumed: boolean, 
/**
 * The first 200 members, by number.
 */
members: Array<Member>, 
/**
 * How many are in the room.
 */
count: number, 
/**
 * Events of the past that you may see, oldest first.
 */
history: Array<ServerFrame>, 
/**
 * There may be lines before these: `history` asks for them.
 */
earlier?: boolean, } | { "type": "reset", 
/**
 * The command's number, if it answers one.
 */
id?: number, 
/**
 * Why.
 */
reason: ResetReason, 
/**
 * Which room, by its proper name.
 */
room: string, 
/**
 * The life of the log.
 */
epoch: string, 
/**
 * The position after which events follow.
 */
seq: number, 
/**
 * Your member number.
 */
you: number, 
/**
 * Your name as it stands.
 */
name: string, 
/**
 * You were a member all the time, and what you missed follows.
 */
resumed: boolean, 
/**
 * The first 200 members, by number.
 */
members: Array<Member>, 
/**
 * How many are in the room.
 */
count: number, 
/**
 * Events of the past that you may see, oldest first.
 */
history: Array<ServerFrame>, 
/**
 * There may be lines before these: `history` asks for them.
 */
earlier?: boolean, } | { "type": "ack", 
/**
 * The command's number.
 */
id: number, 
/**
 * Where.
 */
room: string, 
/**
 * The life of the log.
 */
epoch: string, 
/**
 * The event's number.
 */
seq: number, } | { "type": "people", 
/**
 * The command's number.
 */
id: number, 
/**
 * Where.
 */
room: string, 
/**
 * At most 200, by member number.
 */
members: Array<Member>, 
/**
 * How many are in the room.
 */
count: number, 
/**
 * Whether more follow.
 */
more: boolean, } | { "type": "history", 
/**
 * The command's number.
 */
id: number, 
/**
 * Where.
 */
room: string, 
/**
 * Lines that you may see, oldest first.
 */
events: Array<ServerFrame>, 
/**
 * Whether there is more in the same direction.
 */
more: boolean, } | { "type": "goaway", 
/**
 * Milliseconds; another number for each client, so that not all come at once.
 */
retry_after_ms: number, } | { "type": "left", 
/**
 * The command's number.
 */
id: number, 
/**
 * Which.
 */
room: string, } | { "type": "pong" } | { "type": "error", 
/**
 * The stable name.
 */
code: string, 
/**
 * English words for a person.
 */
message: string, 
/**
 * The command's number, if it had one.
 */
id?: number, 
/**
 * The room, if it concerns one.
 */
room?: string, 
/**
 * Milliseconds after which to try again.
 */
retry_after_ms?: number, 
/**
 * A name that is free.
 */
suggestion?: string, 
/**
 * Names like the one that was not found.
 */
near?: Array<string>, } | { "type": "typing", 
/**
 * Where.
 */
room: string, 
/**
 * The member's number.
 */
from: number, 
/**
 * Whether it goes on.
 */
on: boolean, } | { "type": "message", 
/**
 * Where.
 */
room: string, 
/**
 * The number.
 */
seq: number, 
/**
 * Unix milliseconds.
 */
at: number, 
/**
 * The member's number.
 */
from: number, 
/**
 * The name.
 */
name: string, 
/**
 * The name is only written on the message.
 */
guest?: boolean, 
/**
 * What was said, as it stands now.
 */
text: string, 
/**
 * When its words were last changed, in Unix milliseconds.
 */
edited_at?: number, 
/**
 * The reactions that it bears, oldest first.
 */
reactions?: Array<Reaction>, } | { "type": "private", 
/**
 * Where.
 */
room: string, 
/**
 * The number.
 */
seq: number, 
/**
 * Unix milliseconds.
 */
at: number, 
/**
 * The sender's number.
 */
from: number, 
/**
 * The sender's name.
 */
name: string, 
/**
 * The receiver's number.
 */
to: number, 
/**
 * The receiver's name.
 */
to_name: string, 
/**
 * What was said, as it stands now.
 */
text: string, 
/**
 * When its words were last changed, in Unix milliseconds.
 */
edited_at?: number, 
/**
 * The reactions that it bears, oldest first.
 */
reactions?: Array<Reaction>, } | { "type": "edit", 
/**
 * Where.
 */
room: string, 
/**
 * The number.
 */
seq: number, 
/**
 * Unix milliseconds.
 */
at: number, 
/**
 * Which line.
 */
target: number, 
/**
 * The member's number.
 */
from: number, 
/**
 * What it says now.
 */
text: string, } | { "type": "delete", 
/**
 * Where.
 */
room: string, 
/**
 * The number.
 */
seq: number, 
/**
 * Unix milliseconds.
 */
at: number, 
/**
 * Which line.
 */
target: number, 
/**
 * The member's number.
 */
from: number, } | { "type": "react", 
/**
 * Where.
 */
room: string, 
/**
 * The number.
 */
seq: number, 
/**
 * Unix milliseconds.
 */
at: number, 
/**
 * Which line.
 */
target: number, 
/**
 * The member's number.
 */
from: number, 
/**
 * The member's name.
 */
name: string, 
/**
 * The emoji.
 */
emoji: string, 
/**
 * Whether it is there now.
 */
on: boolean, } | { "type": "join", 
/**
 * Where.
 */
room: string, 
/**
 * The number.
 */
seq: number, 
/**
 * Unix milliseconds.
 */
at: number, 
/**
 * Who.
 */
member: Member, } | { "type": "leave", 
/**
 * Where.
 */
room: string, 
/**
 * The number.
 */
seq: number, 
/**
 * Unix milliseconds.
 */
at: number, 
/**
 * Who.
 */
member: Member, } | { "type": "skip", 
/**
 * Where.
 */
room: string, 
/**
 * The number.
 */
seq: number, };

export type Snapshot = { 
/**
 * Which room, by its proper name.
 */
room: string, 
/**
 * The life of the log.
 */
epoch: string, 
/**
 * The position after which events follow.
 */
seq: number, 
/**
 * Your member number.
 */
you: number, 
/**
 * Your name as it stands.
 */
name: string, 
/**
 * You were a member all the time, and what you missed follows.
 */
resumed: boolean, 
/**
 * The first 200 members, by number.
 */
members: Array<Member>, 
/**
 * How many are in the room.
 */
count: number, 
/**
 * Events of the past that you may see, oldest first.
 */
history: Array<ServerFrame>, 
/**
 * There may be lines before these: `history` asks for them.
 */
earlier?: boolean, };

export type Member = { 
/**
 * The number in this room.
 */
id: number, 
/**
 * The name; empty for a guest that has told none.
 */
name: string, 
/**
 * The name is not claimed.
 */
guest?: boolean, };

export type Reaction = { 
/**
 * The member's number.
 */
from: number, 
/**
 * The member's name at that time.
 */
name: string, 
/**
 * The emoji.
 */
emoji: string, };

export type Position = { 
/**
 * The life of the log.
 */
epoch: string, 
/**
 * The last number that was received.
 */
seq: number, };

export type Limits = { 
/**
 * Characters of a text.
 */
text_chars: number, 
/**
 * Visible characters of a name.
 */
name_chars: number, 
/**
 * Rooms of one connection.
 */
rooms: number, };

export type ResetReason = "too_old" | "epoch" | "future" | "slow" | "left";

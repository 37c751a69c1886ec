//! How events look on each wire: one encoding per wire, shared by all its members. Pure translation from [`Event`] to
//! WebSocket text frames or server-sent events; no wire knows another's words but those of `charsu.v1`, and none knows who is
//! connected. Here is what all wires are asked for; what a room's readers share of it is in [`Batch`].

mod batch;
mod carrier;
mod charsu;
mod one_segment;
pub mod socketio;
mod sse;
mod two_segment;

pub use batch::Batch;
pub use carrier::Carrier;
pub use charsu::{card, snapshot_event};
pub use one_segment::notice as one_segment_notice;
#[cfg(test)]
pub(crate) use sse::{LastWords, REFUSAL_EVENT};
pub use sse::{MARK, Mark};
pub use two_segment::{error as two_segment_error, notice as two_segment_notice, users as two_segment_users};

use crate::names::RoomName;
use crate::protocol::{Close, Event, Kind, MemberId, Refusal, Seq, ServerFrame};
use crate::room::Epoch;
use crate::transport::ws::close;
use crate::transport::ws::frame::{self, Opcode};
use socketio::{Flavour, Namespace, Place};

/// The encodings, a closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wire {
    /// `charsu.v1`.
    Charsu,
    /// Pages of the tutorial that connects to `/ws/{room}`.
    OneSegment,
    /// Pages of the programs that connect to `/ws/{room}/{name}`.
    TwoSegment,
    /// Server-sent events over HTTP.
    Sse,
    /// Pages of Socket.IO.
    SocketIo(Flavour),
}

/// How an event is seen: what its frames say beside the event itself.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Where it happened.
    pub room: &'a RoomName,
    /// In which life the room's log is.
    pub epoch: Epoch,
    /// By whom it is seen; without a viewer, by somebody whom a private line does not concern.
    pub viewer: Option<MemberId>,
    /// How many people with a claimed name are in the room after it, where that is known. Nothing but who comes and goes is told
    /// with it, so lines of the past are seen without.
    pub named: Option<usize>,
}

/// How the answer to a command finds the one that waits for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplyTo {
    /// Nobody waits for it.
    #[default]
    Nobody,
    /// By the command's number, on wires that carry frames.
    Number(u64),
    /// By an acknowledgement id, on Socket.IO.
    Acknowledgement {
        /// In which namespace.
        namespace: Namespace,
        /// The client's own number.
        id: u64,
    },
}

impl ReplyTo {
    /// The number, on wires that number commands.
    fn number(self) -> Option<u64> {
        match self {
            Self::Number(n) => Some(n),
            Self::Nobody | Self::Acknowledgement { .. } => None,
        }
    }
}

impl Wire {
    /// Every wire; of Socket.IO some flavours.
    pub fn all() -> impl Iterator<Item = Self> {
        let others = [Self::Charsu, Self::OneSegment, Self::TwoSegment, Self::Sse];
        others.into_iter().chain(Flavour::SAMPLES.map(Self::SocketIo))
    }

    /// Whether some members may see something else of an event than the others do.
    fn may_differ(self, kind: &Kind) -> bool {
        match self {
            Self::Charsu | Self::OneSegment | Self::TwoSegment | Self::Sse => !kind.is_for_all(),
            Self::SocketIo(flavour) => flavour.may_differ(kind),
        }
    }

    /// Whether this member sees something else of such an event.
    fn differs_for(self, kind: &Kind, viewer: MemberId) -> bool {
        match self {
            Self::Charsu | Self::OneSegment | Self::TwoSegment | Self::Sse => kind.is_for(viewer),
            Self::SocketIo(flavour) => flavour.differs_for(kind, viewer),
        }
    }

    /// Appends the frames of one event in this view. May append nothing on a wire without numbers.
    pub fn encode(self, event: &Event, view: View<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Charsu => charsu::event(view.room, event, view.viewer, out),
            Self::OneSegment => one_segment::event(event, view.viewer, out),
            Self::TwoSegment => two_segment::event(view.room, event, view.viewer, out),
            Self::Sse => sse::event(view.room, event, view.viewer, out),
            Self::SocketIo(flavour) => socketio::event(flavour, event, view, out),
        }
    }

    /// Whether it carries the frames of `charsu.v1`, as its own messages or as the data of events.
    pub const fn has_frames(self) -> bool {
        match self {
            Self::Charsu | Self::Sse => true,
            Self::OneSegment | Self::TwoSegment | Self::SocketIo(_) => false,
        }
    }

    /// Appends an answer for one client, on wires that carry frames.
    pub fn answer(self, frame: &ServerFrame<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Charsu => charsu::answer(frame, out),
            Self::Sse => sse::answer(frame, out),
            Self::OneSegment | Self::TwoSegment | Self::SocketIo(_) => {}
        }
    }

    /// Appends what shows that the line lives, and asks a peer that can answer to do so.
    pub fn ping(self, out: &mut Vec<u8>) {
        match self {
            Self::Charsu | Self::OneSegment | Self::TwoSegment => frame::push(out, Opcode::Ping, b""),
            Self::Sse => sse::ping(out),
            Self::SocketIo(_) => frame::push(out, Opcode::Text, b"2"),
        }
    }

    /// Whether a peer wants a ping after each interval, and not only when it was silent.
    pub fn pings_by_the_clock(self) -> bool {
        match self {
            Self::Charsu | Self::OneSegment | Self::TwoSegment | Self::Sse => false,
            Self::SocketIo(_) => true,
        }
    }

    /// Appends the last words, which say why the connection ends.
    pub fn close(self, why: Close, out: &mut Vec<u8>) {
        match self {
            Self::Charsu | Self::OneSegment | Self::TwoSegment | Self::SocketIo(_) => {
                close::push(out, why.code(), why.reason());
            }
            Self::Sse => sse::close(why, out),
        }
    }

    /// Appends the answer to a command that changed a room. In a tutorial dialect the echo is the answer.
    pub fn acknowledge(self, reply: ReplyTo, room: &RoomName, epoch: Epoch, seq: Seq, out: &mut Vec<u8>) {
        match (self, reply) {
            (Self::Charsu, ReplyTo::Number(id)) => charsu::acknowledge(id, room, epoch, seq, out),
            (Self::Sse, ReplyTo::Number(id)) => sse::acknowledge(id, room, epoch, seq, out),
            (Self::SocketIo(_), ReplyTo::Acknowledgement { namespace, id }) => {
                socketio::acknowledge(namespace, id, out);
            }
            (Self::Charsu | Self::OneSegment | Self::TwoSegment | Self::Sse | Self::SocketIo(_), _) => {}
        }
    }

    /// Appends the words that a command was refused. `at` is where in the room they stand, for who counts by that: after the
    /// event of this number.
    pub fn refuse(self, refusal: &Refusal, reply: ReplyTo, room: &RoomName, at: Option<Place>, out: &mut Vec<u8>) {
        match (self, reply) {
            (Self::Charsu, _) => {
                charsu::answer(&ServerFrame::refusal(refusal, reply.number(), Some(room.as_str())), out);
            }
            (Self::OneSegment, _) => one_segment::notice(&refusal.in_one_line(), out),
            (Self::TwoSegment, _) => two_segment::notice(&refusal.in_one_line(), out),
            (Self::Sse, _) => sse::refuse(refusal, reply.number(), room, out),
            (Self::SocketIo(_), ReplyTo::Acknowledgement { namespace, id }) => {
                socketio::acknowledge_refused(namespace, id, refusal, out);
            }
            (Self::SocketIo(flavour), _) => socketio::notice(flavour, room, at, &refusal.in_one_line(), out),
        }
    }

    /// Appends the answer to a leave.
    pub fn leave(self, reply: ReplyTo, room: &RoomName, out: &mut Vec<u8>) {
        match (self, reply) {
            (Self::SocketIo(_), ReplyTo::Acknowledgement { namespace, id }) => {
                socketio::acknowledge(namespace, id, out);
            }
            (_, ReplyTo::Number(id)) => self.answer(&ServerFrame::Left { id, room: room.as_str().into() }, out),
            (_, ReplyTo::Nobody | ReplyTo::Acknowledgement { .. }) => {}
        }
    }

    /// Appends the news that the server stops, and when to come back.
    pub fn goaway(self, retry_after_ms: u64, out: &mut Vec<u8>) {
        self.answer(&ServerFrame::Goaway { retry_after_ms }, out);
    }

    /// Appends a frame which says that somebody types or stopped.
    pub fn encode_typing(self, room: &RoomName, from: MemberId, name: &str, on: bool, out: &mut Vec<u8>) {
        match self {
            Self::Charsu => charsu::typing(room, from, on, out),
            Self::OneSegment => one_segment::typing(name, on, out),
            // The programs of this path know no typing: their pages would ignore it at best.
            Self::TwoSegment => {}
            Self::Sse => sse::typing(room, from, on, out),
            Self::SocketIo(flavour) => socketio::typing(flavour, room, name, on, out),
        }
    }
}

#[cfg(test)]
mod tests;

//! The closed sets that everything else speaks of: what a person may ask ([`Command`]), what can happen in a room
//! ([`Event`]), what a client may be told ([`Refusal`], [`Close`]) and the frames of the `charsu.v1` wire.
//!
//! Knows no socket, no room and no clock. Every match on these enums is without a wildcard, so that a new variant makes
//! the compiler list each place that has to decide.

mod close;
mod command;
mod event;
mod frame;
mod refusal;

pub use close::Close;
#[cfg(test)]
pub(crate) use command::Flat;
pub use command::{Command, Edge, Malformed, Page, Position, SAFE_INTEGER};
pub use event::{Event, Form, Kind, Marks, Member, MemberId, Pair, Reaction, Seq};
pub use frame::{ClientFrame, Limits, MemberCard, ReactionCard, ResetReason, ServerFrame, Since, Snapshot};
pub use refusal::{Code, Refusal};

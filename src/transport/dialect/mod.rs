//! The wires of other programs' pages: each a thin translator, unmodified pages on one side, the hub on the other.
//!
//! What both have in common stands here: a connection is one room, its frames are tolerant JSON, a refusal is a line of
//! the server's own, and nothing of it outlives the connection.

mod one_segment;
mod page;
mod two_segment;

pub(crate) use one_segment::OneSegment;
pub(crate) use two_segment::TwoSegment;

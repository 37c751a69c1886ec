//! The frames of the `charsu.v1` wire, as types. `docs/protocol.md` describes them, `docs/fixtures/` has one of each, and
//! `web/client/src/protocol.ts` is generated from here (a test fails when it is stale).
//!
//! Knows nothing of sending. Commands on the hot path are read by [`super::command`] without building these.

mod card;
mod client;
mod server;

pub use card::{MemberCard, ReactionCard, Snapshot};
pub use client::{ClientFrame, Since};
pub use server::{Limits, ResetReason, ServerFrame};

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests;

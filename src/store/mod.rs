//! Where a room's log lives. A closed enum, chosen once at start; every store behaves the same towards rooms and wires.
//!
//! Appending is always the same path: the hub hands over a draft and a receipt, with the room's lock held so that order is
//! decided once; the store answers at once or later with the numbered event and that receipt, in order; only then does the
//! room accept it, and is the sender told. Knows no transport and no connection: the receipt is opaque here.

mod memory;
pub mod sqlite;

pub use memory::Memory;

use thiserror::Error;

use crate::protocol::{Event, Refusal};
use crate::room::{Draft, Room, RoomLimits};

/// A store that can be chosen.
#[derive(Debug)]
pub enum Store {
    /// Nothing outlives the process.
    Memory(Memory),
}

/// What became of a draft.
#[derive(Debug)]
pub enum Appended<R> {
    /// Decided, numbered and as durable as this store promises.
    Now(Result<Event, Refusal>, R),
}

/// Why a store could not be opened.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The address names no store that this build knows.
    #[error("store: `{0}` names no store of this build; use memory:")]
    Unknown(String),
}

impl Store {
    /// Opens the store that an address names. Now: `memory:`.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for any other address.
    pub fn open(address: &str) -> Result<Self, StoreError> {
        match address {
            "memory:" => Ok(Self::Memory(Memory)),
            other => Err(StoreError::Unknown(other.to_owned())),
        }
    }

    /// Decides on a draft, numbers it and keeps it. Called with the room's lock held.
    pub fn append<R>(&self, room: &Room, draft: Draft, at: u64, limits: RoomLimits, receipt: R) -> Appended<R> {
        match self {
            Self::Memory(memory) => memory.append(room, draft, at, limits, receipt),
        }
    }
}

//! A client of `charsu.v1` with the guarantees of the page: what one says goes out once however often the connection breaks,
//! what others say is told once and in the order of its numbers, and what is missing or in doubt is called so.
//!
//! [`Chat`] is all of it without a socket: told the time and what came, it says what is to be done and what is new. [`Client`]
//! is a `Chat` with a connection. [`socket`] is the WebSocket, which `charsu load` uses, too.
//!
//! A bot that repeats what others say:
//!
//! ```no_run
//! use charsu::client::{Address, Client, News, What};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let (server, _) = Address::parse("http://127.0.0.1:8000")?;
//! let mut client = Client::new(server);
//! let room = client.chat().join("general", "Echo");
//! loop {
//!     if let News::Happened { happening, .. } = client.next().await
//!         && let What::Said(said) = happening.what
//!         && !client.view().room(room).is_own(said.from)
//!     {
//!         client.chat().say(room, &said.text)?;
//!     }
//! }
//! # }
//! ```

mod address;
mod chat;
mod driver;
mod event;
mod frames;
mod link;
mod news;
mod outbox;
mod reach;
mod roster;
mod seat;
pub mod socket;
mod token;
mod typing;
mod wire;

pub use address::{Address, Authority, BadAddress};
pub use chat::Chat;
pub use driver::Client;
pub use event::{Happening, LineKey, Person, Position, Reaction, Refused, RoomKey, Said, What};
pub use link::{Ended, LinkState};
pub use news::{Act, News};
pub use outbox::{Ask, Full, LineState, OwnLine, Receiver};
pub(crate) use reach::Stream;
pub use reach::{Line, Trust, Unreached, Untrusting, reach};
pub use roster::Roster;
pub use seat::{How, Seat, Status};
pub use token::{BadToken, NoToken, Token, TokenSource, is_here, is_private};

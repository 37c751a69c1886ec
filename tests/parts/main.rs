//! Parts of the server and of its clients by themselves, without a connection: what they promise, held against models, other
//! people's libraries and anything at all. `cargo test --test parts names::` plays those of one part.

mod client_machine;
mod machine;
mod names;
mod room;
mod socketio_codec;
mod sqlite_store;
#[cfg(feature = "terminal")]
mod terminal;
mod websocket_codec;

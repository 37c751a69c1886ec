//! Scenes against the real server, each on one of its own: what people, pages and programs find when they come by any wire.
//!
//! One program holds them all, for each program compiles `tests/scene/` and is linked with all the rest. `cargo test --test
//! scenes changes::` plays those of one file. What throws more at the server than people would is in `tests/storms/`. What
//! counts this process's own memory has a program of its own.

#[path = "../proxy/mod.rs"]
mod proxy;
#[path = "../scene/mod.rs"]
mod scene;

mod auth;
mod bad_input;
mod changes;
mod client;
mod commands;
mod compression;
mod conversation;
mod described;
mod dialects;
mod docs;
mod events;
mod every_wire;
mod heartbeat;
mod http_hardening;
mod join;
mod limits;
mod load_tool;
mod origin;
mod page;
mod pages;
mod people;
mod resends;
mod resume;
mod rooms;
mod sessions;
mod slow_reader;
mod socketio;
mod socketio_polling;
mod socketio_recovery;
mod startup;
mod stored;
mod tls;

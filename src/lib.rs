//! Charsu: a chat server in which a room is a numbered log and a connection is a cursor into it.
//!
//! Read in this order: [`protocol`], [`room`], [`hub`], [`session`], [`transport::ws`]. What serves them (settings, start-up,
//! HTTP, the embedded page) is around them and knows nothing of what is said in rooms.

pub mod auth;
pub mod cli;
pub mod client;
pub mod code;
pub mod config;
#[cfg(test)]
mod describe;
pub mod hub;
mod json;
pub mod lan;
pub mod limits;
pub mod load;
pub mod logs;
pub mod names;
pub mod pace;
pub mod pages;
mod permits;
pub mod protocol;
pub mod room;
pub mod server;
pub mod session;
pub mod slash;
pub mod store;
pub mod terminal;
pub mod text;
pub mod transport;
pub mod web;
pub mod wire;

//! `charsu join`, run as somebody runs it, against the real server: in pipes, and in a terminal.

mod pipes;
#[path = "../scene/mod.rs"]
mod scene;

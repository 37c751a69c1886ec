//! What is thrown at the server: lines that break, disks that are full, ends in the middle of everything, crowds, and anything
//! at all. An oracle judges what everybody wrote down, and is judged here itself.
//!
//! `cargo test --test storms restarts::` plays those of one file.

#[path = "../oracle/mod.rs"]
mod oracle;
#[path = "../proxy/mod.rs"]
mod proxy;
#[path = "../sailor/mod.rs"]
mod sailor;
#[path = "../scene/mod.rs"]
mod scene;

mod all_wires;
mod bad_lines;
mod full_disk;
mod fuzz;
mod load;
mod oracle_itself;
mod restarts;
mod stage;
mod storm;

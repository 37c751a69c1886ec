//! How Charsu grows: what a delivery costs when there are many rooms, what a large room costs whoever comes, what thousands
//! who come at once cost, what each connection weighs, and that all is given back. The server is a process of its own.
//!
//! `CHARSU_FULL=1 cargo test --release --test growth -- --nocapture --test-threads 1` plays the full forms, whose figures
//! stand in docs/growth.md. The short forms run in a debug build beside other tests: what they hold are counts, and ratios of
//! what was measured in one run.
#![allow(clippy::cast_precision_loss, reason = "counts and bytes, of which three digits matter")]

mod connections;
mod large_room;
mod many_rooms;
mod room_memory;
#[path = "../scene/mod.rs"]
mod scene;
mod socketio_memory;
mod visitor;

use tokio::sync::{Mutex, MutexGuard};

/// One at a time: they would measure each other, and together have more files open than a process may.
async fn alone() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
    rlimit::increase_nofile_limit(25_000).expect("the limit of open files can be raised");
    ONE_AT_A_TIME.lock().await
}

/// The middle one.
fn median<T: PartialOrd + Copy>(of: &[T]) -> T {
    let mut sorted = of.to_vec();
    sorted.sort_unstable_by(|a, b| a.partial_cmp(b).expect("numbers"));
    sorted[sorted.len() / 2]
}

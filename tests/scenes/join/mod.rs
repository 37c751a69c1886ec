//! `charsu join`, run as somebody runs it, against the real server: in pipes, and in a terminal.

mod document;
mod guarded;
mod pipes;
#[cfg(all(target_os = "linux", feature = "terminal"))]
mod pty;
#[cfg(all(target_os = "linux", feature = "terminal"))]
mod screen;

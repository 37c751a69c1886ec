//! The whole screen, played without a terminal: frames of a server and keys of a person go in, and what would be seen comes
//! out of a buffer. `CHARSU_SHOW=1 cargo test --test parts terminal:: -- --nocapture` shows the screens.

mod drawing;
mod play;
mod using;

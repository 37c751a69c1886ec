//! A client of `charsu.v1`.

mod address;
pub mod socket;

pub use address::{Address, Authority, BadAddress};

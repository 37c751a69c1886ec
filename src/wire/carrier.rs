//! By which of its wires, and how compressed, a reader is sent a room. Knows neither readers nor rooms, and compresses nothing.

use super::Wire;
use super::socketio::Flavour;

/// How a reader is sent what a room's members share: on which wire, and whether compressed. What is for one reader alone is
/// never compressed: that work would be done for each of them.
///
/// Two bytes, for every reader has one, and one for each room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carrier(u16);

impl Carrier {
    /// How many bits tell the wires apart. The others are the flavour, on Socket.IO, or whether it is compressed.
    const WIRE_BITS: u8 = 3;

    /// The one of this wire, compressed or plain. Socket.IO is never compressed: its clients do not ask for it by themselves.
    pub const fn new(wire: Wire, deflated: bool) -> Self {
        let (wire, rest) = match wire {
            Wire::Charsu => (0, deflated as u8),
            Wire::OneSegment => (1, deflated as u8),
            Wire::TwoSegment => (2, deflated as u8),
            Wire::SocketIo(flavour) => (3, flavour.bits()),
            Wire::Sse => (4, deflated as u8),
        };
        Self(wire | (rest as u16) << Self::WIRE_BITS)
    }

    /// The encoding.
    pub const fn wire(self) -> Wire {
        match self.0 & ((1 << Self::WIRE_BITS) - 1) {
            0 => Wire::Charsu,
            1 => Wire::OneSegment,
            2 => Wire::TwoSegment,
            4 => Wire::Sse,
            _ => Wire::SocketIo(Flavour::from_bits((self.0 >> Self::WIRE_BITS) as u8)),
        }
    }

    /// Whether it is compressed.
    pub const fn is_deflated(self) -> bool {
        !matches!(self.wire(), Wire::SocketIo(_)) && self.0 >> Self::WIRE_BITS != 0
    }
}

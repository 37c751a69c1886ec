//! Where somebody stands in a room, as a page can keep it: written behind an event, or as one number. Whether the room still knows
//! the place is not known here.

use std::io::Write as _;

use super::Shape;
use crate::protocol::Seq;
use crate::room::Epoch;

/// Where somebody stands in a room: after the event of this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// In which life of the log.
    pub epoch: Epoch,
    /// After which event.
    pub seq: Seq,
}

impl Place {
    /// Reads what stands behind an event for a page that may [recover](super::Flavour::recovering): the place, and how it was
    /// sent lines.
    pub fn read(offset: &str) -> Option<(Self, Shape)> {
        let mut parts = offset.splitn(3, '-');
        let (epoch, seq, shape) = (parts.next()?, parts.next()?, parts.next()?);
        let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_plain(epoch) || !is_plain(seq) {
            return None;
        }
        let shape = [Shape::Plain, Shape::Strings, Shape::Object, Shape::Demo, Shape::Rooms]
            .into_iter()
            .find(|known| known.letter() == shape)?;
        let epoch = Epoch(u64::from_str_radix(epoch, 16).ok()?);
        Some((Self { epoch, seq: seq.parse().ok()? }, shape))
    }

    /// The bits of a [number](Self::number) below those of the epoch: a room has not lived to see so many events.
    const SEQ_BITS: u32 = 36;

    /// It as one number, for pages that know a line by such a one: of 52 bits, so that JavaScript holds it, of which the upper
    /// 16 tell one life of the log from another.
    pub fn number(self) -> u64 {
        let seq = self.seq & ((1 << Self::SEQ_BITS) - 1);
        (self.epoch.0 & 0xffff) << Self::SEQ_BITS | seq
    }

    /// After which event of this life of the log a [number](Self::number) is; nothing if it is of another life.
    pub fn seq_of(number: u64, epoch: Epoch) -> Option<Seq> {
        let seq = number & ((1 << Self::SEQ_BITS) - 1);
        (Self { epoch, seq }.number() == number).then_some(seq)
    }

    pub(super) fn push(self, shape: Shape, out: &mut Vec<u8>) {
        let Self { epoch, seq } = self;
        write!(out, "\"{:x}-{seq}-{}\"", epoch.0, shape.letter()).expect("a Vec takes every byte");
    }
}

//! How pages of Socket.IO differ in what they are sent: in which namespace, in which shape, and with which numbers behind it. Knows
//! which events differ for whom, and none of their words but a line's name.

use crate::code::Code;
use crate::names::RoomName;
use crate::protocol::{Kind, MemberId};

/// A namespace that somebody can be in: the main one, or that of a room with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Namespace(pub Option<Code>);

impl Namespace {
    /// As it is written, with the slash.
    pub fn written(self) -> String {
        self.0.map_or_else(|| "/".to_owned(), |code| format!("/{code}"))
    }
}

/// How a page speaks of lines, which is how it is sent them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// As the official chat example and tutorial, as far as is known: of a page that has said nothing yet.
    Plain,
    /// As pages that say `{text, user}`.
    Object,
    /// As the demo in the framework's own repository.
    Demo,
    /// In one room of several.
    Rooms,
    /// In strings alone, as the official chat example, which would draw an object as `[object Object]`.
    Strings,
}

impl Shape {
    /// As it stands in a [`Place`](super::Place) that was written.
    pub(super) const fn letter(self) -> &'static str {
        match self {
            Self::Plain => "p",
            Self::Strings => "s",
            Self::Object => "o",
            Self::Demo => "d",
            Self::Rooms => "r",
        }
    }

    /// The event in which such pages pass on what they write, so that others can read it as it was written; they do not
    /// listen to the other pages' events.
    pub(super) fn event(self) -> Option<&'static str> {
        match self {
            Self::Plain | Self::Object | Self::Strings => Some("chat message"),
            Self::Demo => None,
            Self::Rooms => Some("room message"),
        }
    }
}

/// All that decides on a frame beside the event: members of a room that agree in it share their frames. One byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flavour(u8);

impl Flavour {
    const SHAPE: u8 = 0b111;
    const OWN_NAMESPACE: u8 = 0b1000;
    const NUMBERED: u8 = 0b1_0000;
    const RECOVERING: u8 = 0b10_0000;

    /// Some of them, for tests: each shape, and each other property once.
    pub const SAMPLES: [Self; 9] = [
        Self::new(Shape::Plain, false, false),
        Self::new(Shape::Strings, false, false),
        Self::new(Shape::Strings, true, true),
        Self::new(Shape::Object, false, true),
        Self::new(Shape::Demo, false, false),
        Self::new(Shape::Demo, true, false),
        Self::new(Shape::Rooms, false, false),
        Self::new(Shape::Plain, false, true).recovering(),
        Self::new(Shape::Demo, true, false).recovering(),
    ];

    /// `own_namespace` for who is in the room through its namespace; `numbered` for who wants the number of each line, to
    /// come back with it.
    pub const fn new(shape: Shape, own_namespace: bool, numbered: bool) -> Self {
        let own = if own_namespace { Self::OWN_NAMESPACE } else { 0 };
        let numbers = if numbered { Self::NUMBERED } else { 0 };
        Self(shape as u8 | own | numbers)
    }

    /// How lines are spoken of.
    pub const fn shape(self) -> Shape {
        match self.0 & Self::SHAPE {
            0 => Shape::Plain,
            1 => Shape::Object,
            2 => Shape::Demo,
            3 => Shape::Rooms,
            _ => Shape::Strings,
        }
    }

    /// The same for who is told with each event where it stands, to come back there as if it had not been away.
    #[must_use]
    pub const fn recovering(self) -> Self {
        Self(self.0 | Self::RECOVERING)
    }

    pub(super) const fn recovers(self) -> bool {
        self.0 & Self::RECOVERING != 0
    }

    /// The same in another shape.
    #[must_use]
    pub const fn shaped(self, shape: Shape) -> Self {
        Self(self.0 & !Self::SHAPE | shape as u8)
    }

    pub(super) fn namespace(self, room: &RoomName) -> Namespace {
        Namespace(room.code().filter(|_| self.0 & Self::OWN_NAMESPACE != 0))
    }

    pub(super) const fn is_numbered(self) -> bool {
        self.0 & Self::NUMBERED != 0
    }

    pub(in crate::wire) const fn bits(self) -> u8 {
        self.0
    }

    pub(in crate::wire) const fn from_bits(bits: u8) -> Self {
        Self(bits & 0b11_1111)
    }

    /// Whether somebody is sent something else of an event than the others.
    pub(in crate::wire) fn may_differ(self, kind: &Kind) -> bool {
        !kind.is_for_all() || self.spares_sender(kind).is_some()
    }

    /// Whether this member is.
    pub(in crate::wire) fn differs_for(self, kind: &Kind, viewer: MemberId) -> bool {
        (!kind.is_for_all() && kind.is_for(viewer)) || self.spares_sender(kind) == Some(viewer)
    }

    /// The sender of a line that is not sent back.
    pub(super) fn spares_sender(self, kind: &Kind) -> Option<MemberId> {
        match kind {
            Kind::Message { from, form, .. } => (form.is_some() || self.shape() == Shape::Demo).then_some(*from),
            Kind::Passed { from, .. } => Some(*from),
            _ => None,
        }
    }
}

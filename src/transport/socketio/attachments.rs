//! Puts a packet together whose attachments come after it, each as a binary message of its own, in order.
//!
//! The text stays as it was written: placeholders stand in it where the attachments belong, `{"_placeholder":true,"num":0}`.
//! It is passed on like that, so what has to be sure is that each placeholder stands for an attachment that is there.

use super::Violation;
use super::fields::are_placeholders_good;
use super::packet::Packet;

/// A packet whose attachments have not all come.
#[derive(Debug)]
pub struct Assembly {
    text: String,
    wanted: usize,
    attachments: Vec<Vec<u8>>,
    bytes: usize,
    /// The most that all attachments may have, in bytes.
    max_bytes: usize,
}

/// A packet with all its attachments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// The packet as it was written, without the type of Engine.IO before it.
    pub text: String,
    /// What its placeholders stand for.
    pub attachments: Vec<Vec<u8>>,
}

impl Assembly {
    /// Begins with a packet that [was read](Packet::read) from `text` and announces attachments.
    ///
    /// # Errors
    /// [`Violation::Placeholder`].
    pub fn begin(packet: &Packet<'_>, text: &str, max_bytes: usize) -> Result<Self, Violation> {
        if !are_placeholders_good(packet.data, packet.attachments).map_err(|_| Violation::Payload)? {
            return Err(Violation::Placeholder);
        }
        let wanted = packet.attachments;
        Ok(Self { text: text.to_owned(), wanted, attachments: Vec::with_capacity(wanted), bytes: 0, max_bytes })
    }

    /// Takes the next attachment. Gives the packet back once it is whole.
    ///
    /// # Errors
    /// [`Violation::AttachmentsTooLarge`].
    pub fn take(mut self: Box<Self>, attachment: &[u8]) -> Result<Step, Violation> {
        self.bytes += attachment.len();
        if self.bytes > self.max_bytes {
            return Err(Violation::AttachmentsTooLarge);
        }
        self.attachments.push(attachment.to_vec());
        Ok(if self.attachments.len() < self.wanted {
            Step::More(self)
        } else {
            Step::Whole(Whole { text: self.text, attachments: self.attachments })
        })
    }
}

/// What an attachment led to.
#[derive(Debug)]
pub enum Step {
    /// Others are still to come.
    More(Box<Assembly>),
    /// It was the last one.
    Whole(Whole),
}

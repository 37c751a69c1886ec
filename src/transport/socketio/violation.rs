//! Every way in which a client can break the rules of Engine.IO or Socket.IO: the closed set. Each ends the session, as with
//! the server that these protocols were written for.

/// What a client did that ends its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// An Engine.IO packet without a type, or with one that does not exist.
    #[error("unknown type of an Engine.IO packet")]
    EngineType,
    /// A binary packet of a polling payload that is not Base64.
    #[error("a binary packet that is not Base64")]
    NotBase64,
    /// More packets in one payload than [`engine::MAX_PACKETS`](super::engine::MAX_PACKETS).
    #[error("too many packets in one payload")]
    TooManyPackets,
    /// A Socket.IO packet without a type, or with one that does not exist.
    #[error("unknown type of a Socket.IO packet")]
    PacketType,
    /// A number of attachments that is missing, malformed, or over
    /// [`packet::MAX_ATTACHMENTS`](super::packet::MAX_ATTACHMENTS).
    #[error("a number of attachments that cannot be")]
    AttachmentCount,
    /// A namespace over [`packet::MAX_NAMESPACE`](super::packet::MAX_NAMESPACE) bytes.
    #[error("the namespace is too long")]
    LongNamespace,
    /// An acknowledgement id over [`packet::MAX_ID`](super::packet::MAX_ID), which no client counts to.
    #[error("an acknowledgement id that cannot be")]
    AckId,
    /// The rest of the packet is no JSON, or not of the kind that its type needs.
    #[error("a payload that its packet cannot have")]
    Payload,
    /// JSON nested deeper than [`packet::MAX_DEPTH`](super::packet::MAX_DEPTH).
    #[error("the payload is nested too deeply")]
    TooDeep,
    /// An event with a name that only the libraries themselves may emit.
    #[error("an event with a reserved name")]
    ReservedEvent,
    /// Text came while attachments were still to come.
    #[error("text in the place of an attachment")]
    AttachmentMissing,
    /// An attachment that no packet announced.
    #[error("an attachment that was not announced")]
    StrayAttachment,
    /// Attachments that are together longer than one message may be.
    #[error("the attachments are too large")]
    AttachmentsTooLarge,
    /// A placeholder that stands for no attachment: the library of whoever receives it would give up its connection.
    #[error("a placeholder for no attachment")]
    Placeholder,
    /// A packet for a namespace that was not connected, or a second connection to one.
    #[error("a packet that its namespace is not in the state for")]
    NotConnected,
}

//! The ways into a room, as a list for people: for whom each is, one line of it, and where it is described.

/// One of them.
pub(super) struct Way {
    pub(super) name: &'static str,
    pub(super) is_for: &'static str,
    /// One line of it, as it would be typed.
    pub(super) example: &'static str,
    /// The document that a program can read, if there is one.
    pub(super) document: Option<Document>,
    /// The file in the repository that says it in prose.
    pub(super) prose: &'static str,
}

/// A document for programs.
#[derive(Clone, Copy)]
pub(super) enum Document {
    AsyncApi,
    OpenApi,
}

impl Document {
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::AsyncApi => "/docs/asyncapi.json",
            Self::OpenApi => "/docs/openapi.json",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::AsyncApi => "AsyncAPI",
            Self::OpenApi => "OpenAPI",
        }
    }
}

/// All of them, the easiest first.
pub(super) const WAYS: [Way; 10] = [
    Way {
        name: "The page",
        is_for: "Everybody with a browser: open it, write a name, share six digits.",
        example: "http://127.0.0.1:8000/r/408213",
        document: None,
        prose: "README.md",
    },
    Way {
        name: "charsu.v1 over WebSocket",
        is_for: "Clients that want all of it: many rooms on one connection, acknowledgements, resuming without loss.",
        example: "new WebSocket('ws://127.0.0.1:8000/ws', 'charsu.v1')",
        document: Some(Document::AsyncApi),
        prose: "docs/protocol.md",
    },
    Way {
        name: "The client for JavaScript",
        is_for: "Pages and programs that want that without writing it: @charsu/client, 6 KB.",
        example: "const room = await connect('http://127.0.0.1:8000').join('408213', 'Ali')",
        document: None,
        prose: "docs/client.md",
    },
    Way {
        name: "A tutorial page, one segment",
        is_for: "Pages that put the name on each message.",
        example: "new WebSocket('ws://127.0.0.1:8000/ws/general').onopen = ({ target }) => \
            target.send('{\"username\":\"Ali\",\"text\":\"Hi!\"}')",
        document: None,
        prose: "docs/dialects.md",
    },
    Way {
        name: "A tutorial page, two segments",
        is_for: "Pages that put the name in the address.",
        example: "new WebSocket('ws://127.0.0.1:8000/ws/408213/Ali').onopen = ({ target }) => \
            target.send('{\"type\":\"message\",\"message\":\"Hi!\"}')",
        document: None,
        prose: "docs/dialects.md",
    },
    Way {
        name: "A Socket.IO app",
        is_for: "Apps that were written for Socket.IO 3 or 4, with their client unchanged: /socket.io/ speaks Engine.IO, by \
            polling and WebSocket.",
        example: "io('http://127.0.0.1:8000').emit('chat message', 'Hi!')",
        document: None,
        prose: "docs/socketio.md",
    },
    Way {
        name: "A stream of events",
        is_for: "curl, bots, dashboards, and networks that let no WebSocket through.",
        example: "curl -N 'http://127.0.0.1:8000/api/rooms/general/events?name=Sara'",
        document: Some(Document::OpenApi),
        prose: "docs/http.md",
    },
    Way {
        name: "One line by POST",
        is_for: "Scripts that only have something to say.",
        example: "curl -d 'Hello!' 'http://127.0.0.1:8000/api/rooms/general/messages?name=Ali'",
        document: Some(Document::OpenApi),
        prose: "docs/http.md",
    },
    Way {
        name: "Requests about rooms",
        is_for: "Making a room, looking one up, reading its past.",
        example: "curl -X POST http://127.0.0.1:8000/api/rooms",
        document: Some(Document::OpenApi),
        prose: "docs/http.md",
    },
    Way {
        name: "A terminal",
        is_for: "People and scripts in a shell.",
        example: "charsu join 408213 --name Ali",
        document: None,
        prose: "docs/terminal.md",
    },
];

//! On which terms sessions are held: how often they are pinged and how much they may say at once.

use std::time::Duration;

use crate::config::Settings;

/// What a client is told when its session opens, and how long it has to ask for a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How long after a sign of life a ping follows.
    pub ping_interval: Duration,
    /// How long the client has to answer it.
    pub ping_timeout: Duration,
    /// How long it has until it is in a namespace.
    pub connect_timeout: Duration,
    /// Bytes of a message, and of a payload of polling.
    pub max_payload: usize,
}

impl Terms {
    /// Those of the settings.
    #[cfg(not(feature = "conformance"))]
    pub fn of(settings: &Settings) -> Self {
        Self {
            ping_interval: settings.heartbeat_seconds,
            ping_timeout: settings.heartbeat_timeout_seconds,
            connect_timeout: settings.join_timeout,
            max_payload: settings.frame_bytes.min(settings.body_bytes),
        }
    }

    /// Those that the official suites expect.
    #[cfg(feature = "conformance")]
    pub fn of(_: &Settings) -> Self {
        Self {
            ping_interval: Duration::from_millis(300),
            ping_timeout: Duration::from_millis(200),
            connect_timeout: Duration::from_secs(1),
            max_payload: 1_000_000,
        }
    }
}

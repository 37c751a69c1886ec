//! From settings to what the hub and each connection go by, and what an address may do as a refusal that every wire can
//! tell. Knows no wire.

use std::net::IpAddr;

use crate::config::{self, Settings};
use crate::hub::{Beats, Newcomers, Opening, Rules, WouldOpen};
use crate::limits::{CodeHold, Rate};
use crate::names::RoomName;
use crate::pace::{self, Rates};
use crate::protocol::Refusal;
use crate::room::{RoomLimits, TailLimits};
use crate::server::App;
use crate::transport::socketio::Terms;

/// Pings and pongs that a connection may send in a second, and at once: a browser sends none, a library one in some
/// seconds.
const CONTROLS: (u32, u32) = (50, 200);

/// Sessions that are remembered for each connection that may be: of those who are here, and of those who just left.
const SESSIONS_PER_CONNECTION: usize = 2;

/// Typing signals that a connection may send in a second, and at once, over all its rooms; more are dropped.
const TYPING: (u32, u32) = (2, 6);

impl From<&Settings> for Rules {
    fn from(settings: &Settings) -> Self {
        let ms = |span: std::time::Duration| span.as_millis() as u64;
        let terms = Terms::of(settings);
        Self {
            room: RoomLimits {
                members: settings.members_per_room,
                name_chars: settings.name_chars,
                reactions: settings.reactions_per_line,
                sees_past: newcomers(settings) != Newcomers::None,
            },
            tail: TailLimits {
                age_ms: ms(settings.tail_seconds),
                bytes: settings.tail_bytes,
                lag_bytes: settings.reader_lag_bytes,
            },
            tail_total_bytes: settings.tail_total_bytes,
            newcomers: newcomers(settings),
            rooms: settings.rooms,
            sessions: settings.connections.saturating_mul(SESSIONS_PER_CONNECTION),
            rooms_per_connection: settings.rooms_per_connection,
            named_rooms: settings.named_rooms,
            grace_ms: ms(settings.grace),
            restart_grace_ms: ms(settings.restart_grace),
            session_ms: ms(settings.tail_seconds),
            room_idle_ms: ms(settings.room_idle),
            stored_room_idle_ms: ms(settings.stored_room_idle),
            retention_ms: settings.retention_age.map(ms),
            retention_lines: settings.retention_lines,
            stored_rooms: if settings.database().is_some() { settings.stored_rooms } else { usize::MAX },
            drain_window_ms: ms(settings.drain_window),
            code_wait_ms: ms(settings.code_wait),
            code_quarantine_ms: ms(settings.code_quarantine),
            large_room: settings.large_room,
            large_room_flush_ms: ms(settings.large_room_flush),
            by_silence: Beats {
                interval: settings.heartbeat_seconds,
                timeout: settings.heartbeat_timeout_seconds,
                join: settings.join_timeout,
            },
            by_the_clock: Beats {
                interval: terms.ping_interval,
                timeout: terms.ping_timeout,
                join: terms.connect_timeout,
            },
            message_timeout: settings.message_timeout,
            outbox_bytes: settings.outbox_bytes,
        }
    }
}

/// What a newcomer sees, with what the operator left to the store decided.
pub(crate) fn newcomers(settings: &Settings) -> Newcomers {
    match settings.newcomers {
        config::Newcomers::Auto if settings.database().is_some() => Newcomers::Recent,
        config::Newcomers::Auto | config::Newcomers::None => Newcomers::None,
        config::Newcomers::Recent => Newcomers::Recent,
        config::Newcomers::All => Newcomers::All,
    }
}

impl From<&Settings> for Rates {
    fn from(settings: &Settings) -> Self {
        let is_lifted = settings.no_limits;
        let fixed = |(count, burst)| if is_lifted { Rate::UNLIMITED } else { Rate::per_second(count, burst) };
        Self {
            commands: Rate::per_second(settings.messages_per_second, settings.messages_burst),
            joins: Rate::per_second(settings.joins_per_second, settings.joins_burst),
            refusals: Rate::per_second(settings.messages_per_second, pace::DEAF_AFTER),
            bad_requests: Rate::per_minute(settings.bad_requests_per_minute),
            controls: fixed(CONTROLS),
            typing: fixed(TYPING),
        }
    }
}

impl App {
    /// Whether this address may try a code.
    pub(crate) fn may_guess(&self, peer: IpAddr) -> Result<(), Refusal> {
        self.addresses.may_guess(peer, self.now()).map_err(Refusal::from)
    }

    /// Counts a code that did not exist. Over the limit, the next try is refused.
    pub(crate) fn failed_join(&self, peer: IpAddr) {
        // The refusal is the next try's.
        let _ = self.addresses.failed_join(peer, self.now());
    }

    /// Takes a permit to read a page of the past over HTTP.
    pub(crate) fn may_read_page(&self, peer: IpAddr) -> Result<(), Refusal> {
        self.addresses.read_page(peer, self.now()).map_err(Refusal::from)
    }

    /// Takes a permit to come into rooms over HTTP.
    pub(crate) fn may_visit(&self, peer: IpAddr) -> Result<(), Refusal> {
        self.addresses.visit(peer, self.now()).map_err(Refusal::from)
    }

    /// Whether this address may make a room now.
    pub(crate) fn may_make_room(&self, peer: IpAddr) -> Result<(), Refusal> {
        self.addresses.create_room(peer, self.now()).map_err(Refusal::from)
    }

    /// What joining this room may open for this address, and what that costs it for as long as the room lives. A named
    /// room that is opened counts as one that was made. `codes` says whether joining may open a code that nobody made; where
    /// that is refused it counts as a wrong code, so that guessing is no faster this way.
    pub(crate) fn opening(
        &self,
        peer: IpAddr,
        room: &RoomName,
        codes: bool,
    ) -> Result<(Opening, Option<CodeHold>), Refusal> {
        if room.is_code() {
            self.may_guess(peer)?;
        }
        match self.hub.would_open(room) {
            WouldOpen::Nothing => Ok((Opening::Made, None)),
            WouldOpen::Name => self.may_make_room(peer).map(|()| (Opening::Made, None)),
            WouldOpen::Code if !codes => Ok((Opening::Made, None)),
            WouldOpen::Code => {
                let opened = self.may_make_room(peer).and_then(|()| self.hold_code(peer));
                if opened.is_err() {
                    self.failed_join(peer);
                }
                opened.map(|hold| (Opening::Any, Some(hold)))
            }
        }
    }

    fn hold_code(&self, peer: IpAddr) -> Result<CodeHold, Refusal> {
        self.addresses.open_code(peer, self.now()).map_err(Refusal::from)
    }
}

//! By `charsu.v1` over a WebSocket: everything on one connection, several lines on the way at once.

use std::io;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::frames::{Heard, Told};
use super::line::Line;
use super::places::{Joining, Places};
use super::voyage::{AGAIN, End, Rig, Voyage};
use crate::oracle::Word;

pub(super) struct Charsu(Places);

/// A connection.
pub(super) struct Wire {
    line: Line,
    /// It asked after this silence whether anybody is there.
    asked_in: Option<Instant>,
}

impl Charsu {
    pub(super) fn new(rooms: &[Word]) -> Self {
        Self(Places::new(rooms))
    }

    fn joins(&mut self, voyage: &mut Voyage, wire: &mut Wire, berth: usize) {
        let id = voyage.next_id();
        let berth = &mut self.0.rooms[berth];
        berth.joining = Joining::Asked(id);
        let mut join = json!({ "type": "join", "id": id, "room": berth.room, "name": voyage.name });
        if let Some((epoch, seq)) = &berth.since {
            join["since"] = json!({ "epoch": epoch, "seq": seq });
        }
        wire.says(&join);
    }

    /// Sends what waits, in order, as far as its rooms are joined.
    fn says_what_it_may(&self, voyage: &mut Voyage, wire: &mut Wire) {
        if voyage.is_held() || !voyage.has_opened() {
            return;
        }
        let mut under_way = voyage.outbox.iter().filter(|line| line.is_on_the_way).count();
        for index in 0..voyage.outbox.len() {
            if under_way >= voyage.course.on_the_way {
                return;
            }
            if voyage.outbox[index].is_on_the_way {
                continue;
            }
            if !self.0.is_in(&voyage.outbox[index].room) {
                return;
            }
            under_way += 1;
            let id = voyage.sends(index);
            let line = &voyage.outbox[index];
            wire.says(&json!({ "type": "say", "id": id, "room": line.room, "text": line.written() }));
        }
    }

    /// Everything that is there to be read.
    fn takes_in(&mut self, voyage: &mut Voyage, wire: &mut Wire) -> Option<End> {
        while let Some(heard) = wire.line.next() {
            match heard {
                Heard::Text(text) => {
                    let told: Told<'_> = serde_json::from_str(&text)
                        .unwrap_or_else(|error| panic!("{}: {error} in {text}", voyage.name));
                    self.hears(voyage, &told, &text);
                }
                Heard::Ping(_) | Heard::Pong => {}
                Heard::Close(code, words) => {
                    // Those after which a client may return by itself.
                    let may_return = matches!(code, 1001 | 1011 | 1012 | 1013 | 4008 | 4010 | 4429);
                    let before = &voyage.standing.trouble;
                    assert!(may_return, "{} is sent away: {code} {words}; refused before: {before:?}", voyage.name);
                    return Some(End::Lost(format!("closed {code}")));
                }
            }
        }
        None
    }

    fn hears(&mut self, voyage: &mut Voyage, told: &Told<'_>, text: &str) {
        if let Some((room, seq, seen)) = told.numbered() {
            self.0.follows(voyage, told, room, seq, seen);
            return;
        }
        match &*told.kind {
            "welcome" => self.0.is_welcome(voyage, told),
            "joined" | "reset" => self.0.stands(voyage, told, text),
            "ack" => {
                let Some(id) = told.id else { panic!("{}: an acknowledgement of nothing: {text}", voyage.name) };
                self.0.is_acknowledged(voyage, id, told, text);
            }
            "error" => self.is_refused(voyage, told, text),
            "goaway" => {
                let wait = Duration::from_millis(told.retry_after_ms.unwrap_or(0));
                // Not all at once.
                let wait = wait + voyage.chance.span(&(Duration::ZERO..wait / 4));
                voyage.not_before = Some(Instant::now() + wait);
            }
            // Pongs, typing, and what is not known yet.
            _ => {}
        }
    }

    fn is_refused(&mut self, voyage: &mut Voyage, told: &Told<'_>, text: &str) {
        let Some(id) = told.id else { panic!("{} is refused something: {text}", voyage.name) };
        let code = told.code.as_deref().unwrap_or_default();
        let wait = told.retry_after_ms.map(Duration::from_millis);
        if let Some(berth) = self.0.rooms.iter_mut().find(|berth| berth.joining == Joining::Asked(id)) {
            let may_retry = matches!(code, "name_taken" | "rate_limited" | "server_full" | "room_full" | "unavailable");
            assert!(may_retry, "{} may not join: {text}", voyage.name);
            voyage.is_kept_out(text);
            berth.joining = Joining::Again(Instant::now() + wait.unwrap_or(AGAIN));
            return;
        }
        voyage.is_refused(id, code, wait);
    }
}

impl Rig for Charsu {
    type Wire = Wire;

    async fn connect(&mut self, voyage: &mut Voyage) -> io::Result<Wire> {
        let line = Line::open(&voyage.course, "/ws", "Sec-WebSocket-Protocol: charsu.v1\r\n").await?;
        let mut wire = Wire { line, asked_in: None };
        voyage.connection += 1;
        wire.says(&match &self.0.session {
            Some(secret) => json!({ "type": "hello", "session": secret }),
            None => json!({ "type": "hello" }),
        });
        for berth in 0..self.0.rooms.len() {
            self.joins(voyage, &mut wire, berth);
        }
        Ok(wire)
    }

    async fn sail_on(&mut self, voyage: &mut Voyage, wire: &mut Wire) -> End {
        loop {
            let has_asked = wire.asked_in == Some(wire.line.heard_at);
            let deadline = wire.line.heard_at + voyage.course.patience * if has_asked { 2 } else { 1 };
            let again = self.0.rooms.iter().filter_map(|berth| match berth.joining {
                Joining::Again(at) => Some(at),
                Joining::Asked(_) | Joining::There => None,
            });
            let due = again.chain(voyage.hold_until).chain([deadline]).min().unwrap_or(deadline);
            tokio::select! {
                worked = wire.line.works() => match worked {
                    Ok(()) => if let Some(end) = self.takes_in(voyage, wire) { return end },
                    Err(error) => return End::Lost(error.to_string()),
                },
                order = voyage.orders.recv() => if let Some(end) = voyage.obeys(order).await { return end },
                () = sleep_until(due) => {
                    let now = Instant::now();
                    if now >= deadline {
                        if has_asked {
                            return End::Lost("silent".to_owned());
                        }
                        wire.asked_in = Some(wire.line.heard_at);
                        wire.says(&json!({ "type": "ping" }));
                    }
                    for berth in 0..self.0.rooms.len() {
                        if matches!(self.0.rooms[berth].joining, Joining::Again(at) if at <= now) {
                            self.joins(voyage, wire, berth);
                        }
                    }
                }
            }
            self.says_what_it_may(voyage, wire);
            self.0.tells(voyage);
        }
    }

    async fn reload(wire: &mut Wire) {
        wire.line.reloads().await;
    }
}

impl Wire {
    fn says(&mut self, frame: &serde_json::Value) {
        self.line.says(&frame.to_string());
    }
}

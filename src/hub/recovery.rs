//! What a page of Socket.IO needs to come back as if it had not been away: whether that can be said truly. Such a page names one
//! place and believes that it has missed nothing, so it is all or nothing, decided before its new connection is anybody.

use std::sync::Arc;

use super::{Hub, Reader};
use crate::names::RoomName;
use crate::protocol::Position;
use crate::wire::socketio::Place;

impl Hub {
    /// From where a page reads on in a room that offers a session's secret and the place behind the last event that it was
    /// sent; without one it was sent nothing since it came. Nothing unless its member is still there, it is in no other room,
    /// and everything after that place is kept.
    pub fn recoverable(
        &self,
        reader: &Arc<Reader>,
        secret: &str,
        room: &RoomName,
        place: Option<Place>,
    ) -> Option<Position> {
        let admitted = self.admitted(reader);
        let session = self.sessions.find(secret, admitted.as_ref().map(|admitted| &*admitted.owner))?;
        let room = self.rooms().live(room)?.clone();
        let member = session.only_member_of(&room)?;
        let state = room.lock();
        if state.ended || !state.room.is_here(member) {
            return None;
        }
        let own_time = state.joined_at(member);
        let seq = match place {
            None => own_time,
            Some(place) if place.epoch == room.epoch() => place.seq,
            Some(_) => return None,
        };
        let is_kept = seq >= own_time && state.room.log().since(seq).is_ok();
        is_kept.then_some(Position { epoch: Some(room.epoch().0), seq })
    }

    /// The public id of whoever has this secret, the same over each of its connections.
    pub fn id_for(&self, secret: &str) -> String {
        self.sessions.issue_for(secret)
    }
}

//! What a session refuses while something that was not kept is waited for.

use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::hub::live_room::LiveRoom;
use crate::hub::reader::Reader;
use crate::hub::{Numbered, Recalled};
use crate::names::RoomName;
use crate::protocol::MemberId;
use crate::room::{Epoch, Room};
use crate::transport::socket::Socket;
use crate::wire::{Carrier, Wire};

/// A session and the connection that speaks for it.
async fn attached() -> (Arc<Session>, Arc<Reader>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let stream = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("connected");
    let reader = Reader::new(Carrier::new(Wire::Charsu, false), Socket::new(stream), 65_536, 1);
    let (session, _) = Sessions::restored(Vec::new(), &[0; 16]).open(None);
    session.attach(&reader, 1000);
    (session, reader)
}

fn command(n: u64) -> Numbered {
    Numbered { n, content: n }
}

/// Says so many lines, none of which is kept.
fn fails(session: &Session, reader: &Arc<Reader>, count: u64) {
    for n in 1..=count {
        assert_eq!(session.recall(Some(reader), command(n), 0), Ok(Recalled::New));
        session.note(command(n), Epoch(2), n);
    }
    (1..=count).for_each(|n| session.withdraw(n, 0));
}

#[tokio::test]
async fn one_that_comes_again_does_not_open_the_way_for_all() {
    let (session, reader) = attached().await;
    fails(&session, &reader, 3);
    for n in 1..=3 {
        assert!(session.recall(Some(&reader), command(4), 1).is_err(), "4 overtakes {n}");
        assert_eq!(session.recall(Some(&reader), command(n), 1), Ok(Recalled::New));
        session.note(command(n), Epoch(2), n);
    }
    assert_eq!(session.recall(Some(&reader), command(4), 1), Ok(Recalled::New));
}

#[tokio::test]
async fn taking_up_another_place_does_not_let_lines_overtake() {
    let (session, reader) = attached().await;
    let room = LiveRoom::new(RoomName::parse("b").expect("a name"), 1, Room::new(Epoch(1)), 0);
    session.keep_place(Held { room, member: MemberId(1), carrier: Carrier::new(Wire::Charsu, false), until: 1000 });
    fails(&session, &reader, 2);
    assert!(session.reclaim("b", &reader).is_some());
    assert!(session.recall(Some(&reader), command(3), 1).is_err(), "3 overtakes 1 and 2");
}

#[tokio::test]
async fn a_connection_that_was_replaced_says_nothing_more() {
    let (session, before) = attached().await;
    fails(&session, &before, 1);
    let (_, reader) = attached().await;
    session.attach(&reader, 1000);
    assert!(session.recall(Some(&before), command(2), 1).is_err(), "2 overtakes 1 over the old line");
    assert_eq!(session.recall(Some(&reader), command(1), 1), Ok(Recalled::New));
}

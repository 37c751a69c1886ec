//! A [`Chat`] with a real connection and a real clock: does what the machine wants, and tells it what happens.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::address::Address;
use super::chat::Chat;
use super::link::Ended;
use super::news::{Act, News};
use super::wire::{Moved, Over, Wire};

/// A client of one server, in as many rooms as it likes. It lives while [`next`](Self::next) is waited for: between two
/// calls nothing is read, and a server hears nothing.
pub struct Client {
    chat: Chat,
    server: Address,
    wire: Wire,
    /// The beginning of the chat's time.
    began: Instant,
}

impl Client {
    /// A client that connects once a room is [joined](Chat::join). Needs a tokio runtime.
    pub fn new(server: Address) -> Self {
        // Where the system has no chance to give, all clients wait alike.
        let chat = Chat::new(getrandom::u64().unwrap_or(1));
        Self { chat, server, wire: Wire::None, began: Instant::now() }
    }

    /// What was told so far, to look at.
    pub fn view(&self) -> &Chat {
        &self.chat
    }

    /// The same, to say and do something. It is sent with the next [`next`](Self::next).
    pub fn chat(&mut self) -> &mut Chat {
        self.chat.at(self.began.elapsed());
        &mut self.chat
    }

    /// The server.
    pub fn server(&self) -> &Address {
        &self.server
    }

    /// The time of [`Chat::now`], as it is.
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Waits for what is told next. It may be dropped at any time, and nothing is lost.
    pub async fn next(&mut self) -> News {
        loop {
            self.acts();
            if let Some(news) = self.chat.news() {
                return news;
            }
            let due = self.chat.due().map(|due| self.began + due);
            let is_due = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                moved = self.wire.moves() => self.moved(moved),
                () = is_due => {}
            }
        }
    }

    /// Leaves everything: sends what is unsent and says that it was all. Takes no longer than some seconds.
    pub async fn close(mut self) {
        self.chat().close();
        while let Some(act) = self.chat.act() {
            match act {
                Act::Connect => {}
                Act::Send(text) => self.wire.say(&text),
                Act::HangUp(code) => self.wire.closes(code).await,
            }
        }
    }

    fn acts(&mut self) {
        self.chat.at(self.began.elapsed());
        while let Some(act) = self.chat.act() {
            match act {
                Act::Connect => self.wire = Wire::to(self.server.clone()),
                Act::Send(text) => self.wire.say(&text),
                Act::HangUp(code) => self.wire.hangs_up(code),
            }
        }
    }

    fn moved(&mut self, moved: Moved) {
        self.chat.at(self.began.elapsed());
        match moved {
            Moved::Opened(open) => {
                self.wire = Wire::Open(open);
                self.chat.opened();
                self.takes();
            }
            Moved::Read => {
                // A part of a message says nothing yet, and is a sign of life all the same.
                self.chat.sensed();
                self.takes();
            }
            Moved::Ended(ended) => self.ends(ended),
        }
    }

    fn takes(&mut self) {
        let Wire::Open(open) = &mut self.wire else { return };
        let chat = &mut self.chat;
        let taken = open.takes(|text| chat.hears(text));
        if let Err(Over { ended, answer }) = taken {
            self.wire.hangs_up(answer);
            self.ends(ended);
        }
    }

    fn ends(&mut self, ended: Ended) {
        // What was to be sent belonged to this connection.
        while self.chat.act().is_some() {}
        self.wire = Wire::None;
        self.chat.ended(ended);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::{sleep, timeout};

    use super::super::link::LinkState;
    use super::super::wire::Open;
    use super::*;

    /// A client whose connection is ours, and welcomed.
    async fn welcomed() -> (Client, DuplexStream) {
        let (line, mut server) = duplex(4096);
        let (address, _) = Address::parse("127.0.0.1:1").expect("an address");
        let mut client = Client::new(address);
        client.chat().join("general", "Ali");
        assert_eq!(client.chat.act(), Some(Act::Connect));
        client.wire = Wire::Open(Open::over(Box::new(line), Vec::new()));
        client.chat.opened();
        let limits = json!({ "text_chars": 4000, "name_chars": 32, "rooms": 8 });
        let welcome = json!({
            "type": "welcome", "session": "s", "resumed": false, "heartbeat_ms": 25_000, "limits": limits
        });
        let welcome = welcome.to_string();
        server.write_all(&[0x81, 126]).await.expect("it is open");
        server.write_u16(welcome.len() as u16).await.expect("it is open");
        server.write_all(welcome.as_bytes()).await.expect("it is open");
        while *client.view().link() != LinkState::Live {
            client.next().await;
        }
        (client, server)
    }

    #[tokio::test]
    async fn a_message_that_comes_slowly_is_a_sign_of_life() {
        let (mut client, mut server) = welcomed().await;
        while timeout(Duration::from_millis(10), client.next()).await.is_ok() {}
        let before = client.view().due();
        sleep(Duration::from_millis(5)).await;
        // The head of a text of 200 bytes, and little of that.
        server.write_all(&[0x81, 126, 0, 200, b'{']).await.expect("it is open");
        assert!(timeout(Duration::from_millis(50), client.next()).await.is_err(), "there is nothing to be told yet");
        assert!(client.view().due() > before, "the server would be taken for dead");
    }
}

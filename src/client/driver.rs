//! A [`Chat`] with a real connection and a real clock: does what the machine wants, and tells it what happens.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::address::Address;
use super::chat::Chat;
use super::link::{Ended, LinkState};
use super::news::{Act, News};
use super::reach::Trust;
use super::token::{NoToken, Token, TokenSource, is_private};
use super::wire::{Moved, Over, Wire};

/// How often it is looked whether there is another token where the last one came from.
const LOOK: Duration = Duration::from_millis(500);

/// A client of one server, in as many rooms as it likes. It lives while [`next`](Self::next) is waited for: between two
/// calls nothing is read, and a server hears nothing.
pub struct Client {
    chat: Chat,
    server: Address,
    trust: Trust,
    pass: Option<Pass>,
    wire: Wire,
    /// The beginning of the chat's time.
    began: Instant,
}

/// By what it is let in.
struct Pass {
    source: TokenSource,
    /// The token that was read last.
    held: Token,
    /// When to look for another one, while the server takes this one no more.
    look_at: Option<Instant>,
}

impl Pass {
    /// The token as it is now. What cannot be read for the moment is what it was.
    fn token(&mut self) -> Token {
        self.is_new();
        self.held.clone()
    }

    /// Whether there is another one than before.
    fn is_new(&mut self) -> bool {
        let new = self.source.read().ok().filter(|token| *token != self.held);
        new.map(|token| self.held = token).is_some()
    }
}

impl Client {
    /// A client that connects once a room is [joined](Chat::join). Needs a tokio runtime.
    pub fn new(server: Address) -> Self {
        // Where the system has no chance to give, all clients wait alike.
        let chat = Chat::new(getrandom::u64().unwrap_or(1));
        Self { chat, server, trust: Trust::system(), pass: None, wire: Wire::None, began: Instant::now() }
    }

    /// Takes other people's word for who the server is than that of those whom the system trusts.
    #[must_use]
    pub fn trusting(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    /// Shows a token to the server, at each connection the one that the source has then. When the server takes it no more and
    /// another one may come, that is waited for while [`Chat::link`] says [`LinkState::Denied`].
    ///
    /// # Errors
    /// There is no token now, or it would be sent to another machine for all to read ([`NoToken::InClear`]).
    pub fn showing(self, source: TokenSource) -> Result<Self, NoToken> {
        if !is_private(&self.server) {
            return Err(NoToken::InClear(self.server.to_string()));
        }
        self.showing_in_clear(source)
    }

    /// The same, whoever may read it on its way.
    ///
    /// # Errors
    /// There is no token now.
    pub fn showing_in_clear(self, source: TokenSource) -> Result<Self, NoToken> {
        let pass = Pass { held: source.read()?, source, look_at: None };
        Ok(Self { pass: Some(pass), ..self })
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
            let look = self.pass.as_ref().and_then(|pass| pass.look_at);
            let due = self.chat.due().map(|due| self.began + due).into_iter().chain(look).min();
            let is_due = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                moved = self.wire.moves() => self.moved(moved),
                () = is_due => self.looks_for_a_token(),
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
                Act::Connect => {
                    let token = self.pass.as_mut().map(Pass::token);
                    self.wire = Wire::to(self.server.clone(), self.trust.clone(), token);
                }
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
        let was_live = *self.chat.link() == LinkState::Live;
        self.chat.ended(ended);
        let is_denied = matches!(self.chat.link(), LinkState::Denied { .. });
        let Some(pass) = self.pass.as_mut().filter(|pass| is_denied && pass.source.may_change()) else { return };
        // Whoever sees to it writes the next one before the last has run out.
        if was_live && pass.is_new() {
            self.chat.reconnect();
        } else {
            pass.look_at = Some(Instant::now() + LOOK);
        }
    }

    /// Goes on once there is another token than the one that is taken no more.
    fn looks_for_a_token(&mut self) {
        let Some(pass) = &mut self.pass else { return };
        let Some(at) = pass.look_at.filter(|at| *at <= Instant::now()) else { return };
        if !matches!(self.chat.link(), LinkState::Denied { .. }) {
            pass.look_at = None;
        } else if pass.is_new() {
            pass.look_at = None;
            self.chat.reconnect();
        } else {
            pass.look_at = Some(at + LOOK);
        }
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

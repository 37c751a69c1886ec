//! The server's half against rustls' own client, in whatever pieces bytes come; and against bytes that nobody meant.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use proptest::prelude::*;
use rustls::crypto::ring;
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version};

use super::super::Identity;
use super::*;

/// Ciphertext that one read brings at most, in bytes.
const READ: usize = 8 * 1024;

struct Made {
    server: ServerConfig,
    roots: RootCertStore,
}

/// A certificate for `localhost`, made once.
fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let name = |end: &str| -> PathBuf { std::env::temp_dir().join(format!("charsu-{}-{end}", std::process::id())) };
        let (cert, key) = (name("cert.pem"), name("key.pem"));
        std::fs::write(&cert, made.cert.pem()).expect("a file can be written");
        std::fs::write(&key, made.signing_key.serialize_pem()).expect("a file can be written");
        let identity = Identity::open(&cert, &key).expect("they belong together");
        std::fs::remove_file(cert).and_then(|()| std::fs::remove_file(key)).expect("they can be removed");
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).expect("a root");
        Made { server: identity.config(), roots }
    })
}

/// Both ends, with nothing between them but what has not been handed on yet.
struct Pair {
    client: ClientConnection,
    server: Machine,
    scratch: Vec<u8>,
    /// Plaintext that the server had, and the client.
    heard: Vec<u8>,
    client_heard: Vec<u8>,
}

impl Pair {
    fn new(version: &'static SupportedProtocolVersion, fragment: Option<usize>) -> Self {
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[version])
            .expect("a version that we have")
            .with_root_certificates(made().roots.clone())
            .with_no_client_auth();
        config.max_fragment_size = fragment;
        let client = ClientConnection::new(Arc::new(config), "localhost".try_into().expect("a name"));
        Self {
            client: client.expect("a client"),
            server: Machine::new(Arc::clone(&made().server)),
            scratch: vec![0; KEPT_BYTES + READ],
            heard: Vec::new(),
            client_heard: Vec::new(),
        }
    }

    /// What the client has to send.
    fn sent(&mut self) -> Vec<u8> {
        let mut sent = Vec::new();
        while self.client.wants_write() {
            self.client.write_tls(&mut sent).expect("a Vec takes everything");
        }
        sent
    }

    /// Hands bytes to the server, as one read; the reader has so much room.
    fn hand_on(&mut self, piece: &[u8], room: usize) -> io::Result<()> {
        let mut into = vec![0; room];
        for piece in piece.chunks(READ) {
            self.scratch[KEPT_BYTES..KEPT_BYTES + piece.len()].copy_from_slice(piece);
            let filled = self.server.take_in(&mut self.scratch[..KEPT_BYTES + piece.len()], &mut into)?;
            self.heard.extend_from_slice(&into[..filled]);
            assert!(self.server.incoming.len() <= KEPT_BYTES);
            // The next read asks for what is there before it reads the socket.
            let mut into = vec![0; room.max(1)];
            loop {
                match self.server.take_plaintext(&mut into) {
                    0 => break,
                    filled => self.heard.extend_from_slice(&into[..filled]),
                }
            }
        }
        Ok(())
    }

    /// Hands to the client all that the server has to send.
    fn answer(&mut self) {
        let out = std::mem::take(&mut self.server.outgoing);
        self.deliver(&out);
    }

    fn deliver(&mut self, mut out: &[u8]) {
        while !out.is_empty() {
            self.client.read_tls(&mut out).expect("a slice can be read");
            self.client.process_new_packets().expect("the server keeps to the rules");
            match self.client.reader().read_to_end(&mut self.client_heard) {
                Ok(_) => {}
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        }
    }

    fn shake_hands(&mut self, pieces: &mut impl Iterator<Item = usize>) {
        for _ in 0..4 {
            let mut sent = &self.sent()[..];
            while !sent.is_empty() {
                let (piece, rest) = sent.split_at(pieces.next().unwrap_or(READ).clamp(1, sent.len()));
                self.hand_on(piece, 100).expect("the client keeps to the rules");
                sent = rest;
            }
            self.answer();
        }
        assert!(!self.client.is_handshaking() && !self.server.is_handshaking());
    }
}

/// A step of a conversation.
#[derive(Debug, Clone)]
enum Step {
    ClientSays(usize),
    ServerSays(usize),
    /// The client changes its keys and wants the server to.
    NewKeys,
}

fn versions() -> impl Strategy<Value = &'static SupportedProtocolVersion> {
    prop_oneof![Just(&version::TLS13), Just(&version::TLS12)]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1..40_000_usize).prop_map(Step::ClientSays),
        (1..=RECORD_BYTES).prop_map(Step::ServerSays),
        Just(Step::NewKeys)
    ];
    prop::collection::vec(step, 0..12)
}

/// So many bytes that no two neighbours are the same.
fn text(length: usize, salt: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 7 + salt) as u8).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_hear_all_that_the_other_says_in_whatever_pieces_it_comes(
        version in versions(),
        fragment in prop::option::of(40..2000_usize),
        pieces in prop::collection::vec(1..5000_usize, 1..20),
        steps in steps(),
        room in 1..20_000_usize,
    ) {
        let mut pair = Pair::new(version, fragment);
        let mut pieces = pieces.into_iter().cycle();
        pair.shake_hands(&mut pieces);
        let (mut said, mut answered) = (Vec::new(), Vec::new());
        let mut sealed = Vec::new();
        for (salt, step) in steps.into_iter().enumerate() {
            match step {
                Step::ClientSays(length) => {
                    pair.client.writer().write_all(&text(length, salt)).expect("room for it");
                    said.extend(text(length, salt));
                }
                Step::ServerSays(length) => {
                    let before = sealed.len();
                    pair.server.seal(&text(length, salt), &mut sealed).expect("the connection is good");
                    prop_assert!(sealed.len() - before <= length + MARGIN, "one record, and what was due");
                    answered.extend(text(length, salt));
                }
                Step::NewKeys if version.version == ProtocolVersion::TLSv1_3 => {
                    pair.client.refresh_traffic_keys().expect("there are keys");
                }
                Step::NewKeys => {}
            }
            let mut sent = &pair.sent()[..];
            while !sent.is_empty() {
                let (piece, rest) = sent.split_at(pieces.next().unwrap_or(READ).clamp(1, sent.len()));
                pair.hand_on(piece, room).expect("the client keeps to the rules");
                // What the server says meanwhile finds a half record there.
                pair.server.seal(b"!", &mut sealed).expect("the connection is good");
                answered.push(b'!');
                sent = rest;
            }
            prop_assert!(pair.server.outgoing.is_empty(), "answers go with the next record");
            pair.deliver(&std::mem::take(&mut sealed));
        }
        prop_assert_eq!(&pair.heard, &said);
        prop_assert_eq!(&pair.client_heard, &answered);
        prop_assert!(pair.server.incoming.is_empty() && pair.server.plaintext.capacity() == 0);
        pair.server.say_goodbye().expect("the connection is good");
        pair.answer();
        prop_assert_eq!(pair.client.reader().read(&mut [0; 1]).expect("an end with a goodbye"), 0);
        pair.client.send_close_notify();
        let sent = pair.sent();
        pair.hand_on(&sent, room).expect("a goodbye is no fault");
        prop_assert!(pair.server.has_ended);
    }

    #[test]
    fn no_noise_is_more_than_an_error(noise in prop::collection::vec(any::<u8>(), 0..3000), piece in 1..3000_usize, is_record: bool) {
        let mut pair = Pair::new(&version::TLS13, None);
        let head = [22, 3, 1, (noise.len() >> 8) as u8, noise.len() as u8];
        let noise = if is_record { [&head[..], &noise].concat() } else { noise };
        for piece in noise.chunks(piece) {
            if pair.hand_on(piece, 100).is_err() {
                prop_assert!(pair.server.seal(b"no", &mut Vec::new()).is_err());
                prop_assert!(pair.server.say_goodbye().is_err());
                break;
            }
        }
        prop_assert!(pair.server.is_handshaking() && pair.heard.is_empty());
    }

    #[test]
    fn what_was_damaged_on_the_way_is_never_heard(
        version in versions(),
        at in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
        of_hello: bool,
        piece in 1..3000_usize,
    ) {
        let mut pair = Pair::new(version, None);
        if !of_hello {
            pair.shake_hands(&mut std::iter::repeat(READ));
            pair.client.writer().write_all(&text(2000, 1)).expect("room for it");
        }
        let mut sent = pair.sent();
        let at = at.index(sent.len());
        sent[at] ^= flip;
        for piece in sent.chunks(piece) {
            if pair.hand_on(piece, 3000).is_err() {
                break;
            }
        }
        // The version in a record's head is nobody's business.
        prop_assert!(pair.heard.is_empty() || (1..=2).contains(&at), "byte {at}");
    }
}

#[test]
fn nothing_is_kept_of_a_connection_that_is_idle() {
    for version in [&version::TLS13, &version::TLS12] {
        let mut pair = Pair::new(version, None);
        pair.shake_hands(&mut std::iter::repeat(READ));
        pair.client.writer().write_all(&text(30_000, 1)).expect("room for it");
        let sent = pair.sent();
        pair.hand_on(&sent, 10).expect("the client keeps to the rules");
        let Machine { incoming, plaintext, outgoing, .. } = &pair.server;
        assert_eq!([incoming.capacity(), plaintext.capacity(), outgoing.capacity()], [0; 3]);
    }
}

#[test]
fn half_a_message_of_the_handshake_does_not_confuse_who_wants_to_speak() {
    let mut pair = Pair::new(&version::TLS13, Some(64));
    let hello = pair.sent();
    pair.hand_on(&hello[..hello.len() / 2], 0).expect("nothing wrong with it");
    assert!(!pair.server.incoming.is_empty(), "some of it was taken");
    assert!(pair.server.seal(b"too early", &mut Vec::new()).is_err());
}

#[test]
fn a_message_that_does_not_end_is_not_kept_for_ever() {
    let mut pair = Pair::new(&version::TLS13, None);
    // A hello of 64 KiB, in records as long as they may be.
    let mut hello = vec![1, 0, 0xff, 0xff];
    hello.resize(0xffff, 0);
    let records: Vec<u8> = hello
        .chunks(RECORD_BYTES)
        .flat_map(|part| [&[22, 3, 1][..], &(part.len() as u16).to_be_bytes(), part].concat())
        .collect();
    let came = records.chunks(1000).take_while(|piece| pair.hand_on(piece, 0).is_ok()).count() * 1000;
    assert!(came <= KEPT_BYTES, "{came} bytes were taken");
}

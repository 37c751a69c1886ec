//! What other scenes are played with does what it says: each fault of the proxy, and a sailor that is told to go and come back.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::oracle::{self, Terms};
use crate::proxy::{Cut, Faults, Proxy, Way, Ways};
use crate::sailor::{self, Course, Sailor};
use crate::scene::{Chance, ms, within};

/// A server that says back whatever it hears, and at the end that it heard the end.
async fn echo(faults: Faults) -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
                let _ = to.write_all(b".").await;
            });
        }
    });
    Proxy::to(address, 1, faults)
}

async fn call(proxy: &Proxy) -> TcpStream {
    within("a connection", TcpStream::connect(proxy.address)).await.expect("a connection")
}

/// Says something, and hears it said back.
async fn is_whole(stream: &mut TcpStream, words: &[u8]) {
    let (mut from, mut to) = stream.split();
    let mut heard = vec![0; words.len()];
    let both = async { tokio::join!(to.write_all(words), from.read_exact(&mut heard)) };
    let (said, _) = within("the echo", both).await;
    said.expect("it is taken");
    assert!(heard == words, "other bytes came back");
}

/// Whether nothing comes, as far as one can tell in a moment.
async fn is_silent(stream: &mut TcpStream) -> bool {
    tokio::time::timeout(ms(100), stream.read_u8()).await.is_err()
}

fn words() -> Vec<u8> {
    (0..200_000_u32).map(|n| (n % 251) as u8).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_line_does_to_bytes_they_are_the_same_in_the_end() {
    for faults in [
        Faults::default(),
        Faults { delay: ms(20), jitter: ms(20), ..Faults::default() },
        Faults { piece: Some(1000), ..Faults::default() },
        Faults { gather: Some((64 * 1024, ms(20))), ..Faults::default() },
        Faults { narrow: true, ..Faults::default() },
        Faults { rate: Some(2_000_000), ..Faults::default() },
    ] {
        println!("{faults:?}");
        let proxy = echo(faults).await;
        let mut stream = call(&proxy).await;
        is_whole(&mut stream, &words()).await;
        stream.shutdown().await.expect("it ends");
        assert_eq!(within("the end", stream.read_u8()).await.expect("the last word"), b'.');
        assert!(within("the end", stream.read_u8()).await.is_err(), "an end is passed on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_far_line_takes_its_time_and_a_thin_one_too() {
    let far = echo(Faults { delay: ms(60), jitter: ms(20), ..Faults::default() }).await;
    let mut stream = call(&far).await;
    let began = Instant::now();
    is_whole(&mut stream, b"there and back").await;
    assert!(began.elapsed() >= ms(80), "back after {:?}", began.elapsed());

    let thin = echo(Faults { rate: Some(10_000), ..Faults::default() }).await;
    let mut stream = call(&thin).await;
    let began = Instant::now();
    is_whole(&mut stream, &words()[..2000]).await;
    // Each piece is followed by its pause, and nobody waits for that of the last one.
    assert!(began.elapsed() >= ms(180), "2000 bytes at 10,000 in a second, after {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stalled_comes_later_and_what_is_swallowed_never() {
    let proxy = echo(Faults::default()).await;
    let (mut stream, mut other) = (call(&proxy).await, call(&proxy).await);
    is_whole(&mut stream, b"before").await;
    is_whole(&mut other, b"before").await;
    for stalled in [Ways::ToServer, Ways::ToClient, Ways::Both] {
        let links = proxy.links();
        links[0].set(Faults { stalled, ..Faults::default() });
        stream.write_all(b"later").await.expect("the kernel takes it");
        assert!(is_silent(&mut stream).await, "{stalled:?}");
        is_whole(&mut other, b"the other line").await;
        links[0].set(Faults::default());
        let mut later = [0; 5];
        within("what was held", stream.read_exact(&mut later)).await.expect("it comes");
        assert_eq!(&later, b"later");
    }
    for (stream, swallowed) in [(&mut stream, Ways::ToServer), (&mut other, Ways::ToClient)] {
        proxy.set(Faults { swallowed, ..Faults::default() });
        stream.write_all(b"never").await.expect("the kernel takes it");
        assert!(is_silent(stream).await, "{swallowed:?}");
        // Bytes are missing now: nothing that comes after them may pass for a whole line.
        proxy.set(Faults::default());
        stream.write_all(b"again").await.expect("the kernel takes it");
        assert!(is_silent(stream).await, "{swallowed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_cut_in_the_way_that_was_asked_for() {
    let proxy = echo(Faults::default()).await;
    let mut stream = call(&proxy).await;
    is_whole(&mut stream, b"before").await;
    proxy.cut_all(Cut::Reset);
    let error = within("a reset", stream.read_u8()).await.expect_err("it is cut");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);

    for how in [Cut::End, Cut::HalfEnd(Way::ToClient)] {
        let mut stream = call(&proxy).await;
        is_whole(&mut stream, b"before").await;
        proxy.cut_all(how);
        let error = within("an end", stream.read_u8()).await.expect_err("it is cut");
        assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof, "{how:?}");
    }
    let mut stream = call(&proxy).await;
    is_whole(&mut stream, b"before").await;
    proxy.cut_all(Cut::HalfEnd(Way::ToServer));
    assert_eq!(within("the server's last word", stream.read_u8()).await.expect("it comes"), b'.');

    let mut stream = call(&proxy).await;
    is_whole(&mut stream, b"before").await;
    proxy.cut_all(Cut::Silence);
    assert!(is_silent(&mut stream).await);
    stream.write_all(b"to nobody").await.expect("it looks alive");
    assert!(is_silent(&mut stream).await);

    // A life is over in one of all ways, and but for one in ten somebody is told.
    proxy.set_next(Faults { life: Some(ms(20)..ms(40)), ..Faults::default() });
    let mut lives = Vec::new();
    for _ in 0..10 {
        lives.push(call(&proxy).await);
    }
    let mut ended = 0;
    for stream in &mut lives {
        ended += usize::from(!is_silent(stream).await);
    }
    assert!(ended >= 5, "{ended} of 10 lines ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_refused_is_refused_until_it_is_taken_again() {
    let proxy = echo(Faults::default()).await;
    let mut before = call(&proxy).await;
    is_whole(&mut before, b"before").await;
    proxy.refuses().await;
    let error = TcpStream::connect(proxy.address).await.expect_err("nobody listens");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    is_whole(&mut before, b"who is in stays in").await;
    proxy.takes();
    let again = async {
        loop {
            if let Ok(stream) = TcpStream::connect(proxy.address).await {
                return stream;
            }
        }
    };
    is_whole(&mut within("a connection", again).await, b"after").await;
}

/// A frame of a server's.
fn frame(text: &str) -> Vec<u8> {
    assert!(text.len() < 126, "a short one");
    [&[0x81, text.len() as u8], text.as_bytes()].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sailor_lets_pass_what_it_does_not_know_and_comes_back_when_it_was_told_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let course = Course::to(address, "general");
    let sailor = Sailor::sails("Ali", course, Chance::of(1));
    let joined =
        r#"{"type":"joined","id":1,"room":"general","epoch":"e","seq":3,"you":1,"resumed":false,"members":[]}"#;
    let accept = async |told: &[&str]| {
        let (mut stream, _) = within("somebody", listener.accept()).await.expect("a connection");
        let mut heard = Vec::new();
        while !String::from_utf8_lossy(&heard).contains("\r\n\r\n") {
            assert_ne!(within("a request", stream.read_buf(&mut heard)).await.expect("it reads"), 0);
        }
        assert!(heard.starts_with(b"GET /ws HTTP/1.1\r\n"));
        stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").await.expect("it listens");
        for text in told {
            stream.write_all(&frame(text)).await.expect("it listens");
        }
        stream
    };
    let welcome = r#"{"type":"welcome","session":"s","resumed":false,"heartbeat_ms":1000}"#;
    let mut first =
        accept(&[welcome, r#"{"type":"fanfare"}"#, joined, r#"{"type":"goaway","retry_after_ms":300}"#]).await;
    first.shutdown().await.expect("it listens");
    let gone = Instant::now();
    let welcome = r#"{"type":"welcome","session":"s","resumed":true,"heartbeat_ms":1000}"#;
    let resumed =
        r#"{"type":"joined","id":2,"room":"general","epoch":"e","seq":3,"you":1,"resumed":true,"members":[]}"#;
    let mut second = accept(&[welcome, resumed]).await;
    assert!(gone.elapsed() >= ms(280), "back after {:?}", gone.elapsed());
    second.write_all(&frame(r#"{"type":"skip","room":"general","seq":4}"#)).await.expect("it listens");
    let mut sailor = sailor;
    let reads_on = |standing: &sailor::Standing| standing.rooms.first().is_some_and(|place| place.seq == 4);
    sailor.stands("the number", Duration::from_secs(10), reads_on).await;
    assert_eq!(sailor.standing().resumes, 1);
    let tally = oracle::hold("sailor", &[sailor.goes_ashore().await], Terms::default());
    assert_eq!((tally.connections, tally.received), (2, 1));
}

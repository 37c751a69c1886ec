//! Our own client reaches servers over TLS, and tells apart why it does not.

use std::net::SocketAddr;

use charsu::client::{Address, Client, Happening, How, LinkState, News, Trust, Unreached, Untrusting, What, reach};
use rcgen::date_time_ymd;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::{authority, secure};
use crate::scene::{Authority, Folder, Person, Program, Raw, Scene, ms, within};

fn https(server: SocketAddr) -> Address {
    Address::parse(&format!("https://{server}")).expect("an address").0
}

fn trust(authority: &Authority) -> Trust {
    Trust::only(&authority.root()).expect("a certificate")
}

/// Waits for news of some kind.
async fn hears<T>(client: &mut Client, what: &str, is_it: impl Fn(&News) -> Option<T>) -> T {
    let told = async {
        loop {
            if let Some(found) = is_it(&client.next().await) {
                return found;
            }
        }
    };
    within(what, told).await
}

fn entered(news: &News) -> Option<How> {
    if let News::Entered { how, .. } = news { Some(*how) } else { None }
}

fn said(news: &News) -> Option<String> {
    match news {
        News::Happened { happening: Happening { what: What::Said(said), .. }, .. } => Some(said.text.clone()),
        _ => None,
    }
}

/// Why a client that trusts like this does not come in.
async fn reason(server: Address, trust: Trust) -> String {
    let mut client = Client::new(server).trusting(trust);
    client.chat().join("general", "Ali");
    let waits = async {
        loop {
            if let LinkState::Waiting { reason, .. } = client.view().link() {
                return reason.clone();
            }
            client.next().await;
        }
    };
    within("a reason", waits).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_over_tls_outlives_its_server() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let store = format!("--store sqlite:{}", folder.join("charsu.db").display());
    let mut program = Program::start_to_be_restarted(&format!("{store} {}", authority.flags()));
    let mut ali = Client::new(https(program.address)).trusting(trust(&authority));
    let room = ali.chat().join("general", "Ali");
    assert_eq!(hears(&mut ali, "the room", entered).await, How::First);
    let raw = Raw::connect(program.address).await.secured(&authority.trust()).await;
    let mut sara = Person::on(raw, "Sara", None).await;
    sara.joins("general").await;
    let long = "🙂".repeat(3000);
    sara.says("general", &long).await;
    assert_eq!(hears(&mut ali, "a long line", said).await, long);
    ali.chat().say(room, "before").expect("room in the outbox");
    assert_eq!(hears(&mut ali, "its own line", said).await, "before");
    sara.hears_line("before").await;
    program.is_killed();
    ali.chat().say(room, "meanwhile").expect("room in the outbox");
    program.starts_again();
    assert_eq!(hears(&mut ali, "the room again", entered).await, How::Resumed);
    assert_eq!(hears(&mut ali, "what waited", said).await, "meanwhile");
    within("the end", ali.close()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_says_goodbye_in_tls_too() {
    let scene = secure(|_| ());
    let mut sara = scene.person_in("general", "Sara").await;
    let mut ali = Client::new(https(scene.address)).trusting(trust(authority(&scene)));
    ali.chat().join("general", "Ali");
    hears(&mut ali, "the room", entered).await;
    sara.hears("join").await;
    within("the end", ali.close()).await;
    sara.hears("leave").await;
    scene.connections(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reason_for_which_a_certificate_is_no_good_is_told_with_what_to_do() {
    let scene = secure(|_| ());
    let (ours, address) = (authority(&scene), https(scene.address));
    let fails = async |address: &Address, trust: &Trust| {
        let reached = within("an end of the handshake", reach(address, trust)).await;
        reached.err().expect("it is not to be trusted")
    };
    let strangers = trust(&Authority::new());
    let unknown = fails(&address, &strangers).await;
    assert!(matches!(unknown, Unreached::UnknownIssuer), "{unknown:?}");
    assert!(reason(address.clone(), strangers).await.contains("--tls-root"), "{unknown}");
    // Nobody on this machine vouches for it, or there is no list of who might.
    let system = fails(&address, &Trust::system()).await;
    assert!(matches!(system, Unreached::UnknownIssuer | Unreached::Untrusting(Untrusting::NoSystem(_))), "{system:?}");
    assert!(system.to_string().contains("--tls-root"), "{system}");

    for (names, out_of_time, words) in [
        (&["chat.example", "192.0.2.1"][..], None, "not for 127.0.0.1, but for chat.example, 192.0.2.1"),
        (&["127.0.0.1"], Some((2000, 2001)), "has run out"),
        (&["127.0.0.1"], Some((4000, 4001)), "is not valid yet"),
    ] {
        ours.certifies_like(names, |params| {
            if let Some((from, to)) = out_of_time {
                (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
            }
        });
        let settings = scene.app.settings.clone();
        scene.app.reload(&settings).expect("a certificate");
        let wrong = fails(&address, &trust(ours)).await;
        match (&wrong, out_of_time) {
            (Unreached::OtherName { wanted, .. }, None) => assert_eq!(wanted, "127.0.0.1"),
            (Unreached::OutOfTime(_), Some(_)) => {}
            other => panic!("{other:?}"),
        }
        assert!(wrong.to_string().contains(words), "{wrong}");
        assert_eq!(reason(address.clone(), trust(ours)).await, wrong.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_speaks_something_else_is_told_from_a_server_that_cannot_be_trusted() {
    let plain = Scene::over(crate::scene::Over::Plain, |_| ());
    let secured = secure(|_| ());
    let wrong = reach(&https(plain.address), &Trust::only(&authority(&secured).root()).expect("a certificate")).await;
    let wrong = wrong.err().expect("it speaks no TLS");
    assert!(matches!(wrong, Unreached::NotTls) && wrong.to_string().contains("http://"), "{wrong:?}");
    let (http, _) = Address::parse(&secured.address.to_string()).expect("an address");
    let told = reason(http, Trust::system()).await;
    assert!(told.contains("speaks TLS: use https://"), "{told}");
    // One that says nothing and hangs up, and one that greets first.
    for greeting in ["", "SSH-2.0-Other\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let greets = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(greeting.as_bytes()).await;
                tokio::time::sleep(ms(50)).await;
            }
        });
        let wrong = within("an end", reach(&https(address), &trust(authority(&secured)))).await.err().expect("no TLS");
        match wrong {
            Unreached::Io(_) if greeting.is_empty() => {}
            Unreached::NotTls if !greeting.is_empty() => {}
            other => panic!("{greeting}: {other:?}"),
        }
        greets.abort();
    }
    let nobody = SocketAddr::from(([127, 0, 0, 1], crate::scene::free_port()));
    let wrong = reach(&https(nobody), &Trust::system()).await.err().expect("nobody is there");
    assert_eq!(wrong.to_string(), "no server answers there");
}

#[test]
fn files_of_authorities_that_cannot_be_used_are_named() {
    let (authority, folder) = (Authority::new(), Folder::new());
    std::fs::write(folder.join("empty.pem"), "").expect("a file can be written");
    for (file, words) in [
        (authority.key(), "there is no certificate in it"),
        (folder.join("empty.pem"), "there is no certificate in it"),
        (folder.join("nowhere.pem"), "No such file"),
    ] {
        let Err(Untrusting::File { path, reason }) = Trust::only(&file) else { panic!("{}", file.display()) };
        assert!(path == file && reason.contains(words), "{reason}");
    }
}

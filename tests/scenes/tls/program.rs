//! The program with its files: what it says when they cannot be used, a reload, a restart, and curl.

use std::process::{Command, Output};
use std::time::Duration;

use serde_json::json;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::agreed;
use crate::scene::{Authority, Folder, Person, Program, Raw, Socket, within};

fn charsu(arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_charsu")).args(arguments.split_whitespace()).output().expect("the program runs")
}

fn said(output: &[u8]) -> &str {
    std::str::from_utf8(output).expect("text")
}

async fn connect(program: &Program, authority: &Authority) -> Raw {
    Raw::connect(program.address).await.secured(&authority.trust()).await
}

/// The server's certificate that a newcomer is shown.
async fn certificate(program: &Program, authority: &Authority) -> CertificateDer<'static> {
    let mut raw = connect(program, authority).await;
    agreed(&mut raw).peer_certificates().expect("a certificate")[0].clone()
}

#[test]
fn files_that_cannot_be_used_are_named_with_what_to_do() {
    let (one, other, folder) = (Authority::new(), Authority::new(), Folder::new());
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).expect("a file can be written");
        folder.join(name).display().to_string()
    };
    let read = |path| std::fs::read_to_string(path).expect("a file can be read");
    let [cert, key, foreign] = [one.cert(), one.key(), other.key()].map(|path| path.display().to_string());
    let nowhere = folder.join("nowhere.pem").display().to_string();
    let locked =
        write("locked.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    let cut = write("cut.pem", &read(one.cert())[..200]);
    let empty = write("empty.pem", "");
    let noise = write("noise.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    for (flags, words) in [
        (
            format!("--tls-cert {cert}"),
            "charsu: the setting tls_cert is of no use without its key: give --tls-key, too".to_owned(),
        ),
        (
            format!("--tls-key {key}"),
            "charsu: the setting tls_key is of no use without its certificate: give --tls-cert, too".to_owned(),
        ),
        (format!("--tls-cert {nowhere} --tls-key {key}"), format!("charsu: {nowhere}: No such file or directory")),
        (format!("--tls-cert {cert} --tls-key {nowhere}"), format!("charsu: {nowhere}: No such file or directory")),
        (format!("--tls-cert {key} --tls-key {key}"), format!("charsu: {key} has no certificate in it")),
        (format!("--tls-cert {empty} --tls-key {key}"), format!("charsu: {empty} has no certificate in it")),
        (format!("--tls-cert {cert} --tls-key {cert}"), format!("charsu: {cert} has no private key in it")),
        (
            format!("--tls-cert {cert} --tls-key {locked}"),
            format!("charsu: {locked} has no private key in it that can be read"),
        ),
        (format!("--tls-cert {cut} --tls-key {key}"), format!("charsu: {cut}: ")),
        (format!("--tls-cert {noise} --tls-key {key}"), format!("charsu: {noise} cannot be used")),
        (
            format!("--tls-cert {cert} --tls-key {foreign}"),
            format!("charsu: the key in {foreign} is not that of the first certificate in {cert}"),
        ),
    ] {
        for check in ["--check", "--listen 127.0.0.1:0"] {
            let output = charsu(&format!("{check} {flags}"));
            assert_eq!(output.status.code(), Some(1), "{flags}");
            let told = said(&output.stderr);
            assert!(told.starts_with(&words) && told.lines().count() == 1, "{flags}: {told}");
        }
    }
    let good = charsu(&format!("--check {}", one.flags()));
    assert!(good.status.success(), "{}", said(&good.stderr));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_reload_shows_newcomers_the_new_certificate_and_drops_nobody() {
    let authority = Authority::new();
    let program = Program::start(&authority.flags());
    let hangs_up = || {
        let told = Command::new("kill").arg("-HUP").arg(program.id().to_string()).status();
        assert!(told.expect("kill runs").success());
    };
    let mut sara = Person::on(connect(&program, &authority).await, "Sara", None).await;
    sara.joins("general").await;
    let old = certificate(&program, &authority).await;
    authority.certifies_anew();
    assert_eq!(certificate(&program, &authority).await, old, "nobody has asked for the new one yet");
    hangs_up();
    let changed = async {
        while certificate(&program, &authority).await == old {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within("the new certificate", changed).await;
    sara.says("general", "still here").await;

    // A file that is half written is not taken over.
    let new = certificate(&program, &authority).await;
    let whole = std::fs::read(authority.cert()).expect("a file can be read");
    std::fs::write(authority.cert(), &whole[..whole.len() / 3]).expect("a file can be written");
    hangs_up();
    std::fs::write(authority.cert(), &whole).expect("a file can be written");
    for _ in 0..20 {
        assert_eq!(certificate(&program, &authority).await, new);
    }
    sara.says("general", "and still").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_people_come_back_over_tls_and_miss_nothing() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let store = format!("--store sqlite:{}", folder.join("charsu.db").display());
    let mut program = Program::start_to_be_restarted(&format!("{store} {}", authority.flags()));
    let mut sara = Person::on(connect(&program, &authority).await, "Sara", None).await;
    sara.joins("general").await;
    let mut ali = Person::on(connect(&program, &authority).await, "Ali", None).await;
    ali.joins("general").await;
    sara.hears("join").await;
    let memory = ali.vanishes().await;
    for n in 0..30 {
        sara.says("general", &format!("before the end {n}")).await;
    }
    let sara = sara.memory();
    program.is_killed();
    program.starts_again();
    for memory in [memory, sara] {
        let mut again = Person::on(connect(&program, &authority).await, &memory.name, Some(&memory.session)).await;
        again.last_id = memory.last_id;
        assert_eq!(again.welcome["resumed"], true, "{}", again.welcome);
        let joined = again.joins_from("general", &memory.places["general"]).await;
        assert_eq!(joined["resumed"], true, "{joined}");
        again.says("general", &format!("{} is back", memory.name)).await;
        again.hears_line(&format!("{} is back", memory.name)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_stop_it_says_goodbye_over_tls() {
    let authority = Authority::new();
    let mut program = Program::start(&authority.flags());
    let mut socket = Socket::open(connect(&program, &authority).await, "/ws/general", "").await;
    socket.text().await;
    let listening = async {
        let code = socket.closed().await;
        assert!(code == 1001 || code == 1012, "{code}");
    };
    tokio::join!(program.is_stopped(), listening);
}

/// Where there is a curl, it is content with us.
#[tokio::test(flavor = "multi_thread")]
async fn curl_reads_the_interface_over_https() {
    if Command::new("curl").arg("--version").output().is_err() {
        return;
    }
    let authority = Authority::new();
    let program = Program::start(&authority.flags());
    let root = authority.root().display().to_string();
    let curl = |arguments: &[&str]| {
        let output =
            Command::new("curl").args(["--silent", "--show-error", "--max-time", "10"]).args(arguments).output();
        output.expect("curl runs")
    };
    let port = program.address.port();
    let made = curl(&["--cacert", &root, "-X", "POST", &format!("https://localhost:{port}/api/rooms")]);
    assert!(made.status.success(), "{}", said(&made.stderr));
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).expect("JSON");
    let code = made["code"].as_str().expect("a code");
    let looked = curl(&["--cacert", &root, &format!("https://127.0.0.1:{port}/api/rooms/{code}")]);
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&looked.stdout).expect("JSON"),
        json!({ "people": 0, "room": code })
    );
    let plain = curl(&[&format!("http://localhost:{port}/")]);
    assert!(said(&plain.stdout).contains("https://"), "{}{}", said(&plain.stdout), said(&plain.stderr));
    let strange = curl(&[&format!("https://localhost:{port}/")]);
    assert!(!strange.status.success(), "nobody has vouched for it");
}

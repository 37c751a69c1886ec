//! Keys that are read anew while the server runs.

use std::process::Command;

use super::*;
use crate::scene::{CHARSU, Folder, Person, Program, Raw, Scene, within};

const OTHER: &str = "another secret, which is long enough as well and known to all";

fn headers(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

/// A token for somebody, signed with the secret in this file.
fn signed_in(file: &Path, name: &str) -> String {
    let wanted = charsu::auth::Wanted { name: name.to_owned(), seconds: 3600, ..Default::default() };
    let key = SigningKey::secret_in(file).expect("a secret");
    charsu::auth::mint(&wanted, &key, unix_seconds()).expect("a token")
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_reload_asks_newcomers_for_tokens_of_the_new_key_and_drops_nobody() {
    let folder = Folder::new();
    let secret = folder.join("secret");
    std::fs::copy(key("secret.txt"), &secret).expect("a file can be written");
    let program = Program::start(&format!("--auth-secret-file {}", secret.display()));
    let old = signed_in(&secret, "Ali");
    let status =
        async |token: &str| Raw::connect(program.address).await.get("/api/rooms/general", &headers(token)).await.status;
    let raw = Raw::connect(program.address).await;
    let mut ali = Person::shown(raw, &format!("{CHARSU}{}", headers(&old)), "Ali", None).await;
    ali.joins("general").await;
    std::fs::write(&secret, OTHER).expect("a file can be written");
    let new = signed_in(&secret, "Sara");
    assert_eq!((status(&old).await, status(&new).await), (200, 401), "nobody has asked for the new one yet");
    let told = Command::new("kill").arg("-HUP").arg(program.id().to_string()).status();
    assert!(told.expect("kill runs").success());
    let changed = async {
        while status(&new).await != 200 {
            tokio::task::yield_now().await;
        }
    };
    within("the new key", changed).await;
    assert_eq!(status(&old).await, 401);
    ali.says("general", "still here").await;
    let raw = Raw::connect(program.address).await;
    let mut sara = Person::shown(raw, &format!("{CHARSU}{}", headers(&new)), "Sara", None).await;
    sara.joins("general").await;
    ali.says("general", "and heard").await;
    sara.hears_line("and heard").await;
}

#[tokio::test]
async fn a_reload_that_cannot_be_done_changes_nothing() {
    let folder = Folder::new();
    let secret = folder.join("secret");
    std::fs::copy(key("secret.txt"), &secret).expect("a file can be written");
    let scene = Scene::with(|settings| {
        settings.auth_secret_file = Some(secret.clone());
        settings.allow_origin = vec!["https://old.example".to_owned()];
    });
    let token = signed_in(&secret, "Ali");
    let about = async |more: &str| {
        scene.connect().await.get("/api/rooms/general", &format!("{}{more}", headers(&token))).await.status
    };
    let mut settings = scene.app.settings.clone();
    settings.allow_origin = vec!["https://new.example".to_owned()];
    let public = key("p256.pub.pem");
    for (text, change, words) in [
        (Some("short"), None, "at least 32 bytes"),
        (Some("-----BEGIN PUBLIC KEY-----"), None, "--auth-key"),
        (None, None, "No such file"),
        (Some(OTHER), Some(None), "whether tokens are asked for is decided at the start"),
        (Some(OTHER), Some(Some(Algorithm::Rs256)), "auth_algorithm is RS256"),
    ] {
        match text {
            Some(text) => std::fs::write(&secret, text).expect("a file can be written"),
            None => std::fs::remove_file(&secret).expect("a file can be taken away"),
        }
        let mut new = settings.clone();
        match change {
            Some(None) => new.auth_secret_file = None,
            Some(algorithm) => new.auth_algorithm = algorithm,
            None => {}
        }
        let refused = scene.app.reload(&new).expect_err(words).to_string();
        assert!(refused.contains(words) && refused.lines().count() == 1, "{refused}");
        assert_eq!(about("").await, 200, "{words}");
        assert_eq!(about("Origin: https://old.example\r\n").await, 200, "{words}");
        assert_eq!(about("Origin: https://new.example\r\n").await, 403, "{words}");
    }
    // Another kind of key is one, too.
    let other = Settings { auth_secret_file: None, auth_key: Some(public), ..settings };
    scene.app.reload(&other).expect("a key");
    assert_eq!(about("").await, 401);
    let es256 = signed("ES256", r#"{"alg":"ES256"}"#, &format!(r#"{{"sub":"Ali","exp":{}}}"#, unix_seconds() + 60));
    assert_eq!(scene.connect().await.get("/api/rooms/general", &headers(&es256)).await.status, 200);
}

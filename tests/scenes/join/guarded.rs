//! `charsu join` in pipes where a server asks for TLS or for a token.

use super::pipes::Visitor;
use crate::scene::{Folder, Scene, by_token, token};

#[cfg(feature = "tls")]
#[tokio::test(flavor = "multi_thread")]
async fn over_tls_a_script_says_and_hears_by_every_form_of_an_address() {
    let scene = Scene::over(crate::scene::Over::Tls, |_| ());
    let root = scene.authority.as_ref().expect("it speaks TLS").root().display().to_string();
    let code = scene.opens_room().await;
    let mut sara = scene.person_in(&code, "Sara").await;
    let (address, port) = (scene.address, scene.address.port());
    let link = format!("https://{address}/r/{code}");
    let [https, wss] = ["https", "wss"].map(|scheme| format!("{scheme}://localhost:{port}"));
    for arguments in [&[&*link][..], &[&*code, "--server", &https], &[&*code, "--server", &wss]] {
        let mut bot = Visitor::runs(&[arguments, &["--name", "bot", "--tls-root", &root]].concat(), None);
        bot.writes("Is anybody there?\n").await;
        sara.hears_line("Is anybody there?").await;
        sara.says(&code, "I am").await;
        assert_eq!(bot.prints().await, "Sara: I am");
        assert_eq!(bot.ends().await, (Some(0), Vec::new(), String::new()), "{arguments:?}");
        sara.hears("leave").await;
    }
}

#[cfg(feature = "tls")]
#[tokio::test(flavor = "multi_thread")]
async fn a_script_is_told_why_there_is_no_tls_and_what_to_do() {
    let secured = Scene::over(crate::scene::Over::Tls, |_| ());
    let plain = Scene::over(crate::scene::Over::Plain, |_| ());
    let authority = secured.authority.as_ref().expect("it speaks TLS");
    let [root, key] = [authority.root(), authority.key()].map(|path| path.display().to_string());
    let stranger = crate::scene::Authority::new();
    let strange = stranger.root().display().to_string();
    let to = |scheme: &str, scene: &Scene| format!("{scheme}://{}", scene.address);
    let (https, no_tls, http) = (to("https", &secured), to("https", &plain), to("http", &secured));
    for (server, more, code, words) in [
        (&https, &[][..], 3, "--tls-root"),
        (&https, &["--tls-root", &strange], 3, "nobody who is trusted here vouches for its certificate"),
        (&https, &["--tls-root", &key], 1, "there is no certificate in it"),
        (&https, &["--tls-root", "/nowhere.pem"], 1, "--tls-root /nowhere.pem: No such file"),
        (&no_tls, &["--tls-root", &root], 3, "does not speak TLS on this port: try http://"),
        (&http, &[], 3, "this port speaks TLS: use https://"),
    ] {
        let bot = Visitor::runs(&[&["general", "--name", "bot", "--server", server], more].concat(), None);
        let (found, lines, told) = bot.ends().await;
        assert_eq!((found, lines.len(), told.lines().count()), (Some(code), 0, 1), "{server} {more:?}: {told}");
        assert!(told.contains(words), "{server} {more:?}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_comes_from_a_file_or_the_environment_and_has_the_name() {
    let (scene, folder) = (Scene::in_memory(by_token), Folder::new());
    let file = folder.join("token");
    std::fs::write(&file, token("Sara", 600)).expect("a file can be written");
    let (server, file) = (format!("http://{}", scene.address), file.display().to_string());
    let mut sara = Visitor::runs(&["general", "--server", &server, "--token-file", &file, "--stay"], None);
    let ali = token("Ali", 600);
    let mut ali = Visitor::runs(&["general", "--server", &server, "--name", "Somebody else"], Some(&ali));
    // Until both are there.
    let heard = loop {
        ali.writes("here\n").await;
        if let Ok(line) = tokio::time::timeout(crate::scene::ms(200), sara.prints()).await {
            break line;
        }
    };
    assert_eq!(heard, "Ali: here");
    sara.writes("and here\n").await;
    assert_eq!(ali.prints().await, "Sara: and here");
    // The file goes over the environment.
    let mina = token("Mina", 600);
    let bad = Visitor::runs(&["general", "--server", &server, "--token-file", "/nowhere"], Some(&mina));
    let (code, _, told) = bad.ends().await;
    assert!(code == Some(1) && told.starts_with("charsu: /nowhere: No such file"), "{told}");
    assert_eq!(ali.ends().await.0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_without_a_token_that_is_good_ends_with_a_code_of_its_own() {
    let (scene, folder) = (Scene::in_memory(by_token), Folder::new());
    let file = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).expect("a file can be written");
        folder.join(name).display().to_string()
    };
    let old = file("old", &token("Ali", 0));
    let (empty, garbled) = (file("empty", "\n"), file("garbled", "two words"));
    let server = format!("http://{}", scene.address);
    let ali = token("Ali", 0);
    for (more, variable, code, words) in [
        (&["--name", "Ali"][..], None, 6, "You need an invitation to enter here. Name the file of your token"),
        (&["--token-file", &old], None, 6, "This invitation has run out. Ask for another."),
        (&[], Some(&*ali), 6, "This invitation has run out. Ask for another."),
        (&[], Some("a b"), 1, "CHARSU_TOKEN: what is in it is no token"),
        (&["--token-file", &empty], None, 1, "there is no token in it"),
        (&["--token-file", &garbled], None, 1, "what is in it is no token"),
    ] {
        let bot = Visitor::runs(&[&["general", "--server", &server], more].concat(), variable);
        let (found, _, told) = bot.ends().await;
        assert_eq!((found, told.lines().count()), (Some(code), 1), "{more:?}: {told}");
        assert!(told.contains(words), "{more:?}: {told}");
    }
    let elsewhere = ["general", "--server", "http://192.0.2.1:8000"];
    let (code, _, told) = Visitor::runs(&elsewhere, Some(&ali)).ends().await;
    assert!(code == Some(1) && told.contains("is not sent to http://192.0.2.1:8000 without TLS"), "{told}");
    assert!(!told.contains(&ali), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_whose_token_runs_out_goes_on_with_the_next_one_in_the_file() {
    let (scene, folder) = (Scene::in_memory(by_token), Folder::new());
    let file = folder.join("token");
    std::fs::write(&file, token("bot", 3)).expect("a file can be written");
    let (server, shown) = (format!("http://{}", scene.address), file.display().to_string());
    let mut log = Visitor::runs(&["general", "--server", &server, "--stay"], Some(&token("log", 600)));
    let mut bot = Visitor::runs(&["general", "--server", &server, "--token-file", &shown], None);
    let heard = loop {
        bot.writes("here\n").await;
        if let Ok(line) = tokio::time::timeout(crate::scene::ms(200), log.prints()).await {
            break line;
        }
    };
    assert_eq!(heard, "bot: here");
    bot.notices("Waiting for another token: the token has run out").await;
    bot.writes("while it had run out\n").await;
    std::fs::write(&file, token("bot", 600)).expect("a file can be written");
    assert_eq!(log.prints().await, "bot: while it had run out");
    assert_eq!(bot.ends().await.0, Some(0));
    // Whoever has one that cannot change does not wait.
    let mina = Visitor::runs(&["general", "--server", &server, "--stay"], Some(&token("Mina", 2)));
    let (code, _, told) = mina.ends().await;
    assert!(code == Some(6) && told.contains("the token has run out"), "{told}");
}

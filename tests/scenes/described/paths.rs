//! The paths of the document of HTTP are those of the server.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::document::{Document, in_project};
use super::operations::{METHODS, filled, operations};
use crate::scene::{Folder, Scene};

/// Every path for which the server's sources make a route.
fn routed(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            routed(&path, found);
            continue;
        }
        let source = fs::read_to_string(&path).expect("a text");
        let routes = source.split(".route(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
        found.extend(routes.filter_map(|rest| rest.split('"').next()).map(|path| path.replace("{*", "{")));
    }
}

#[test]
fn every_route_of_the_server_is_described() {
    let document = Document::openapi();
    let mut found = BTreeSet::new();
    routed(&in_project("src"), &mut found);
    assert!(found.len() >= 12, "only {found:?} were found: are routes still written like this?");
    let paths = document.value["paths"].as_object().expect("paths");
    for path in &found {
        assert!(paths.contains_key(path), "{path} is not described");
    }
    for path in paths.keys().filter(|path| path.starts_with("/api") || path.starts_with("/pages")) {
        assert!(found.contains(path), "{path} is described, and leads nowhere");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_has_the_methods_that_are_described_and_no_other() {
    let document = Document::openapi();
    let folder = Folder::new();
    let scene = Scene::with(|settings| settings.pages = Some(folder.path().to_owned()));
    let all = operations(&document);
    let paths: BTreeSet<&str> = all.iter().map(|operation| operation.path).collect();
    for path in paths {
        for method in METHODS {
            let is_described = all.iter().any(|operation| operation.path == path && operation.method == method);
            let mut raw = scene.connect().await;
            let (host, verb) = (raw.host(), method.to_uppercase());
            raw.send(format!("{verb} {} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n", filled(path))).await;
            let reply = raw.reply_to(&verb).await;
            assert_eq!(reply.status != 405, is_described, "{verb} {path}: {}", reply.status);
        }
    }
}

//! The documents as they are served: to anybody, from any site, and not twice.

use std::fs;

use super::document::in_project;
use crate::scene::Scene;

const FILES: [(&str, &str, &str); 4] = [
    ("/docs", "index.html", "text/html; charset=utf-8"),
    ("/docs/docs.css", "docs.css", "text/css; charset=utf-8"),
    ("/docs/asyncapi.json", "asyncapi.json", "application/json"),
    ("/docs/openapi.json", "openapi.json", "application/json"),
];

#[tokio::test]
async fn the_documents_are_there_for_anybody_from_anywhere_whoever_else_needs_a_token() {
    let scene = Scene::with(|settings| settings.auth_secret_file = Some(in_project("tests/auth/keys/secret.txt")));
    for (path, file, kind) in FILES {
        let reply = scene.connect().await.get(path, "Origin: http://elsewhere.example\r\n").await;
        assert_eq!((reply.status, reply.header("content-type")), (200, kind), "{path}");
        assert_eq!(reply.body, fs::read(in_project("docs/api").join(file)).expect("it is committed"), "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!((reply.header("cache-control"), reply.header("x-content-type-options")), ("no-cache", "nosniff"));
        let known = format!("If-None-Match: {}\r\n", reply.header("etag"));
        let again = scene.connect().await.get(path, &known).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, reply.header("etag")), "{path}");
    }
    assert_eq!(scene.get("/docs/").await.body, scene.get("/docs").await.body);
    assert_eq!(scene.get("/docs/nothing").await.status, 404);
}

#[tokio::test]
async fn the_documents_come_as_gzip_to_whoever_takes_it() {
    let scene = Scene::start();
    for (path, file, kind) in FILES {
        let plain = scene.get(path).await;
        assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "accept-encoding"), "{path}");
        for takes in ["gzip, deflate, br, zstd", "gzip;q=0.5"] {
            let takes = format!("Accept-Encoding: {takes}\r\n");
            let reply = scene.connect().await.get(path, &takes).await;
            let how = (reply.status, reply.header("content-encoding"), reply.header("content-type"));
            assert_eq!(how, (200, "gzip", kind), "{path}");
            assert_eq!(reply.header("vary"), "accept-encoding", "{path}");
            assert_ne!(reply.header("etag"), plain.header("etag"), "{path}");
            // RFC 1952 section 2.3: ten bytes before, for there are no further fields, and eight after.
            let inner = &reply.body[10..reply.body.len() - 8];
            let inflated = miniz_oxide::inflate::decompress_to_vec(inner).expect("it is whole");
            assert!(inflated == fs::read(in_project("docs/api").join(file)).expect("it is committed"), "{path}");
            assert!(reply.body.len() * 3 < inflated.len(), "{path} is {} bytes long", reply.body.len());
            let known = format!("{takes}If-None-Match: {}\r\n", reply.header("etag"));
            assert_eq!(scene.connect().await.get(path, &known).await.status, 304, "{path}");
            let other = format!("{takes}If-None-Match: {}\r\n", plain.header("etag"));
            assert_eq!(scene.connect().await.get(path, &other).await.status, 200, "{path}");
        }
    }
}

#[tokio::test]
async fn the_page_of_documents_keeps_to_the_policy_that_it_comes_with() {
    let page = Scene::start().get("/docs").await;
    assert!(page.header("content-security-policy").contains("default-src 'self'"));
    let html = page.text();
    for forbidden in ["<script", "<style", " style=", " onclick=", "src=\"http", "href=\"http"] {
        assert!(!html.contains(forbidden), "{forbidden} is against the policy");
    }
    // Every place that it leads to within itself is there, and once.
    for place in html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert_eq!(html.matches(&format!(" id=\"{place}\"")).count(), 1, "#{place}");
    }
}

//! `--pages DIR`: other people's pages under `/pages/`, on the same host as the chat, so that a page that was written for
//! its own server (`location.host`) works as it is. The operator vouches for them: they share the host with Charsu's own page.
//! Knows nothing of what they contain.

use std::fmt::Write;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Path as Captured;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY};
use http::{HeaderValue, Response, StatusCode, Uri};

use crate::server::answers;

/// A page may hold its scripts and styles in itself and talk to this server; nothing of it may come from or go elsewhere.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' data: blob:; connect-src 'self' ws: wss:; \
     object-src 'none'; base-uri 'self'; frame-ancestors 'self'; form-action 'self'",
);
/// A file over this size is not a page's, in bytes. Files are read whole.
const LARGEST: u64 = 16 * 1024 * 1024;
/// Entries of a listing, and how many folders deep it looks.
const LISTED: usize = 200;
const LISTED_DEPTH: usize = 2;
/// A page's first file.
const INDEX: &str = "index.html";

/// A folder of pages.
#[derive(Debug, Clone)]
pub struct Pages {
    /// Without symbolic links, so that what lies inside of it can be told.
    root: Arc<Path>,
}

/// What a path leads to.
#[derive(Debug)]
enum Found {
    File(Vec<u8>, &'static str),
    /// A folder that was asked for without the slash, on which a page's relative links rest.
    Folder,
    Listing(Vec<String>),
    TooLarge,
    Nothing,
}

impl Pages {
    /// Takes a folder.
    ///
    /// # Errors
    /// It is not there or cannot be read.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let root = folder.canonicalize()?;
        fs::read_dir(&root)?;
        Ok(Self { root: root.into() })
    }

    /// The routes below `/pages`.
    pub fn routes(self) -> Router {
        let index = self.clone();
        Router::new()
            .route("/pages", get(|| async { redirect("/pages/") }))
            .route("/pages/", get(|uri: Uri| async move { index.answer(uri, String::new()).await }))
            .route(
                "/pages/{*path}",
                get(|uri: Uri, Captured(path): Captured<String>| async move { self.answer(uri, path).await }),
            )
    }

    async fn answer(self, uri: Uri, path: String) -> Response<Body> {
        // Reading a file blocks, and a folder may lie on a slow disk.
        let found = tokio::task::spawn_blocking(move || self.find(&path)).await;
        match found.unwrap_or(Ok(Found::Nothing)) {
            Ok(Found::File(bytes, content_type)) => with_policy(Response::new(Body::from(bytes)), content_type),
            Ok(Found::Listing(paths)) => {
                with_policy(Response::new(Body::from(listing(&paths))), "text/html; charset=utf-8")
            }
            Ok(Found::Folder) => redirect(&format!("{}/", uri.path())),
            Ok(Found::TooLarge) => {
                answers::plain(StatusCode::FORBIDDEN, "This file is larger than 16 MiB and is not served.")
            }
            Ok(Found::Nothing) | Err(_) => {
                answers::plain(StatusCode::NOT_FOUND, "There is no such page. All pages: /pages/")
            }
        }
    }

    /// Finds a file by its decoded path. Hidden files, and whatever lies outside of the folder once every symbolic link is
    /// followed, are not there.
    fn find(&self, path: &str) -> io::Result<Found> {
        let is_plain = |component: Component<'_>| matches!(component, Component::Normal(name) if !name.to_string_lossy().starts_with('.'));
        if path.contains(['\0', '\\']) || !Path::new(path).components().all(is_plain) {
            return Ok(Found::Nothing);
        }
        let Some(target) = self.inside(&self.root.join(path))? else { return Ok(Found::Nothing) };
        if !target.is_dir() {
            return read(&target);
        }
        if !path.is_empty() && !path.ends_with('/') {
            return Ok(Found::Folder);
        }
        match self.inside(&target.join(INDEX)) {
            Ok(Some(index)) if index.is_file() => read(&index),
            _ if path.is_empty() => Ok(Found::Listing(self.list())),
            _ => Ok(Found::Nothing),
        }
    }

    /// A path with every symbolic link followed, if it is still inside of the folder.
    fn inside(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        let path = path.canonicalize()?;
        Ok(path.starts_with(&self.root).then_some(path))
    }

    /// The pages in the folder, as paths below `/pages/`: HTML files, and folders that have an index.
    fn list(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![(self.root.to_path_buf(), String::new(), 0)];
        while let Some((folder, prefix, depth)) = folders.pop() {
            let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
            for entry in entries {
                let Ok(name) = entry.file_name().into_string() else { continue };
                let path = entry.path();
                if name.starts_with('.') || found.len() == LISTED {
                    continue;
                }
                if path.is_dir() {
                    if path.join(INDEX).is_file() {
                        found.push(format!("{prefix}{name}/"));
                    }
                    // A linked folder may lead round in a circle.
                    if depth < LISTED_DEPTH && !path.is_symlink() {
                        folders.push((path, format!("{prefix}{name}/"), depth + 1));
                    }
                } else if name != INDEX && content_type(&path).starts_with("text/html") {
                    found.push(format!("{prefix}{name}"));
                }
            }
        }
        found.sort();
        found
    }
}

fn read(path: &Path) -> io::Result<Found> {
    let mut file = fs::File::open(path)?;
    // A pipe or a device would never end, or do something when read.
    if !file.metadata()?.is_file() {
        return Ok(Found::Nothing);
    }
    let mut bytes = Vec::new();
    let read = file.by_ref().take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(if read as u64 > LARGEST { Found::TooLarge } else { Found::File(bytes, content_type(path)) })
}

fn with_policy(mut response: Response<Body>, content_type: &'static str) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    // These files are being worked on.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn redirect(to: &str) -> Response<Body> {
    let mut response =
        answers::plain(StatusCode::PERMANENT_REDIRECT, "The page is at the address with a slash at its end.");
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(LOCATION, to);
    }
    response
}

fn listing(paths: &[String]) -> String {
    let mut html = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
        <title>Pages</title>\n<style>body { font: 1rem/1.6 system-ui; margin: 2rem; color-scheme: light dark }</style>\n<h1>Pages</h1>\n<ul>\n"
        .to_owned();
    for path in paths {
        let _ = writeln!(html, "<li><a href=\"{}\">{}</a>", encoded(path), escaped(path));
    }
    html.push_str(if paths.is_empty() { "</ul>\n<p>There is no page in this folder yet.\n" } else { "</ul>\n" });
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A path as a relative link: everything but letters, digits and a few signs is percent-encoded.
fn encoded(path: &str) -> String {
    let mut link = "./".to_owned();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            link.push(char::from(byte));
        } else {
            let _ = write!(link, "%{byte:02X}");
        }
    }
    link
}

fn content_type(path: &Path) -> &'static str {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase();
    match extension.as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "txt" | "md" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "ttf" => "font/ttf",
        "wasm" => "application/wasm",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "mp4" => "video/mp4",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own for one test, gone with it.
    struct Folder(PathBuf);

    impl Folder {
        fn with(name: &str, files: &[&str]) -> Self {
            let folder = std::env::temp_dir().join(format!("charsu-pages-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&folder);
            for file in files {
                let path = folder.join(file);
                fs::create_dir_all(path.parent().expect("a folder")).expect("made");
                fs::write(path, *file).expect("written");
            }
            Self(folder)
        }

        fn pages(&self) -> Pages {
            Pages::open(&self.0).expect("a folder")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn content(pages: &Pages, path: &str) -> String {
        match pages.find(path) {
            Ok(Found::File(bytes, _)) => String::from_utf8(bytes).expect("text"),
            Ok(Found::Folder) => "a folder".to_owned(),
            Ok(Found::Listing(paths)) => paths.join(" "),
            Ok(Found::TooLarge) => "too large".to_owned(),
            Ok(Found::Nothing) | Err(_) => "nothing".to_owned(),
        }
    }

    #[test]
    fn a_file_a_folder_and_its_index_are_found() {
        let folder = Folder::with("found", &["chat.html", "app/index.html", "app/main.js", "a b/ع.html"]);
        let pages = folder.pages();
        for (path, wanted) in [
            ("chat.html", "chat.html"),
            ("app", "a folder"),
            ("app/", "app/index.html"),
            ("app/main.js", "app/main.js"),
            ("a b/ع.html", "a b/ع.html"),
            ("a b/", "nothing"),
            ("", "a b/ع.html app/ chat.html"),
        ] {
            assert_eq!(content(&pages, path), wanted, "{path}");
        }
    }

    #[test]
    fn nothing_outside_of_the_folder_and_nothing_hidden_is_found() {
        let folder = Folder::with("outside", &["site/chat.html", "site/.secret", "site/.git/config", "secret.txt"]);
        let pages = Pages::open(&folder.0.join("site")).expect("a folder");
        for path in [
            "../secret.txt",
            "a/../../secret.txt",
            "/etc/passwd",
            "//etc/passwd",
            ".secret",
            ".git/config",
            "..",
            ".",
            "./chat.html",
            "..\\secret.txt",
            "chat.html\0",
            "C:\\x",
        ] {
            assert_eq!(content(&pages, path), "nothing", "{path:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_that_leads_out_leads_nowhere() {
        let folder = Folder::with("links", &["site/chat.html", "secret/index.html"]);
        let site = folder.0.join("site");
        std::os::unix::fs::symlink(folder.0.join("secret"), site.join("out")).expect("a link");
        std::os::unix::fs::symlink(folder.0.join("secret/index.html"), site.join("out.html")).expect("a link");
        std::os::unix::fs::symlink(site.join("chat.html"), site.join("in.html")).expect("a link");
        let pages = Pages::open(&site).expect("a folder");
        assert_eq!(content(&pages, "out/index.html"), "nothing");
        assert_eq!(content(&pages, "out/"), "nothing");
        assert_eq!(content(&pages, "out.html"), "nothing");
        assert_eq!(content(&pages, "in.html"), "site/chat.html");
    }

    #[test]
    fn a_listing_is_no_way_to_bring_in_a_script() {
        let html = listing(&["<script>.html".to_owned(), "a\"b.html".to_owned(), "javascript:x.html".to_owned()]);
        assert!(
            !html.contains("<script>") && !html.contains("a\"b") && html.contains("href=\"./javascript%3Ax.html\""),
            "{html}"
        );
    }
}

//! Other people's pages in a folder: served as they are, with a policy of their own, and never more than the folder.

use std::path::PathBuf;

use crate::scene::Scene;

/// A folder with a few pages, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("charsu-scene-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("app")).expect("made");
        let script = "<!doctype html><script>new WebSocket(`ws://${location.host}/ws/general`)</script>";
        for (file, content) in
            [("chat.html", script), ("app/index.html", "<h1>app</h1>"), ("app/main.js", "0"), (".env", "secret")]
        {
            std::fs::write(folder.join(file), content).expect("written");
        }
        Self(folder)
    }

    fn scene(&self) -> Scene {
        Scene::with(|settings| settings.pages = Some(self.0.clone()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_page_is_served_unchanged_and_its_own_scripts_may_run_and_connect() {
    let folder = Folder::new("unchanged");
    let scene = folder.scene();
    let page = scene.get("/pages/chat.html").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(page.body, std::fs::read(folder.0.join("chat.html")).expect("read"));
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self' 'unsafe-inline'") && policy.contains("connect-src 'self' ws: wss:"),
        "{policy}"
    );
    assert_eq!(scene.get("/pages/app/main.js").await.header("content-type"), "text/javascript; charset=utf-8");
}

#[tokio::test]
async fn a_folder_is_its_index_and_the_top_lists_all_pages() {
    let folder = Folder::new("index");
    let scene = folder.scene();
    assert_eq!(scene.get("/pages/app/").await.text(), "<h1>app</h1>");
    let moved = scene.get("/pages/app").await;
    assert_eq!((moved.status, moved.header("location")), (308, "/pages/app/"));
    assert_eq!(scene.get("/pages").await.header("location"), "/pages/");
    let list = scene.get("/pages/").await;
    assert!(list.text().contains("href=\"./app/\"") && list.text().contains("href=\"./chat.html\""), "{}", list.text());
}

#[tokio::test]
async fn nothing_but_the_folder_is_served() {
    let folder = Folder::new("nothing-else");
    let scene = folder.scene();
    let name = folder.0.file_name().expect("a name").to_str().expect("text");
    for path in [
        "/pages/../Cargo.toml".to_owned(),
        "/pages/%2e%2e/Cargo.toml".to_owned(),
        "/pages/..%2fCargo.toml".to_owned(),
        "/pages/app/..%5c..%5cCargo.toml".to_owned(),
        format!("/pages/%2e%2e/{name}/chat.html"),
        "/pages//etc/passwd".to_owned(),
        "/pages/%2fetc/passwd".to_owned(),
        "/pages/.env".to_owned(),
        "/pages/%2eenv".to_owned(),
        "/pages/chat.html%00.png".to_owned(),
        "/pages/nowhere.html".to_owned(),
        "/pages/chat.html/".to_owned(),
    ] {
        let reply = scene.get(&path).await;
        assert!(reply.status == 404 || reply.status == 400, "{path}: {}", reply.status);
    }
    assert_eq!(Scene::start().get("/pages/chat.html").await.status, 404, "without --pages there are none");
}

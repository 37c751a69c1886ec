//! Builds the page and writes a table of its files for `src/web.rs`, compressed copies and hashes included; beside it one of
//! the documents in docs/api, which are there in every build.
//!
//! The page comes from, in this order: the folder `CHARSU_PAGE_DIST`; `web/dist` in a published package, which has no
//! sources beside it; npm and Vite, into this build's own folder. Without the feature `page` the table is empty.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::time::SystemTime;
use std::{env, fs, io};

use zlib_rs::DeflateConfig;

/// What the page is made of, below `web/`.
const SOURCES: [&str; 7] =
    ["app", "client/src", "package.json", "package-lock.json", "scripts", "tsconfig.json", "vite.config.ts"];

fn main() -> ExitCode {
    println!("cargo:rerun-if-changed=build.rs");
    for variable in ["CHARSU_PAGE_DIST", "DOCS_RS"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    let documents = project().join("docs/api");
    println!("cargo:rerun-if-changed={}", documents.display());
    let tables = page().and_then(|folder| {
        let packed = pack(&documents, &out().join("documents"))?;
        Ok(table("ASSETS", folder.as_deref(), None)? + &table("DOCUMENTS", Some(&documents), Some(&packed))?)
    });
    match tables {
        Ok(tables) => {
            let written = fs::write(out().join("page.rs"), tables);
            written.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
        }
        Err(Fault(words)) => {
            for line in words.lines() {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Why there is no page, and what to do.
struct Fault(String);

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self(format!("the page's files cannot be read: {error}"))
    }
}

fn project() -> PathBuf {
    PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"))
}

fn out() -> PathBuf {
    PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"))
}

/// The folder with the built page, or none where none is wanted. The documentation's builder has no network.
fn page() -> Result<Option<PathBuf>, Fault> {
    if env::var_os("CARGO_FEATURE_PAGE").is_none() || env::var_os("DOCS_RS").is_some() {
        return Ok(None);
    }
    if let Some(folder) = env::var_os("CHARSU_PAGE_DIST").map(PathBuf::from) {
        println!("cargo:rerun-if-changed={}", folder.display());
        return with_index(
            folder.canonicalize().map_err(|error| Fault(format!("CHARSU_PAGE_DIST: {}: {error}", folder.display())))?,
        );
    }
    let web = project().join("web");
    if !web.join("app").exists() {
        return with_index(web.join("dist"));
    }
    for source in SOURCES {
        println!("cargo:rerun-if-changed={}", web.join(source).display());
    }
    let folder = out().join("page");
    build(&web, &folder)?;
    with_index(folder)
}

fn with_index(folder: PathBuf) -> Result<Option<PathBuf>, Fault> {
    if folder.join("index.html").is_file() {
        return Ok(Some(folder));
    }
    Err(Fault(format!("{} holds no page: there is no index.html in it", folder.display())))
}

/// Installs what the page's build needs, if that is not there or older than the list of it, and builds.
fn build(web: &Path, folder: &Path) -> Result<(), Fault> {
    let changed =
        |path: &str| fs::metadata(web.join(path)).and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    if changed("node_modules/.package-lock.json") < changed("package-lock.json") {
        npm(web, &["ci", "--no-audit", "--no-fund"], folder)?;
    }
    npm(web, &["run", "build"], folder)
}

fn npm(web: &Path, arguments: &[&str], folder: &Path) -> Result<(), Fault> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let run = Command::new(program).args(arguments).current_dir(web).env("CHARSU_PAGE_OUT", folder).output();
    let what = format!("npm {}", arguments.join(" "));
    match run {
        Ok(Output { status, .. }) if status.success() => Ok(()),
        Ok(Output { stdout, stderr, .. }) => {
            let said = format!("{}\n{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
            let lines: Vec<_> = said.lines().filter(|line| !line.trim().is_empty()).collect();
            let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
            Err(Fault(format!("the page could not be built: {what} failed in web/\n{last}\n{REMEDY}")))
        }
        Err(error) => Err(Fault(format!("the page could not be built: {what} cannot be run ({error})\n{REMEDY}"))),
    }
}

/// How much of what npm said is shown.
const LAST_LINES: usize = 20;
const REMEDY: &str =
    "Install Node 20 or later with npm, or build a server without page: cargo build --no-default-features";

/// Writes each file of a folder as gzip into another, which it gives back. Here and not by the page's scripts, for a build
/// without the page needs no Node.
fn pack(folder: &Path, into: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(into)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let content = fs::read(entry.path())?;
        // A gzip's head and end are 12 bytes longer than those that the bound is meant for.
        let mut room = vec![0; zlib_rs::compress_bound(content.len()) + 12];
        let config = DeflateConfig { level: 9, window_bits: 15 + 16, ..DeflateConfig::default() };
        let (packed, result) = zlib_rs::compress_slice(&mut room, &content, config);
        if result as i32 != 0 {
            return Err(io::Error::other(format!("{} cannot be compressed: {result:?}", entry.path().display())));
        }
        fs::write(into.join(entry.file_name()).with_added_extension("gz"), packed)?;
    }
    Ok(into.to_owned())
}

/// The table in Rust: every file of the folder with its compressed copies. Where there is a folder `packed`, those in it
/// stand for the files.
fn table(name: &str, folder: Option<&Path>, packed: Option<&Path>) -> io::Result<String> {
    let mut files = BTreeMap::new();
    if let Some(folder) = folder {
        gather(folder, folder, &mut files)?;
    }
    if let Some(packed) = packed {
        gather(packed, packed, &mut files)?;
    }
    let mut table = format!("static {name}: &[Asset] = &[\n");
    for (path, file) in &files {
        // Compressed copies stand with their file. Maps are for whoever builds, but for those of the Socket.IO client, which
        // its files name.
        let is_left_out =
            |ending: &str| path.ends_with(ending) && !(ending == ".map" && path.starts_with("/socket.io/"));
        if [".br", ".gz", ".map"].into_iter().any(is_left_out) {
            continue;
        }
        let content = fs::read(file)?;
        let copy = |ending: &str| {
            let copy = files.get(&format!("{path}{ending}"));
            copy.map_or("None".to_owned(), |copy| format!("Some({})", embedded(copy)))
        };
        let _ = writeln!(
            table,
            "    Asset {{ path: {path:?}, content_type: {:?}, hash: \"{}\", immutable: {}, plain: {}, br: {}, gz: {} }},",
            content_type(path),
            hash(&content),
            is_named_by_content(path),
            match packed {
                Some(_) => "Plain::Packed".to_owned(),
                None => format!("Plain::Kept({})", embedded(file)),
            },
            copy(".br"),
            copy(".gz"),
        );
    }
    table.push_str("];\n");
    Ok(table)
}

/// The file's content, as Rust. Debug formatting escapes the path as a literal needs it.
fn embedded(file: &Path) -> String {
    format!("include_bytes!({:?})", file.to_string_lossy())
}

fn gather(root: &Path, folder: &Path, files: &mut BTreeMap<String, PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(root, &path, files)?;
        } else {
            let inner = path.strip_prefix(root).expect("it was found there").to_string_lossy().replace('\\', "/");
            files.insert(format!("/{inner}"), path);
        }
    }
    Ok(())
}

/// 128 bits that change with the content. Nobody attacks it: whoever can choose the content can choose the page.
fn hash(content: &[u8]) -> String {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(salt);
        hasher.write(content);
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(0), half(1))
}

/// Vite writes a hash of at least 8 characters into the names of what it puts into `assets/`.
fn is_named_by_content(path: &str) -> bool {
    let stem = path.strip_prefix("/assets/").and_then(|name| name.rsplit_once('.')).map(|(stem, _)| stem);
    stem.is_some_and(|stem| {
        let is_letter = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        stem.len() > 9 && stem.as_bytes()[stem.len() - 9] == b'-' && stem.bytes().rev().take(8).all(is_letter)
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

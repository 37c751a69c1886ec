//! What the store in a file costs: against a bare loop that inserts the same rows, and against the disk's own syncs.
//!
//! `cargo bench --bench sqlite` prints a table and fails when a bound is missed: 20,000 acknowledged lines a second, an
//! acknowledgement within 20 ms for 99 of 100 lines at 1,000 a second, and no more than one and a half times the bare
//! loop's processor time. The file lies in the system's temporary folder; `TMPDIR` names another disk.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use charsu::protocol::{Event, Kind, Marks, MemberId};
use charsu::room::Epoch;
use charsu::store::sqlite::{Command, Entry, Fsync, Opened, Opening, Options, Retention, SessionHash, open};
use rusqlite::{Connection, params};

const ROOMS: u32 = 50;
const SESSIONS: u32 = 200;
const REMEMBERED: u32 = 64;

/// Lines for a figure of throughput.
const LINES: u32 = 200_000;

/// Lines for a figure of throughput in which each group waits for the disk.
const SYNCED_LINES: u32 = 50_000;

/// How many lines the bare loop writes in one transaction: as many as the store does when it has much to do.
const BARE_GROUP: u32 = 1000;

const PACE: Duration = Duration::from_millis(1);
const PACED_LINES: u32 = 8000;

/// One in so many of them is a change of an earlier line.
const CHANGED: u32 = 100;

const WANTED_A_SECOND: f64 = 20_000.0;
const WANTED_P99: Duration = Duration::from_millis(20);
const WANTED_TIMES_BARE: f64 = 1.5;

fn main() -> ExitCode {
    let folder = Folder::new();
    let mut bounds = Bounds::default();
    println!("{:<46}{:>12}{:>14}", "", "lines/s", "CPU us/line");

    // Twice, and the better one counts: other work of the machine only ever adds.
    let bare = (0..2).map(|_| bare(&folder)).reduce(Measured::better).expect("two runs");
    bare.print(&format!("bare loop, {BARE_GROUP} lines a transaction"));
    let mut best: Option<Measured> = None;
    for in_flight in [1, 16, 256, 2000] {
        let lines = if in_flight == 1 { LINES / 10 } else { LINES };
        let measured = throughput(&folder, Fsync::Normal, in_flight, lines);
        measured.print(&format!("fsync normal, {in_flight} in flight"));
        best = Some(best.map_or(measured, |best| best.better(measured)));
    }
    for in_flight in [1, 16, 256, 2000] {
        let lines = if in_flight < 100 { SYNCED_LINES / 50 } else { SYNCED_LINES };
        throughput(&folder, Fsync::Full, in_flight, lines).print(&format!("fsync full, {in_flight} in flight"));
    }
    let best = best.expect("several runs");
    bounds.check("acknowledged lines a second", best.lines_a_second >= WANTED_A_SECOND);
    let times = best.cpu_us_a_line / bare.cpu_us_a_line;
    println!("\na line takes {times:.2} times the processor time of the bare loop");
    bounds.check("processor time against the bare loop", times <= WANTED_TIMES_BARE);

    println!("\n{:<46}{:>9}{:>9}{:>9}{:>9}", "milliseconds", "p50", "p90", "p99", "max");
    let normal = latency(&folder, Fsync::Normal);
    print_percentiles("acknowledged, fsync normal, 1,000 lines/s", &normal);
    print_percentiles("acknowledged, fsync full, 1,000 lines/s", &latency(&folder, Fsync::Full));
    print_percentiles("the disk: write 4 KiB and sync", &disk(folder.path()));
    bounds.check("99 of 100 acknowledgements", percentile(&normal, 99) < WANTED_P99);
    bounds.verdict()
}

/// What was missed.
#[derive(Default)]
struct Bounds(Vec<&'static str>);

impl Bounds {
    fn check(&mut self, what: &'static str, holds: bool) {
        if !holds {
            self.0.push(what);
        }
    }

    fn verdict(&self) -> ExitCode {
        for missed in &self.0 {
            println!("MISSED: {missed}");
        }
        if self.0.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

#[derive(Clone, Copy)]
struct Measured {
    lines_a_second: f64,
    cpu_us_a_line: f64,
}

impl Measured {
    fn of(lines: u32, work: impl FnOnce()) -> Self {
        let (begun, cpu) = (Instant::now(), cpu_seconds());
        work();
        let (seconds, cpu) = (begun.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        Self { lines_a_second: f64::from(lines) / seconds, cpu_us_a_line: cpu * 1e6 / f64::from(lines) }
    }

    fn better(self, other: Self) -> Self {
        if self.cpu_us_a_line <= other.cpu_us_a_line { self } else { other }
    }

    fn print(&self, what: &str) {
        println!("{what:<46}{:>12.0}{:>14.1}", self.lines_a_second, self.cpu_us_a_line);
    }
}

/// The line with this number: rooms and sessions take turns.
fn line(number: u32, receipt: Instant) -> Entry<Instant> {
    let room = u64::from(number % ROOMS);
    let (seq, n) = (u64::from(number / ROOMS + 1), u64::from(number / SESSIONS + 1));
    let text = format!("line {number}: somebody says what people say, and it is as long as such a line is").into();
    let kind = Kind::Message {
        from: MemberId(1),
        name: "Somebody".into(),
        guest: false,
        text,
        marks: Marks::default(),
        form: None,
    };
    let opens = (seq == 1).then(|| Opening { name: format!("room {room}"), epoch: Epoch(room), code: None });
    let forget_below = n.checked_sub(REMEMBERED.into());
    let command = Command { session: session(number), n, content: number.into(), forget_below };
    Entry {
        room: room.cast_signed() + 1,
        opens,
        event: Arc::new(Event { seq, at: number.into(), kind }),
        session: None,
        command: Some(command),
        receipt,
    }
}

fn session(number: u32) -> SessionHash {
    // Like a hash: neighbours are far apart.
    let scattered = u64::from(number % SESSIONS).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut hash = [0; 16];
    hash[..8].copy_from_slice(&scattered.to_be_bytes());
    hash
}

fn options(folder: &Folder, fsync: Fsync) -> Options {
    let queue_entries = 10_000;
    Options {
        path: folder.fresh(),
        fsync,
        retention: Retention::default(),
        queue_entries,
        busy: Duration::from_secs(1),
    }
}

/// The same rows without a store: one thread, one transaction after the other, nobody to tell.
fn bare(folder: &Folder) -> Measured {
    let options = options(folder, Fsync::Normal);
    let path = options.path.clone();
    drop(open::<()>(options).expect("the tables"));
    let mut db = Connection::open(path).expect("the file");
    for (pragma, value) in [("synchronous", "NORMAL"), ("secure_delete", "ON"), ("cache_size", "-8192")] {
        db.pragma_update_and_check(None, pragma, value, |_| Ok(()))
            .or_else(|_| db.pragma_update(None, pragma, value))
            .expect("a setting");
    }
    Measured::of(LINES, || {
        for group in 0..LINES / BARE_GROUP {
            let transaction = db.transaction().expect("a transaction");
            for number in group * BARE_GROUP..(group + 1) * BARE_GROUP {
                let entry = line(number, Instant::now());
                insert(&transaction, &entry).expect("rows");
            }
            transaction.commit().expect("committed");
        }
    })
}

fn insert(db: &Connection, entry: &Entry<Instant>) -> rusqlite::Result<()> {
    let Kind::Message { from, name, text, .. } = &entry.event.kind else { return Ok(()) };
    let (seq, at) = (entry.event.seq.cast_signed(), entry.event.at.cast_signed());
    if let Some(opening) = &entry.opens {
        let open = "INSERT INTO rooms (id, name, epoch, first, head, last_member, lines, touched_at)
            VALUES (?1, ?2, 1, 1, 0, 0, 0, 0)";
        db.prepare_cached(open)?.execute(params![entry.room, opening.name])?;
    }
    if let Some(Command { session, n, content, forget_below }) = &entry.command {
        let add = "INSERT INTO commands (session, n, content, epoch, seq) VALUES (?1, ?2, ?3, 1, ?4)";
        db.prepare_cached(add)?.execute(params![session, n.cast_signed(), content.cast_signed(), seq])?;
        let forget = "DELETE FROM commands WHERE session = ?1 AND n < ?2";
        db.prepare_cached(forget)?.execute(params![session, forget_below.unwrap_or(0).cast_signed()])?;
    }
    let add = "INSERT INTO events (room, seq, at, kind, member, name, text) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6)";
    db.prepare_cached(add)?.execute(params![entry.room, seq, at, from.0, name, text])?;
    Ok(())
}

/// Lines through the store, with so many at most on their way.
fn throughput(folder: &Folder, fsync: Fsync, in_flight: u32, lines: u32) -> Measured {
    let Opened { store, mut outcomes, .. } = open::<Instant>(options(folder, fsync)).expect("a store");
    Measured::of(lines, || {
        let (mut sent, mut acknowledged) = (0, 0);
        while acknowledged < lines {
            while sent < lines && sent - acknowledged < in_flight {
                store.append(line(sent, Instant::now())).expect("room in the queue");
                sent += 1;
            }
            for outcome in outcomes.blocking_recv().expect("outcomes") {
                outcome.result.expect("kept");
                acknowledged += 1;
            }
        }
    })
}

/// How long each line waits for its acknowledgement when they come at a steady pace.
fn latency(folder: &Folder, fsync: Fsync) -> Vec<Duration> {
    let Opened { store, mut outcomes, .. } = open::<Instant>(options(folder, fsync)).expect("a store");
    let listener = thread::spawn(move || {
        let mut waited = Vec::with_capacity(PACED_LINES as usize);
        while waited.len() < PACED_LINES as usize {
            for outcome in outcomes.blocking_recv().expect("outcomes") {
                outcome.result.expect("kept");
                waited.push(outcome.receipt.elapsed());
            }
        }
        waited
    });
    let begun = Instant::now();
    for number in 0..PACED_LINES {
        let due = begun + PACE * number;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        // Counted from when it was due: a line that could not even be handed over has waited, too.
        let mut entry = line(number, due);
        if number % CHANGED == CHANGED - 1 {
            // Somebody changes the line before: there is something to clean up now and then.
            let event = &entry.event;
            let (target, text) = (event.seq - 1, Some("what should have been said".into()));
            let kind = Kind::Edit { target, from: MemberId(1), between: None, text };
            entry.event = Arc::new(Event { seq: event.seq, at: event.at, kind });
        }
        store.append(entry).expect("room in the queue");
    }
    let mut waited = listener.join().expect("a listener");
    waited.sort_unstable();
    waited
}

/// What a sync costs without any store.
fn disk(folder: &Path) -> Vec<Duration> {
    let mut file = File::create(folder.join("synced")).expect("a file");
    let mut took: Vec<Duration> = (0..300)
        .map(|_| {
            let begun = Instant::now();
            file.write_all(&[7; 4096]).and_then(|()| file.sync_data()).expect("synced");
            begun.elapsed()
        })
        .collect();
    took.sort_unstable();
    took
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

fn print_percentiles(what: &str, sorted: &[Duration]) {
    let [p50, p90, p99, max] = [50, 90, 99, 100].map(|percent| percentile(sorted, percent).as_secs_f64() * 1e3);
    println!("{what:<46}{p50:>9.2}{p90:>9.2}{p99:>9.2}{max:>9.2}");
}

/// The processor time of this process, all threads. In hundredths of a second, which is why the runs are long.
fn cpu_seconds() -> f64 {
    let Ok(stat) = fs::read_to_string("/proc/self/stat") else { return f64::NAN };
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    // Fields 14 and 15 of proc(5), counted after the name, which is the second.
    after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// A folder that goes with the bench.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("charsu-bench-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a store that is not there yet.
    fn fresh(&self) -> PathBuf {
        for file in fs::read_dir(&self.0).expect("the folder") {
            fs::remove_file(file.expect("a file").path()).expect("removed");
        }
        self.0.join("charsu.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

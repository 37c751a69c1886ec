//! Takes out of the file what `SQLite` leaves between the rows of a page.
//!
//! `secure_delete` overwrites a row that goes, where it lies. But when `SQLite` moves rows from one page to another, it
//! may leave the old copies in the first page's unused middle, between the list of its cells and the cells, and no
//! later wipe of the row finds those (`rebuildPage` in its source; one row in some hundreds, where rooms grow side by
//! side). So, after something was wiped, the keeper looks through the pages as they lie on the disk, and the writer
//! fills such middles with zeros. `SQLite` never reads them: to it the page is the same.
//!
//! Who cleans must hold the write lock, with nothing in the log, so that nobody else writes the file at that moment;
//! and must have forgotten its cached pages, or it would write the old middles again. The handle stays open until the
//! last connection is closed: closing it any sooner would let go of `SQLite`'s own locks, as POSIX has it.
//!
//! Format: <https://sqlite.org/fileformat2.html>. A page that does not look like a sound page of rows is left alone.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::file::beside;
use super::statements as sql;

/// The header of the file, on its first page before that page's own.
const FILE_HEADER: usize = 100;

/// With more pages than this, an overflow page could look like a page of rows. That is 64 GiB.
const MOST_PAGES: u64 = 1 << 24;

/// How many pages are looked at with one read.
const PAGES_AT_ONCE: usize = 64;

/// The pages of the store's file, past `SQLite`.
#[derive(Debug)]
pub(super) struct RawPages {
    file: File,
    /// The write-ahead log beside it.
    log: PathBuf,
    size: usize,
    /// Without what some extensions reserve at the end of each page.
    usable: usize,
}

impl RawPages {
    /// Of a file that has its first page.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let mut header = [0; FILE_HEADER];
        read(&file, &mut header, 0)?;
        let size = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 65_536,
            size => usize::from(size),
        };
        let usable = size - usize::from(header[20]);
        if !size.is_power_of_two() || size < 512 || usable < 480 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(Self { file, log: beside(path, "-wal"), size, usable })
    }

    /// The numbers of pages that have something in their unused middle, counted from 0.
    pub(super) fn find(&self) -> io::Result<Vec<u64>> {
        let pages = self.file.metadata()?.len() / self.size as u64;
        if pages > MOST_PAGES {
            return Ok(Vec::new());
        }
        let mut stretch = vec![0; self.size * PAGES_AT_ONCE];
        let mut found = Vec::new();
        for begin in (0..pages).step_by(PAGES_AT_ONCE) {
            let count = (pages - begin).min(PAGES_AT_ONCE as u64) as usize;
            let stretch = &mut stretch[..count * self.size];
            read(&self.file, stretch, begin * self.size as u64)?;
            let numbered = (begin..).zip(stretch.chunks(self.size));
            found.extend(
                numbered.filter(|(number, page)| self.middle(*number, page).is_some()).map(|(number, _)| number),
            );
        }
        Ok(found)
    }

    /// Fills the unused middles of these pages with zeros.
    fn clean(&self, pages: &[u64]) -> io::Result<()> {
        let mut page = vec![0; self.size];
        for &number in pages {
            let begin = number * self.size as u64;
            read(&self.file, &mut page, begin)?;
            if let Some(middle) = self.middle(number, &page) {
                let zeros = vec![0; middle.len()];
                write(&self.file, &zeros, begin + middle.start as u64)?;
            }
        }
        Ok(())
    }

    /// The same beside a connection that writes, with nobody else writing meanwhile. Returns whether that could be had.
    pub(super) fn clean_beside(&self, db: &Connection, pages: &[u64]) -> rusqlite::Result<bool> {
        db.execute_batch(sql::BEGIN)?;
        let log_is_empty = fs::metadata(&self.log).map_or(true, |log| log.len() == 0);
        let cleaned = log_is_empty
            && db.execute_batch("PRAGMA shrink_memory").is_ok()
            && self.clean(pages).inspect_err(|error| tracing::warn!(%error, "pages could not be cleaned")).is_ok();
        db.execute_batch(sql::ROLLBACK)?;
        Ok(cleaned)
    }

    /// Where a page has an unused middle that is not empty.
    fn middle(&self, number: u64, page: &[u8]) -> Option<Range<usize>> {
        // The second page, and others after as many pages as it has entries for, tell whose the others are.
        let entries = self.usable as u64 / 5;
        if number % (entries + 1) == 1 {
            return None;
        }
        let header = if number == 0 { FILE_HEADER } else { 0 };
        let number_at = |at: usize| usize::from(u16::from_be_bytes([page[at], page[at + 1]]));
        let header_bytes = match page[header] {
            2 | 5 => 12,
            10 | 13 => 8,
            _ => return None,
        };
        let (first_free, cells) = (number_at(header + 1), number_at(header + 3));
        let content = match number_at(header + 5) {
            0 => 65_536,
            content => content,
        };
        let list = header + header_bytes;
        let middle = list + 2 * cells..content;
        let in_content = |at: usize| (content..self.usable).contains(&at);
        let is_sound = middle.start <= middle.end
            && content <= self.usable
            && (first_free == 0 || in_content(first_free))
            && (0..cells).all(|cell| in_content(number_at(list + 2 * cell)));
        (is_sound && page[middle.clone()].iter().any(|byte| *byte != 0)).then_some(middle)
    }
}

/// Moves all of the write-ahead log into the file and leaves nothing in it. Returns whether nobody was in the way.
pub(super) fn empty_log(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| Ok(row.get::<_, i64>(0)? == 0))
}

#[cfg(unix)]
fn read(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(unix)]
fn write(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(windows)]
fn read(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    let read = std::os::windows::fs::FileExt::seek_read(file, bytes, at)?;
    if read == bytes.len() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

#[cfg(windows)]
fn write(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    let written = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
    if written == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

//! The log: lines on stderr, one event each, whatever a client puts into a header. What is logged is for others to decide;
//! never rooms, names or texts.

use std::io::{self, Write};

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

/// Changes what is logged while the server runs.
#[derive(Debug)]
pub struct LogLevel(reload::Handle<Targets, Registry>);

/// Starts the log. The filter is one that [`Settings`](crate::config::Settings) has accepted. Does nothing the second time.
pub fn start(filter: &str) -> LogLevel {
    let (filter, handle) = reload::Layer::new(targets(filter));
    let lines = fmt::layer().with_ansi(false).with_target(false).with_writer(|| OneLine(io::stderr()));
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
    LogLevel(handle)
}

impl LogLevel {
    /// Puts another filter into force.
    pub fn change(&self, filter: &str) {
        let _ = self.0.reload(targets(filter));
    }
}

/// Characters that end a line or change the direction of what follows, beside the control characters.
const TURNING: [char; 14] = [
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}',
    '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

fn targets(filter: &str) -> Targets {
    filter.parse().unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO))
}

/// Writes an event as one line: control characters inside of it are escaped, so that nobody forges lines or paints terminals.
#[derive(Debug)]
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let mut line = String::with_capacity(text.len() + 1);
        for c in text.strip_suffix('\n').unwrap_or(&text).chars() {
            if c.is_control() || TURNING.contains(&c) { line.extend(c.escape_default()) } else { line.push(c) }
        }
        line.push('\n');
        self.0.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_it_holds() {
        let mut written = OneLine(Vec::new());
        written.write_all(b"INFO a\r\nb\x1b[31mc\xffd\te\n").expect("a Vec takes everything");
        assert_eq!(String::from_utf8(written.0).expect("text"), "INFO a\\r\\nb\\u{1b}[31mc\u{fffd}d\\te\n");
    }

    #[test]
    fn bidirectional_controls_do_not_reorder_a_line() {
        let mut written = OneLine(Vec::new());
        written.write_all("a\u{202e}b\n".as_bytes()).expect("a Vec takes everything");
        assert_eq!(String::from_utf8(written.0).expect("text"), "a\\u{202e}b\n");
    }
}

//! A connection in memory, for wires on which HTTP requests bring what the client says and fetch what it is told. It behaves
//! like a kernel's socket: each direction takes bytes up to a bound, says how many, and wakes whoever waits. Empty, it holds
//! no memory. Knows no frame and no HTTP.

use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use atomic_waker::AtomicWaker;

/// The most that lies in a pipe for its client to fetch, in bytes.
pub const OUTWARD_BYTES: usize = 64 * 1024;

/// The most that lies in it for the connection to read, in bytes, unless one piece alone is longer.
pub const INWARD_BYTES: usize = 64 * 1024;

/// The client's half. The connection holds an [`End`].
#[derive(Debug, Default)]
pub struct Pipe {
    /// std: copies of some kilobytes, never across an await.
    contents: Mutex<Contents>,
    /// Wakes the connection's task: something came, there is room again, or the client is gone.
    connection: AtomicWaker,
    /// Wakes whoever fetches.
    client: AtomicWaker,
    /// Wakes whoever waits to bring something.
    bringer: AtomicWaker,
}

#[derive(Debug, Default)]
struct Contents {
    /// What the connection wrote.
    outward: Vec<u8>,
    /// What was fetched of something whole that has not ended yet; see [`Pipe::poll_fetch_whole`].
    begun: Vec<u8>,
    /// What the client brought.
    inward: Vec<u8>,
    /// The connection writes nothing more.
    is_shut: bool,
    /// The client brings and fetches nothing more.
    is_left: bool,
    /// The client is gone.
    is_gone: bool,
}

/// What became of a piece that a client brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brought {
    /// The connection will read it.
    Taken,
    /// Too much waits to be read. Nothing of it was taken.
    Full,
    /// The connection is over.
    Over,
}

impl Pipe {
    /// Fetches everything that was written, or has the task woken when something is. Nothing after the end. One task at a
    /// time may wait.
    pub fn poll_fetch(&self, cx: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        self.client.register(cx.waker());
        let mut contents = self.contents();
        if contents.outward.is_empty() {
            let is_over = contents.is_shut || contents.is_left || contents.is_gone;
            return if is_over { Poll::Ready(None) } else { Poll::Pending };
        }
        let fetched = std::mem::take(&mut contents.outward);
        drop(contents);
        self.connection.wake();
        Poll::Ready(Some(fetched))
    }

    /// Fetches what was written up to the last `end`, which ends each whole thing that the connection writes and is nowhere
    /// else. What follows waits for its own. The same one for every call; not to be mixed with [`Pipe::poll_fetch`].
    ///
    /// One that is longer than the pipe gathers here: its writer knows how long that may be.
    pub fn poll_fetch_whole(&self, cx: &mut Context<'_>, end: u8) -> Poll<Option<Vec<u8>>> {
        loop {
            let Some(fetched) = ready!(self.poll_fetch(cx)) else { return Poll::Ready(None) };
            let mut contents = self.contents();
            let Some(last) = fetched.iter().rposition(|&byte| byte == end) else {
                contents.begun.extend_from_slice(&fetched);
                continue;
            };
            let mut whole = std::mem::take(&mut contents.begun);
            contents.begun.extend_from_slice(&fetched[last + 1..]);
            whole.extend_from_slice(&fetched[..=last]);
            return Poll::Ready(Some(whole));
        }
    }

    /// Brings a piece for the connection to read, whole or not at all.
    pub fn bring(&self, bytes: &[u8]) -> Brought {
        let mut contents = self.contents();
        if contents.is_gone || contents.is_left || contents.is_shut {
            return Brought::Over;
        }
        if !contents.inward.is_empty() && contents.inward.len() + bytes.len() > INWARD_BYTES {
            return Brought::Full;
        }
        contents.inward.extend_from_slice(bytes);
        drop(contents);
        self.connection.wake();
        Brought::Taken
    }

    /// Brings a piece as [`Pipe::bring`] does, or has the task woken when there may be room. One task at a time may wait.
    pub fn poll_bring(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Brought> {
        self.bringer.register(cx.waker());
        match self.bring(bytes) {
            Brought::Full => Poll::Pending,
            brought => Poll::Ready(brought),
        }
    }

    /// Brings the first bytes of what the connection will read elsewhere, however much waits already.
    pub(super) fn bring_last(&self, bytes: &[u8]) {
        self.contents().inward.extend_from_slice(bytes);
    }

    /// The client is leaving: what it brought is still read to its end, and what is said to it is thrown away.
    pub(super) fn leave(&self) {
        let mut contents = self.contents();
        contents.is_left = true;
        contents.outward = Vec::new();
        contents.begun = Vec::new();
        drop(contents);
        self.connection.wake();
        self.client.wake();
        self.bringer.wake();
    }

    /// The client is gone: what lies here is thrown away, and the connection's next write fails.
    pub fn hang_up(&self) {
        let mut contents = self.contents();
        *contents = Contents { is_shut: contents.is_shut, is_gone: true, ..Contents::default() };
        drop(contents);
        self.connection.wake();
        self.client.wake();
        self.bringer.wake();
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection's half. When it is dropped, nothing more comes.
#[derive(Debug)]
pub(super) struct End(Arc<Pipe>);

impl End {
    pub(super) fn of(pipe: Arc<Pipe>) -> Self {
        Self(pipe)
    }

    /// The client's half.
    pub(super) fn pipe(&self) -> &Arc<Pipe> {
        &self.0
    }

    /// Reads what the client brought. 0 bytes when it is gone.
    pub(super) fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<usize> {
        self.0.connection.register(cx.waker());
        let mut contents = self.0.contents();
        if contents.inward.is_empty() {
            return if contents.is_left || contents.is_gone { Poll::Ready(0) } else { Poll::Pending };
        }
        let count = contents.inward.len().min(buffer.len());
        buffer[..count].copy_from_slice(&contents.inward[..count]);
        if count == contents.inward.len() {
            contents.inward = Vec::new();
            drop(contents);
            self.0.bringer.wake();
        } else {
            contents.inward.drain(..count);
        }
        Poll::Ready(count)
    }

    /// Whether something that the client brought is still to be read.
    pub(super) fn has_inward(&self) -> bool {
        !self.0.contents().inward.is_empty()
    }

    /// Has the task woken when there is room. Ready, too, once the client is gone: the next write tells.
    pub(super) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.connection.register(cx.waker());
        let contents = self.0.contents();
        if contents.outward.len() < OUTWARD_BYTES || contents.is_gone { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Writes as much as there is room for, perhaps nothing.
    pub(super) fn write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut contents = self.0.contents();
        if contents.is_gone {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if contents.is_left {
            return Ok(slices.iter().map(|slice| slice.len()).sum());
        }
        let before = contents.outward.len();
        for slice in slices {
            let room = OUTWARD_BYTES - contents.outward.len();
            contents.outward.extend_from_slice(&slice[..slice.len().min(room)]);
        }
        let taken = contents.outward.len() - before;
        drop(contents);
        if taken > 0 {
            self.0.client.wake();
        }
        Ok(taken)
    }

    /// Tells the client that nothing more comes.
    pub(super) fn shut_down(&self) {
        self.0.contents().is_shut = true;
        self.0.client.wake();
        self.0.bringer.wake();
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.shut_down();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Default)]
    struct Counting(AtomicUsize);

    impl Wake for Counting {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Counting {
        fn count(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    fn pipe() -> (Arc<Pipe>, End) {
        let pipe = Arc::<Pipe>::default();
        (pipe.clone(), End::of(pipe))
    }

    fn write(end: &End, bytes: &[u8]) -> usize {
        end.write(&[IoSlice::new(bytes)]).expect("the client is there")
    }

    #[test]
    fn a_full_pipe_takes_no_more_until_its_client_has_fetched() {
        let (pipe, end) = pipe();
        let woken = Arc::<Counting>::default();
        let waker = Waker::from(woken.clone());
        let mut cx = Context::from_waker(&waker);
        assert!(end.poll_writable(&mut cx).is_ready());
        assert_eq!(write(&end, &vec![b'a'; OUTWARD_BYTES - 1]), OUTWARD_BYTES - 1);
        assert!(end.poll_writable(&mut cx).is_ready());
        let both = [IoSlice::new(b""), IoSlice::new(b"bc")];
        assert_eq!(end.write(&both).expect("the client is there"), 1);
        assert_eq!(write(&end, b"c"), 0);
        assert!(end.poll_writable(&mut cx).is_pending());
        assert_eq!(woken.count(), 0);
        let mut client = Context::from_waker(Waker::noop());
        let Poll::Ready(Some(fetched)) = pipe.poll_fetch(&mut client) else { panic!("it is full") };
        assert_eq!(fetched.len(), OUTWARD_BYTES);
        assert_eq!(fetched.last(), Some(&b'b'));
        assert_eq!(woken.count(), 1);
        assert!(end.poll_writable(&mut cx).is_ready());
        assert_eq!(pipe.contents().outward.capacity(), 0, "an empty pipe holds no memory");
    }

    #[test]
    fn who_fetches_is_woken_by_what_is_written_and_by_the_end() {
        let (pipe, end) = pipe();
        let woken = Arc::<Counting>::default();
        let waker = Waker::from(woken.clone());
        let mut cx = Context::from_waker(&waker);
        assert!(pipe.poll_fetch(&mut cx).is_pending());
        write(&end, b"one");
        assert_eq!(woken.count(), 1);
        assert_eq!(pipe.poll_fetch(&mut cx), Poll::Ready(Some(b"one".to_vec())));
        assert!(pipe.poll_fetch(&mut cx).is_pending());
        write(&end, b"two");
        drop(end);
        assert_eq!(pipe.poll_fetch(&mut cx), Poll::Ready(Some(b"two".to_vec())));
        assert_eq!(pipe.poll_fetch(&mut cx), Poll::Ready(None));
        assert!(woken.count() >= 2);
        assert_eq!(pipe.bring(b"late"), Brought::Over);
    }

    #[test]
    fn a_client_that_hangs_up_breaks_the_connection() {
        let (pipe, end) = pipe();
        let woken = Arc::<Counting>::default();
        let waker = Waker::from(woken.clone());
        let mut cx = Context::from_waker(&waker);
        let mut buffer = [0; 8];
        assert!(end.poll_read(&mut cx, &mut buffer).is_pending());
        write(&end, &vec![b'a'; OUTWARD_BYTES]);
        assert!(end.poll_writable(&mut cx).is_pending());
        assert_eq!(pipe.bring(b"unread"), Brought::Taken);
        pipe.hang_up();
        assert!(woken.count() > 0);
        assert_eq!(end.poll_read(&mut cx, &mut buffer), Poll::Ready(0));
        assert!(end.poll_writable(&mut cx).is_ready());
        assert_eq!(end.write(&[IoSlice::new(b"x")]).expect_err("it is gone").kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(pipe.poll_fetch(&mut cx), Poll::Ready(None));
        assert_eq!(pipe.contents().outward.capacity(), 0);
    }

    #[test]
    fn a_client_that_leaves_is_heard_to_its_end_and_told_nothing_more() {
        let (pipe, end) = pipe();
        let woken = Arc::<Counting>::default();
        let waker = Waker::from(woken.clone());
        let mut cx = Context::from_waker(&waker);
        let mut buffer = [0; 4];
        write(&end, &vec![b'a'; OUTWARD_BYTES]);
        assert!(end.poll_writable(&mut cx).is_pending());
        assert_eq!(pipe.bring(b"unread"), Brought::Taken);
        pipe.leave();
        assert!(woken.count() > 0);
        assert_eq!(pipe.bring(b"late"), Brought::Over);
        assert_eq!(pipe.poll_fetch(&mut cx), Poll::Ready(None));
        assert!(end.poll_writable(&mut cx).is_ready());
        assert_eq!(write(&end, &vec![b'a'; 2 * OUTWARD_BYTES]), 2 * OUTWARD_BYTES);
        assert_eq!(pipe.contents().outward.capacity(), 0);
        assert_eq!(end.poll_read(&mut cx, &mut buffer), Poll::Ready(4));
        assert_eq!(end.poll_read(&mut cx, &mut buffer), Poll::Ready(2));
        assert_eq!(end.poll_read(&mut cx, &mut buffer), Poll::Ready(0));
    }

    #[test]
    fn what_is_brought_is_taken_whole_or_not_at_all() {
        let (pipe, end) = pipe();
        let woken = Arc::<Counting>::default();
        let waker = Waker::from(woken.clone());
        let mut cx = Context::from_waker(&waker);
        let mut buffer = vec![0; 2 * INWARD_BYTES];
        assert!(end.poll_read(&mut cx, &mut buffer).is_pending());
        assert_eq!(pipe.bring(&vec![b'a'; INWARD_BYTES + 1]), Brought::Taken, "one piece may be longer");
        assert_eq!(woken.count(), 1);
        assert_eq!(pipe.bring(b"b"), Brought::Full);
        assert_eq!(end.poll_read(&mut cx, &mut buffer[..4]), Poll::Ready(4));
        assert_eq!(end.poll_read(&mut cx, &mut buffer), Poll::Ready(INWARD_BYTES - 3));
        assert!(end.poll_read(&mut cx, &mut buffer).is_pending());
        assert_eq!(pipe.bring(b"b"), Brought::Taken);
        assert_eq!(end.poll_read(&mut cx, &mut buffer), Poll::Ready(1));
        assert_eq!(buffer[0], b'b');
        assert_eq!(pipe.contents().inward.capacity(), 0);
    }

    proptest! {
        #[test]
        fn what_is_fetched_is_what_was_written_in_whole_pieces(
            pieces in prop::collection::vec(0_usize..90_000, 1..8),
            cut in 1_usize..100_000,
        ) {
            const END: u8 = 0x1e;
            let (pipe, end) = pipe();
            let mut cx = Context::from_waker(Waker::noop());
            let written: Vec<u8> = pieces
                .iter()
                .enumerate()
                .flat_map(|(index, &length)| [vec![b'a' + index as u8; length], vec![END]].concat())
                .collect();
            let (mut left, mut fetched) = (&written[..], Vec::new());
            while !left.is_empty() {
                left = &left[write(&end, &left[..cut.min(left.len())])..];
                if let Poll::Ready(Some(whole)) = pipe.poll_fetch_whole(&mut cx, END) {
                    prop_assert_eq!(whole.last(), Some(&END));
                    fetched.extend(whole);
                }
            }
            prop_assert_eq!(fetched, written);
            prop_assert_eq!(pipe.contents().begun.len(), 0);
        }
    }
}

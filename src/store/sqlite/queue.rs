//! What waits for the writer, in the order in which it was asked for. Asking never blocks.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::life::Life;
use super::{Entry, RoomKey, SessionHash, Trouble};

/// The most that one group takes: enough that a commit's cost is shared by many, few enough that it is short.
const GROUP_ENTRIES: usize = 1000;

/// The most that the events of one group weigh, in bytes.
const GROUP_BYTES: usize = 4 * 1024 * 1024;

/// The most that waiting events weigh, in bytes.
const QUEUE_BYTES: usize = 64 * 1024 * 1024;

/// Where somebody waits for an answer.
pub(super) type Answer = oneshot::Sender<Result<(), Trouble>>;

/// Something to write.
#[derive(Debug)]
pub(super) enum Work<R> {
    Append(Entry<R>),
    KeepCode {
        code: u32,
        until: u64,
        answer: Answer,
    },
    ForgetCode(u32),
    ForgetSession(SessionHash),
    ForgetResting(u64),
    EndRoom {
        room: RoomKey,
        rest: Option<(u32, u64)>,
        answer: Answer,
    },
    /// The file's next life; the answer is whether it has it.
    RenewLife {
        life: Life,
        answer: SyncSender<bool>,
    },
    /// Move all of the write-ahead log into the file and leave nothing in it; the answer is whether that went.
    EmptyLog {
        answer: SyncSender<bool>,
    },
    /// Take what is left of moved rows out of these pages of the file; the answer is whether that went.
    Clean {
        pages: Vec<u64>,
        answer: SyncSender<bool>,
    },
}

/// What the writer finds.
#[derive(Debug)]
pub(super) enum Taken<R> {
    Group(Vec<Work<R>>),
    /// Nothing came in the time given.
    Nothing,
    /// Nothing will come any more.
    Closed,
}

/// The queue.
#[derive(Debug)]
pub(super) struct Queue<R> {
    /// std: moving works in or out, never across a write.
    waiting: Mutex<Waiting<R>>,
    came: Condvar,
    /// How many events may wait. What else is asked for is bounded by the sessions, codes and rooms that there are.
    bound: usize,
}

#[derive(Debug)]
struct Waiting<R> {
    works: VecDeque<Work<R>>,
    entries: usize,
    /// What their events weigh.
    bytes: usize,
    writer_sleeps: bool,
    is_closed: bool,
}

impl<R> Queue<R> {
    pub(super) fn new(bound: usize) -> Self {
        let waiting = Waiting { works: VecDeque::new(), entries: 0, bytes: 0, writer_sleeps: false, is_closed: false };
        Self { waiting: Mutex::new(waiting), came: Condvar::new(), bound }
    }

    /// Queues an event. Gives it back when the queue is full or closed.
    pub(super) fn append(&self, entry: Entry<R>) -> Result<(), Entry<R>> {
        let mut waiting = self.waiting();
        if waiting.is_closed || waiting.entries >= self.bound || waiting.bytes >= QUEUE_BYTES {
            return Err(entry);
        }
        waiting.entries += 1;
        waiting.bytes += entry.event.kind.weight();
        self.push(waiting, Work::Append(entry));
        Ok(())
    }

    /// Queues something else. Once the queue is closed it is dropped, and whoever waits for an answer hears so.
    pub(super) fn ask(&self, work: Work<R>) {
        let waiting = self.waiting();
        if !waiting.is_closed {
            self.push(waiting, work);
        }
    }

    /// Lets nothing more in. What waits will still be written.
    pub(super) fn close(&self) {
        self.waiting().is_closed = true;
        self.came.notify_all();
    }

    /// The next group, for the one writer. Waits for it as long as `patience` says, or until something comes.
    pub(super) fn take(&self, patience: Option<Duration>) -> Taken<R> {
        let mut waiting = self.waiting();
        if waiting.works.is_empty() && !waiting.is_closed {
            waiting.writer_sleeps = true;
            let nothing = |waiting: &mut Waiting<R>| waiting.works.is_empty() && !waiting.is_closed;
            waiting = match patience {
                Some(patience) => {
                    let woken = self.came.wait_timeout_while(waiting, patience, nothing);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.came.wait_while(waiting, nothing).unwrap_or_else(PoisonError::into_inner),
            };
            waiting.writer_sleeps = false;
        }
        if waiting.works.is_empty() {
            return if waiting.is_closed { Taken::Closed } else { Taken::Nothing };
        }
        let mut bytes = 0;
        let mut group = Vec::with_capacity(waiting.works.len().min(GROUP_ENTRIES));
        while group.len() < GROUP_ENTRIES && bytes < GROUP_BYTES {
            let Some(work) = waiting.works.pop_front() else { break };
            if let Work::Append(entry) = &work {
                waiting.entries -= 1;
                waiting.bytes -= entry.event.kind.weight();
                bytes += entry.event.kind.weight();
            }
            group.push(work);
        }
        if waiting.works.is_empty() && waiting.works.capacity() > GROUP_ENTRIES {
            waiting.works = VecDeque::new();
        }
        Taken::Group(group)
    }

    fn push(&self, mut waiting: MutexGuard<'_, Waiting<R>>, work: Work<R>) {
        waiting.works.push_back(work);
        let writer_sleeps = waiting.writer_sleeps;
        drop(waiting);
        if writer_sleeps {
            self.came.notify_one();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting<R>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

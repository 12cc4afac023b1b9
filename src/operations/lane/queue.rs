//! A lane's queue: bounded in number and in bytes, for single commands and for those of bulk calls
//! each by itself, so that neither takes the room of the other.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::ticket::{Class, Ticket};

/// How many commands of each class may wait.
pub(super) const MAX_COMMANDS: usize = 1_024;
/// How many bytes those of each class may have.
const MAX_BYTES: usize = 8 << 20;

/// The most commands of a batch.
pub(super) const MAX_BATCH: usize = 500;

/// How many commands of bulk calls are under way at once, in all: each from when it is let in until
/// it is answered, whether or not its caller is still there. This alone bounds them, however long
/// they wait; and it is less than half a batch, so that a single command that comes meanwhile is
/// held up by no more.
const BULK_UNDER_WAY: usize = 200;

/// The commands that wait for one tenant's lane.
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    driven: AtomicBool,
    /// Wakes the lane.
    pub arrived: tokio::sync::Notify,
    /// Lets commands of bulk calls in.
    pub bulk_room: Arc<Semaphore>,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            driven: AtomicBool::default(),
            arrived: tokio::sync::Notify::default(),
            bulk_room: Arc::new(Semaphore::new(BULK_UNDER_WAY)),
        }
    }
}

#[derive(Default)]
struct Waiting {
    single: Line,
    bulk: Line,
}

/// The commands of one class, in their order.
#[derive(Default)]
struct Line {
    tickets: VecDeque<Arc<Ticket>>,
    bytes: usize,
}

impl Line {
    fn push(&mut self, ticket: Arc<Ticket>) -> Result<(), Full> {
        if self.tickets.len() >= MAX_COMMANDS || self.bytes + ticket.weight > MAX_BYTES {
            return Err(Full);
        }
        self.bytes += ticket.weight;
        self.tickets.push_back(ticket);
        Ok(())
    }

    /// Fills `batch` to `size` with tickets that somebody still waits for.
    fn fill(&mut self, batch: &mut Vec<Arc<Ticket>>, size: usize) {
        while batch.len() < size {
            let Some(ticket) = self.tickets.pop_front() else { break };
            self.bytes -= ticket.weight;
            if ticket.start() {
                batch.push(ticket);
            }
        }
    }
}

/// The queue is full.
#[derive(Debug)]
pub(super) struct Full;

/// What is done next, and what was begun but has to wait for the batch after it.
pub(super) struct Taken {
    pub batch: Vec<Arc<Ticket>>,
    pub left: Vec<Arc<Ticket>>,
}

impl Queue {
    /// Puts a ticket at the end of its class.
    pub fn push(&self, ticket: Arc<Ticket>) -> Result<(), Full> {
        let mut waiting = self.lock();
        match ticket.class {
            Class::Single => waiting.single.push(ticket)?,
            Class::Bulk => waiting.bulk.push(ticket)?,
        }
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// Makes up a batch of what an earlier one left and what waits, each class in its order. While
    /// single commands are there, every other place at most is one of a bulk call's; and half of
    /// the batch is kept for these, so that they do not wait for ever. The two take turns: also a
    /// batch that is closed by time has done no more of a bulk call than of the rest.
    pub fn take(&self, begun: Vec<Arc<Ticket>>) -> Taken {
        let (mut bulk, mut single): (Vec<_>, Vec<_>) =
            begun.into_iter().partition(|ticket| ticket.class == Class::Bulk);
        let mut waiting = self.lock();
        let kept = (bulk.len() + waiting.bulk.tickets.len()).min(MAX_BATCH / 2);
        waiting.single.fill(&mut single, MAX_BATCH - kept);
        let room = match single.len() {
            0 => MAX_BATCH,
            some => some.min(MAX_BATCH / 2),
        };
        waiting.bulk.fill(&mut bulk, room);
        drop(waiting);
        let left = bulk.split_off(room.min(bulk.len()));
        Taken { batch: in_turns(single, bulk), left }
    }

    /// Does nobody wait?
    pub fn is_empty(&self) -> bool {
        let waiting = self.lock();
        waiting.single.tickets.is_empty() && waiting.bulk.tickets.is_empty()
    }

    /// How many wait: single ones, and those of bulk calls.
    pub fn waiting(&self) -> (usize, usize) {
        let waiting = self.lock();
        (waiting.single.tickets.len(), waiting.bulk.tickets.len())
    }

    /// Does a single command wait?
    pub fn has_single(&self) -> bool {
        !self.lock().single.tickets.is_empty()
    }

    /// Claims to drive this queue; `true` for the one who must.
    pub fn take_driver(&self) -> bool {
        !self.driven.swap(true, Ordering::AcqRel)
    }

    /// Stops driving it.
    pub fn leave_driver(&self) {
        self.driven.store(false, Ordering::Release);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the one, one of the other, and then the rest of the longer.
fn in_turns(one: Vec<Arc<Ticket>>, other: Vec<Arc<Ticket>>) -> Vec<Arc<Ticket>> {
    let mut batch = Vec::with_capacity(one.len() + other.len());
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    loop {
        match (one.next(), other.next()) {
            (None, None) => return batch,
            (first, second) => batch.extend(first.into_iter().chain(second)),
        }
    }
}

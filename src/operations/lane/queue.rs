//! A lane's queue: bounded in number and in bytes.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::outcome::Outcome;
use crate::domain::command::Command;
use crate::domain::refusal::Refusal;

const MAX_COMMANDS: usize = 1_024;
const MAX_BYTES: usize = 8 << 20;

type Answer = Result<Outcome, Refusal>;

const WAITING: u8 = 0;
const STARTED: u8 = 1;
const ABANDONED: u8 = 2;

/// A command that waits, and who waits for it.
pub(super) struct Ticket {
    pub command: Command,
    weight: usize,
    stage: AtomicU8,
    answer: Mutex<Option<oneshot::Sender<Answer>>>,
}

impl Ticket {
    /// A ticket, and where its answer will come.
    pub fn new(command: Command) -> (Self, oneshot::Receiver<Answer>) {
        let (sender, receiver) = oneshot::channel();
        let weight = weight_of(&command);
        let answer = Mutex::new(Some(sender));
        (Self { command, weight, stage: AtomicU8::new(WAITING), answer }, receiver)
    }

    /// Begins to work on it; `false` when nobody waits for it any more.
    pub fn start(&self) -> bool {
        self.stage.compare_exchange(WAITING, STARTED, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Gives up waiting; `false` when it was started already.
    pub fn abandon(&self) -> bool {
        self.stage.compare_exchange(WAITING, ABANDONED, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Answers, once; who no longer waits does not hear it.
    pub fn answer(&self, answer: Answer) {
        let sender = self.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            drop(sender.send(answer));
        }
    }
}

/// About how many bytes a command keeps in memory: its texts and its data.
fn weight_of(command: &Command) -> usize {
    const OVERHEAD: usize = 512;
    OVERHEAD + serde_json::to_vec(&(&command.body, &command.personal)).map_or(0, |text| text.len())
}

/// The commands that wait for one tenant's lane.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    driven: AtomicBool,
    pub arrived: tokio::sync::Notify,
}

#[derive(Default)]
struct Waiting {
    tickets: VecDeque<Arc<Ticket>>,
    bytes: usize,
}

/// The queue is full.
pub(super) struct Full;

impl Queue {
    /// Puts a ticket at the end.
    pub fn push(&self, ticket: Arc<Ticket>) -> Result<(), Full> {
        let mut waiting = self.lock();
        if waiting.tickets.len() >= MAX_COMMANDS || waiting.bytes + ticket.weight > MAX_BYTES {
            return Err(Full);
        }
        waiting.bytes += ticket.weight;
        waiting.tickets.push_back(ticket);
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// Takes up to `most` tickets that somebody still waits for, in order.
    pub fn take(&self, most: usize) -> Vec<Arc<Ticket>> {
        let mut waiting = self.lock();
        let mut taken = Vec::new();
        while taken.len() < most {
            let Some(ticket) = waiting.tickets.pop_front() else { break };
            waiting.bytes -= ticket.weight;
            if ticket.start() {
                taken.push(ticket);
            }
        }
        taken
    }

    /// Does nobody wait?
    pub fn is_empty(&self) -> bool {
        self.lock().tickets.is_empty()
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

//! A command that waits for its lane, and who waits for it.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use super::outcome::Outcome;
use crate::domain::command::Command;
use crate::domain::refusal::Refusal;

type Answer = Result<Outcome, Refusal>;

const WAITING: u8 = 0;
const STARTED: u8 = 1;
const ABANDONED: u8 = 2;

/// Whether a command came by itself or as one of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Class {
    /// A call of its own.
    #[default]
    Single,
    /// One of a bulk call's: it gives way to single commands.
    Bulk,
}

/// A command that waits, and who waits for it.
pub(super) struct Ticket {
    pub command: Command,
    pub class: Class,
    /// About how many bytes it keeps in memory.
    pub weight: usize,
    stage: AtomicU8,
    answer: Mutex<Option<oneshot::Sender<Answer>>>,
}

impl Ticket {
    /// A ticket, and where its answer will come.
    pub fn new(command: Command, class: Class) -> (Self, oneshot::Receiver<Answer>) {
        let (sender, receiver) = oneshot::channel();
        let weight = weight_of(&command);
        let (stage, answer) = (AtomicU8::new(WAITING), Mutex::new(Some(sender)));
        (Self { command, class, weight, stage, answer }, receiver)
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

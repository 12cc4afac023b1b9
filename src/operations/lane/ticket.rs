//! A command that waits for its lane, and who waits for it.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::Span;

use super::outcome::Outcome;
use crate::domain::command::Command;
use crate::domain::refusal::Refusal;
use crate::operations::measures::{self, DONE, REPEATED};

type Answer = Result<Outcome, Refusal>;

/// Where the answer to a command will come.
pub(super) type Answered = oneshot::Receiver<Answer>;

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
    /// The request that it came with, for the log.
    pub span: Span,
    came: Instant,
    stage: AtomicU8,
    caller: Mutex<Option<Caller>>,
}

/// Who waits for an answer.
struct Caller {
    answer: oneshot::Sender<Answer>,
    /// The room that the command takes among those of bulk calls, until it is answered: also when
    /// nobody waits for it any more.
    _room: Option<OwnedSemaphorePermit>,
}

impl Ticket {
    /// A ticket, and where its answer will come. It keeps its `room` until it is answered or gone.
    pub fn new(
        command: Command,
        class: Class,
        room: Option<OwnedSemaphorePermit>,
    ) -> (Self, Answered) {
        let (answer, receiver) = oneshot::channel();
        let weight = weight_of(&command);
        let caller = Mutex::new(Some(Caller { answer, _room: room }));
        let (span, came, stage) = (Span::current(), Instant::now(), AtomicU8::new(WAITING));
        (Self { command, class, weight, span, came, stage, caller }, receiver)
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
        let caller = self.caller.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(caller) = caller {
            self.count(&answer);
            drop(caller.answer.send(answer));
        }
    }

    /// Counts what it is answered, once.
    pub fn count(&self, answer: &Answer) {
        let outcome = match answer {
            Ok(outcome) if outcome.replayed => REPEATED,
            Ok(_) => DONE,
            Err(refusal) => refusal.code.name(),
        };
        let operation = self.command.body.operation();
        measures::command_answered(operation, outcome, self.came.elapsed());
    }
}

/// About how many bytes a command keeps in memory: its texts and its data.
fn weight_of(command: &Command) -> usize {
    const OVERHEAD: usize = 512;
    OVERHEAD + serde_json::to_vec(&(&command.body, &command.personal)).map_or(0, |text| text.len())
}

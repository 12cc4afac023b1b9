//! Applying a batch in memory: rounds of loading what the slice lacks, then one change.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::outcome::Outcome;
use super::ticket::Ticket;
use crate::domain::apply::{Applied, apply, keys};
use crate::domain::refusal::Refusal;
use crate::domain::state::{Change, Key, Slice, Stop};
use crate::domain::time::Time;
use crate::domain::work;
use crate::operations::programs::InForce;
use crate::store::{LaneTransaction, StoreError};

/// How often what is missing is loaded after the first load.
const MAX_ROUNDS: usize = 4;

/// A batch closes after so much time of applying; the rest waits for the next.
const LONGEST_APPLYING: Duration = Duration::from_millis(50);

/// What became of a batch in memory. Nothing of it is written yet.
pub(super) struct Applying {
    /// What the commands changed together.
    pub change: Change,
    /// What each command came to, in order; shorter than the batch when it closed by time.
    pub outcomes: Vec<Result<Outcome, Refusal>>,
}

/// Why a batch could not be applied.
pub(super) enum Broken {
    /// The database failed.
    Store(StoreError),
    /// A command made `apply` panic.
    Panicked,
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What a batch is applied under.
pub(super) struct Ground {
    pub in_force: Arc<InForce>,
    pub now: Time,
}

/// Loads what the commands touch and applies them, one after another.
pub(super) async fn apply_batch(
    transaction: &LaneTransaction,
    tickets: &[Arc<Ticket>],
    ground: &Ground,
) -> Result<Applying, Broken> {
    let mut slice = Slice::new(transaction.lane().clone());
    let program = &ground.in_force.program;
    let mut wanted: BTreeSet<Key> =
        tickets.iter().flat_map(|ticket| keys(&ticket.command, program)).collect();
    for round in 0..=MAX_ROUNDS {
        transaction.load(&mut slice, &wanted).await?;
        let due = slice.due(ground.now);
        if !due.is_empty() {
            transaction.load(&mut slice, &due).await?;
        }
        let last = round == MAX_ROUNDS;
        let pass = Pass {
            tickets: tickets.to_vec(),
            in_force: Arc::clone(&ground.in_force),
            now: ground.now,
            last,
        };
        let (given_back, applied) = run_aside(slice, pass).await.ok_or(Broken::Panicked)?;
        slice = given_back;
        match applied {
            Ok(applying) => return Ok(applying),
            Err(missing) => wanted = missing,
        }
    }
    // The last round answers every command, so the loop has returned.
    Err(Broken::Panicked)
}

/// One pass over the batch.
struct Pass {
    tickets: Vec<Arc<Ticket>>,
    in_force: Arc<InForce>,
    now: Time,
    /// In the last one, a command that still misses something is INTERNAL.
    last: bool,
}

type Passed = Result<Applying, BTreeSet<Key>>;

/// Applies off the async workers; `None` when it panicked.
async fn run_aside(slice: Slice, pass: Pass) -> Option<(Slice, Passed)> {
    let work = move || {
        let applied = catch_unwind(AssertUnwindSafe(|| run(&slice, &pass)));
        applied.ok().map(|applied| (slice, applied))
    };
    tokio::task::spawn_blocking(work).await.ok().flatten()
}

fn run(slice: &Slice, pass: &Pass) -> Passed {
    let began = Instant::now();
    let in_force = work::InForce {
        rules: &*pass.in_force.rules,
        program: &pass.in_force.program,
        now: pass.now,
    };
    let (mut change, mut outcomes, mut missing) = (Change::default(), Vec::new(), BTreeSet::new());
    for ticket in &pass.tickets {
        if !outcomes.is_empty() && began.elapsed() > LONGEST_APPLYING {
            break;
        }
        let outcome = match apply(slice, &change, &ticket.command, in_force) {
            Ok(applied) => absorb(&mut change, applied),
            Err(Stop::Refused(refusal)) => Err(refusal),
            // What earlier commands made may lead where nobody had asked: the next batch asks.
            Err(Stop::Missing(_)) if pass.last && !outcomes.is_empty() => break,
            Err(Stop::Missing(keys)) if pass.last => {
                // What it misses may name a person; the log does not.
                let missing = keys.len();
                ticket.span.in_scope(|| {
                    tracing::error!(command = %ticket.command.id, missing, "a command still misses something");
                });
                Err(internal())
            }
            Err(Stop::Missing(keys)) => {
                missing.extend(keys);
                continue;
            }
        };
        outcomes.push(outcome);
    }
    if missing.is_empty() { Ok(Applying { change, outcomes }) } else { Err(missing) }
}

fn absorb(change: &mut Change, applied: Applied) -> Result<Outcome, Refusal> {
    if let Some(made) = applied.change() {
        change.absorb(made.clone());
    }
    Ok(match applied {
        Applied::Declined(declined) => return Err(declined.refusal),
        Applied::Changed(changed) => Outcome {
            answer: changed.event.answer.clone(),
            event: Some(changed.event),
            replayed: false,
            change: changed.change,
        },
        Applied::Noted(noted) => {
            Outcome { event: None, answer: noted.answer, replayed: false, change: noted.change }
        }
        Applied::Repeated(event) => Outcome {
            answer: event.answer.clone(),
            event: Some(*event),
            replayed: true,
            change: Change::default(),
        },
    })
}

/// What a command gets that the server itself cannot do.
pub(super) fn internal() -> Refusal {
    Refusal::internal("Something broke on the server; it is in the log.")
}

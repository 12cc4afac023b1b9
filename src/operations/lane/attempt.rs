//! One batch from its lock to its answers, whatever fails between.
//!
//! - A conflict (40001, 40P01, a lock that took too long) left nothing: the batch is done again.
//! - After a lost connection, what a commit did is unknown. The row is locked again, which waits for
//!   the old transaction to end, and the batch's own command ids are looked for among the events:
//!   found, the outcomes that were kept are the answers; else the batch is applied again.
//! - What no repetition cures, and a panic, is halved until the culprit is alone: it is INTERNAL,
//!   and the others are done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use tracing::Instrument;
use uuid::Uuid;

use super::batch::{Applying, Broken, Ground, apply_batch, internal};
use super::outcome::Outcome;
use super::queue::{Queue, Taken};
use super::shared::{Shared, overloaded, unknown};
use super::ticket::{Class, Ticket};
use crate::domain::refusal::Refusal;
use crate::domain::state::Change;
use crate::operations::measures::{self, Again, STEP};
use crate::operations::programs::InForce;
use crate::store::{LaneTransaction, StoreError};

/// How long a batch is tried.
const LONGEST_TRYING: Duration = Duration::from_secs(15);

/// How far this machine's clock may be behind the lane's time.
const MAX_BEHIND: TimeDelta = TimeDelta::seconds(5);

/// A batch on its way.
pub(super) struct Batch<'a> {
    shared: &'a Arc<Shared>,
    tenant_id: i64,
    queue: &'a Queue,
    /// What is to be done; taken from the queue once the row is locked.
    tickets: Vec<Arc<Ticket>>,
    /// Later parts of a batch that was halved, or that closed by time, and what had to give way.
    left: Vec<Arc<Ticket>>,
    /// Is the batch complete, so that nothing is taken from the queue any more?
    closed: bool,
    /// Are all its commands those of bulk calls?
    all_bulk: bool,
    /// What it was applied under, at last.
    in_force: Option<Arc<InForce>>,
    /// The outcomes of a commit of which nothing is known.
    kept: Option<Kept>,
}

/// What a batch left behind.
pub(super) struct Ended {
    /// The commands that are for the next one.
    pub left: Vec<Arc<Ticket>>,
    /// Were all commands those of bulk calls, so that nobody else waited when it was made up?
    pub all_bulk: bool,
}

struct Kept {
    outcomes: Vec<Result<Outcome, Refusal>>,
    events: Vec<Uuid>,
}

/// How one try ended.
enum Tried {
    /// Everyone was answered.
    Answered,
    /// Nothing happened, or it is not known: try again.
    Again(StoreError),
    /// It never succeeds like this.
    Poisoned(String),
}

impl<'a> Batch<'a> {
    pub fn new(
        shared: &'a Arc<Shared>,
        tenant_id: i64,
        queue: &'a Queue,
        tickets: Vec<Arc<Ticket>>,
    ) -> Self {
        let (left, in_force, kept) = (Vec::new(), None, None);
        let (closed, all_bulk) = (false, false);
        Self { shared, tenant_id, queue, tickets, left, closed, all_bulk, in_force, kept }
    }

    /// Does the batch.
    pub async fn run(mut self) -> Ended {
        self.finish().await;
        Ended { left: self.left, all_bulk: self.all_bulk }
    }

    /// Tries until every command is answered, or left for the next batch.
    async fn finish(&mut self) {
        let began = Instant::now();
        let mut pause = Duration::from_millis(5);
        loop {
            match self.attempt().await {
                Tried::Answered => return,
                Tried::Poisoned(why) => self.halve(&why),
                Tried::Again(error) if began.elapsed() > LONGEST_TRYING => {
                    tracing::error!(tenant = self.tenant_id, %error, cause = error.cause(), "a batch was given up");
                    let refusal = if self.kept.is_some() { unknown() } else { overloaded() };
                    self.take_all();
                    self.answer_all(&refusal);
                    return;
                }
                Tried::Again(error) => {
                    measures::batch_again(reason(&error));
                    tracing::warn!(tenant = self.tenant_id, %error, "a batch is tried again");
                    // A pause that no other lane keeps in step with; no connection is held meanwhile.
                    tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.5))).await;
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
            }
        }
    }

    async fn attempt(&mut self) -> Tried {
        // What keeps the row from being locked is no command's fault: it may pass.
        let transaction = match self.shared.database.begin_write(self.tenant_id).await {
            Ok(transaction) => transaction,
            Err(error) => return Tried::Again(error),
        };
        if let Some(kept) = self.kept.take() {
            match transaction.known_commands(&kept.events).await {
                Ok(known) if !known.is_empty() => {
                    self.answer(kept.outcomes);
                    return Tried::Answered;
                }
                Ok(_) => {}
                Err(error) => {
                    self.kept = Some(kept);
                    return Tried::Again(error);
                }
            }
        }
        self.take_all();
        if self.tickets.is_empty() {
            return Tried::Answered;
        }
        let step = tracing::info_span!(target: STEP, parent: None, "batch", tenant = self.tenant_id, commands = self.tickets.len());
        match self.perform(transaction).instrument(step).await {
            Ok(()) => Tried::Answered,
            Err(Broken::Store(error)) => failed(error),
            Err(Broken::Panicked) => Tried::Poisoned("applying it panicked".to_owned()),
        }
    }

    /// Takes what waits, once for each batch.
    fn take_all(&mut self) {
        if !std::mem::replace(&mut self.closed, true) {
            let Taken { batch, left } = self.queue.take(std::mem::take(&mut self.tickets));
            self.all_bulk = batch.iter().all(|ticket| ticket.class == Class::Bulk);
            (self.tickets, self.left) = (batch, left);
        }
    }

    async fn perform(&mut self, transaction: LaneTransaction) -> Result<(), Broken> {
        let began = Instant::now();
        let lane = transaction.lane();
        let clock = self.shared.clock.now();
        if lane.last_at - clock > MAX_BEHIND {
            tracing::error!(
                tenant = self.tenant_id,
                "this machine's clock is behind the ledger's: nothing is changed"
            );
            self.answer_all(&overloaded());
            return Ok(());
        }
        let now = clock.max(lane.last_at);
        let in_force = self.shared.programs.in_force(self.tenant_id, lane).await?;
        self.in_force = Some(Arc::clone(&in_force));
        let Applying { change, outcomes } =
            apply_batch(&transaction, &self.tickets, &Ground { in_force, now }).await?;
        // What closed by time comes before what earlier halving set aside.
        let mut left = self.tickets.split_off(outcomes.len());
        left.append(&mut self.left);
        self.left = left;
        if change == Change::default() {
            transaction.rollback().await?;
        } else {
            transaction.save(&change).await?;
            self.commit(transaction, &change, &outcomes).await?;
        }
        let took = began.elapsed();
        measures::batch_done(outcomes.len(), took);
        let duration_micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(
            tenant = self.tenant_id,
            commands = outcomes.len(),
            duration_micros,
            "batch"
        );
        self.kept = None;
        self.answer(outcomes);
        Ok(())
    }

    /// Commits; when the connection is lost meanwhile, keeps the outcomes until it is known.
    async fn commit(
        &mut self,
        transaction: LaneTransaction,
        change: &Change,
        outcomes: &[Result<Outcome, Refusal>],
    ) -> Result<(), StoreError> {
        let committed = transaction.commit().await;
        if committed.as_ref().is_err_and(StoreError::is_connection_lost) {
            let events = change.events.iter().map(|event| event.id).collect();
            self.kept = Some(Kept { outcomes: outcomes.to_vec(), events });
        }
        committed
    }

    /// Sets the later half aside, so that the culprit ends up alone.
    fn halve(&mut self, why: &str) {
        self.take_all();
        self.kept = None;
        measures::batch_again(Again::Halved);
        if self.tickets.len() > 1 {
            let mut later = self.tickets.split_off(self.tickets.len() / 2);
            later.append(&mut self.left);
            self.left = later;
            return;
        }
        for culprit in self.tickets.drain(..) {
            culprit.span.in_scope(|| {
                tracing::error!(tenant = self.tenant_id, command = %culprit.command.id, why, "a command cannot be done");
            });
            culprit.answer(Err(internal()));
        }
    }

    fn answer(&mut self, outcomes: Vec<Result<Outcome, Refusal>>) {
        let tenant = self.in_force.as_ref().map(|in_force| Arc::clone(&in_force.tenant));
        for (ticket, outcome) in self.tickets.drain(..).zip(outcomes) {
            if let (Some(tenant), Ok(Outcome { event: Some(event), change, .. })) =
                (&tenant, &outcome)
            {
                measures::decided(tenant, event.seq, change);
            }
            ticket.answer(outcome);
        }
    }

    fn answer_all(&mut self, refusal: &Refusal) {
        for ticket in self.tickets.drain(..) {
            ticket.answer(Err(refusal.clone()));
        }
    }
}

/// How a try ended in which the database failed.
fn failed(error: StoreError) -> Tried {
    if error.is_conflict() || error.is_connection_lost() {
        Tried::Again(error)
    } else {
        Tried::Poisoned(format!("{error}: {}", error.cause()))
    }
}

fn reason(error: &StoreError) -> Again {
    match error {
        StoreError::Conflict(_) => Again::Conflict,
        StoreError::ConnectionLost(_) => Again::ConnectionLost,
        _ => Again::Other,
    }
}

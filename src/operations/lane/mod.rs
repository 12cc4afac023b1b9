//! The lane: the one line in which a tenant's changes happen.
//!
//! A lane takes a connection and locks its tenant's row; only then does it take the commands that
//! wait, one when idle and hundreds under load, so waiting makes the batch bigger and no timer is
//! needed. It loads what they touch with a few set-based queries, applies them one after another in
//! memory, writes what changed with a few set-based statements, commits, and only then answers, from
//! what it knows and not by a new read.
//!
//! | phase | round trips | where |
//! |---|---|---|
//! | lock the row | 2 | [`attempt`] |
//! | load, at most 1 + 4 rounds | one for each kind of record | [`batch`] |
//! | apply | none | `domain::apply`, off the async workers |
//! | save, commit | one for each kind of record, 1 | [`attempt`] |
//!
//! A bulk call is many commands. They give way to single ones: at most every other place of a batch
//! is theirs while others wait, and few of them are under way at once ([`queue`]).
//!
//! Two lanes for one tenant, in one process or in two, are still correct: only the row orders.

mod attempt;
mod batch;
mod outcome;
#[cfg(test)]
mod panic_tests;
mod queue;
#[cfg(test)]
mod queue_tests;
mod shared;
mod ticket;
mod worker;

pub use outcome::Outcome;
pub use ticket::Class;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::task::TaskTracker;
use tracing::Instrument;
use uuid::Uuid;

use super::clock::Clock;
use super::measures::STEP;
use super::programs::Programs;
use crate::domain::caller::TenantRef;
use crate::domain::command::{Body, Command};
use crate::domain::refusal::Refusal;
use crate::store::Database;
use queue::Queue;
use shared::{Shared, overloaded, unknown};
use ticket::{Answered, Ticket};

/// How long a single command may wait unstarted; then nothing of it happened.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The lanes of all tenants, made when they are needed. Cheap to clone.
#[derive(Clone)]
pub struct Lanes(Arc<Shared>);

impl Lanes {
    /// Lanes that write to `database` under the programs in force, by the time of `clock`.
    #[must_use]
    pub fn new(database: Database, programs: Programs, clock: Clock) -> Self {
        let (queues, tasks) = (Mutex::default(), TaskTracker::new());
        Self(Arc::new(Shared { database, programs, clock, queues, tasks }))
    }

    /// Sends a command down its tenant's lane and waits for what became of it. OVERLOADED says that
    /// nothing happened; OUTCOME_UNKNOWN that the same command with the same key finds out. One of a
    /// bulk call waits as long as it takes, first until few enough of them are under way; when its
    /// caller goes away before it is begun, it is not done.
    pub async fn submit(
        &self,
        tenant: &TenantRef,
        command: Command,
        class: Class,
    ) -> Result<Outcome, Refusal> {
        let room = match class {
            Class::Single => None,
            // It is never closed.
            Class::Bulk => {
                let room = Arc::clone(&self.queue_of(tenant.id).bulk_room);
                room.acquire_owned().await.ok()
            }
        };
        let step = tracing::info_span!(target: STEP, "command", operation = command.body.operation().name());
        // The ticket knows the request, not the step.
        let ticket = Ticket::new(command, class, room);
        self.send(tenant.id, ticket).instrument(step).await
    }

    /// Sends a command of the server's own: what the clock or the disk asks for, not a caller.
    pub async fn submit_own(&self, tenant_id: i64, body: Body) -> Result<Outcome, Refusal> {
        let command = Command {
            id: Uuid::now_v7(),
            seed: Uuid::new_v4(),
            actor: "system".to_owned(),
            key: None,
            input_hash: String::new(),
            body,
            personal: None,
        };
        self.send(tenant_id, Ticket::new(command, Class::Single, None)).await
    }

    async fn send(
        &self,
        tenant_id: i64,
        (ticket, mut answer): (Ticket, Answered),
    ) -> Result<Outcome, Refusal> {
        let ticket = Arc::new(ticket);
        if let Err(refusal) = self.enqueue(tenant_id, &ticket) {
            return not_begun(&ticket, refusal);
        }
        if ticket.class == Class::Bulk {
            let _abandoned = AbandonedOnDrop(&ticket);
            return answer.await.unwrap_or_else(|_| Err(unknown()));
        }
        match tokio::time::timeout(LONGEST_WAIT, &mut answer).await {
            Ok(answered) => answered.unwrap_or_else(|_| Err(unknown())),
            Err(_) if ticket.abandon() => not_begun(&ticket, overloaded()),
            Err(_) => answer.await.unwrap_or_else(|_| Err(unknown())),
        }
    }

    /// Waits until every accepted command is answered. No more may be submitted.
    pub async fn drain(&self) {
        self.0.tasks.close();
        for queue in self.0.queues.lock().unwrap_or_else(PoisonError::into_inner).values() {
            queue.arrived.notify_one();
        }
        self.0.tasks.wait().await;
    }

    /// How many commands wait, of every tenant: single ones and those of bulk calls; and how many lanes
    /// there are.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize, usize) {
        let queues = self.0.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = queues.values().map(|queue| queue.waiting());
        waiting.fold((0, 0, 0), |(single, bulk, lanes), (one, other)| {
            (single + one, bulk + other, lanes + 1)
        })
    }

    fn queue_of(&self, tenant_id: i64) -> Arc<Queue> {
        let mut queues = self.0.queues.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(queues.entry(tenant_id).or_default())
    }

    fn enqueue(&self, tenant_id: i64, ticket: &Arc<Ticket>) -> Result<(), Refusal> {
        let mut queues = self.0.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queues.entry(tenant_id).or_default();
        queue.push(Arc::clone(ticket)).map_err(|_| overloaded())?;
        if queue.take_driver() {
            let lane = worker::Worker::new(Arc::clone(&self.0), tenant_id, Arc::clone(queue));
            self.0.tasks.spawn(lane.run());
        }
        Ok(())
    }
}

/// Nothing of a command was begun.
fn not_begun(ticket: &Ticket, refusal: Refusal) -> Result<Outcome, Refusal> {
    let answer = Err(refusal);
    ticket.count(&answer);
    answer
}

/// Gives a command up that was not begun when its caller went away.
struct AbandonedOnDrop<'a>(&'a Ticket);

impl Drop for AbandonedOnDrop<'_> {
    fn drop(&mut self) {
        // One that was begun, or answered, is not given up any more.
        self.0.abandon();
    }
}

//! The one task that asks the database for a tenant: has its lane moved on? Only then it asks what
//! changed. It alone reads accounts for watchers, one round after another, so nobody is ever shown an
//! older state after a newer one.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::audience::{Audience, Subject, Watchers, end_of};
use super::hub::Seat;
use crate::domain::caller::TenantRef;
use crate::domain::records::AccountKey;
use crate::domain::refusal::{Code, Refusal};
use crate::operations::{Call, Operations, credits};

/// How often the database is asked.
const EVERY: Duration = Duration::from_millis(250);
/// How long a database that failed once is left in peace: of many connections each may have to fail.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// How long a database that goes on failing is left in peace.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How many accounts are read together.
const ACCOUNTS_AT_ONCE: usize = 500;
/// How many notices are read together.
const NOTICES_AT_ONCE: u64 = 500;

/// Takes a seat in the audience of the caller's tenant; the first to come gets the task started.
pub(super) fn join<V>(
    call: &Call,
    subject: Subject,
    watch: impl FnOnce(&mut Watchers) -> V,
) -> Result<(V, Seat), Refusal> {
    let tenant = call.tenant()?;
    let hub = &call.operations.hub;
    let (view, seat) = hub.join(tenant.id, subject, watch).ok_or_else(|| {
        Refusal::new(Code::Overloaded, "The server is ending: connect again, to another.")
    })?;
    if seat.is_first {
        let poller = Poller {
            operations: Arc::clone(&call.operations),
            tenant: tenant.clone(),
            audience: Arc::clone(&seat.audience),
            seen: None,
            unread: HashSet::new(),
        };
        hub.serve(&seat, poller.run());
    }
    Ok((view, seat))
}

struct Poller {
    operations: Arc<Operations>,
    tenant: TenantRef,
    audience: Arc<Audience>,
    /// What events up to this one changed was shown.
    seen: Option<i64>,
    /// Accounts that could not be read, and are asked for again.
    unread: HashSet<AccountKey>,
}

impl Poller {
    /// Goes round until the task is dropped. When the database fails it waits longer and longer, and
    /// then goes on from what it saw last.
    async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            if let Err(refusal) = self.round().await {
                tracing::warn!(tenant = self.tenant.id, %refusal, "live updates come later");
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                continue;
            }
            pause = FIRST_PAUSE;
            tokio::select! {
                () = self.audience.arrived.notified() => {}
                () = sleep(EVERY) => {}
            }
        }
    }

    /// Asks once, and shows what changed.
    async fn round(&mut self) -> Result<(), Refusal> {
        let now = self.operations.clock.now();
        let (round, due) = self.audience.watchers().begin(now);
        // What is read below is at least as new as this number.
        let seq = self.operations.database.last_seq(self.tenant.id).await?;
        self.tell_notices(seq).await?;
        let changed = self.changed(seq).await?;
        let unread = self.unread.iter().cloned().collect();
        let unread = self.audience.watchers().watched(Some(unread));
        let keys: HashSet<AccountKey> = due.into_iter().chain(changed).chain(unread).collect();
        self.unread = self.show(round, &keys.into_iter().collect::<Vec<_>>()).await?;
        self.seen = Some(seq);
        Ok(())
    }

    /// Reads accounts together and shows them. One that cannot be read holds up no other; gives those.
    async fn show(&self, round: u64, keys: &[AccountKey]) -> Result<HashSet<AccountKey>, Refusal> {
        let mut unread = HashSet::new();
        let mut waiting: Vec<&[AccountKey]> = keys.chunks(ACCOUNTS_AT_ONCE).collect();
        while let Some(some) = waiting.pop() {
            match credits::accounts_of(&self.operations, &self.tenant, some).await {
                Ok(accounts) => self.audience.watchers().show(round, accounts),
                Err(refusal) if refusal.code == Code::Internal && some.len() > 1 => {
                    waiting.extend(<[_; 2]>::from(some.split_at(some.len() / 2)));
                }
                Err(refusal) if refusal.code == Code::Internal => {
                    // Once, and not again in every round.
                    if some.iter().any(|key| !self.unread.contains(key)) {
                        tracing::error!(tenant = self.tenant.id, %refusal, "a watched account cannot be read; it is asked for again");
                    }
                    unread.extend(some.iter().cloned());
                }
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(unread)
    }

    /// The watched accounts that changed since they were shown.
    async fn changed(&self, seq: i64) -> Result<Vec<AccountKey>, Refusal> {
        // In the first round all are new.
        let Some(seen) = self.seen.filter(|seen| *seen < seq) else { return Ok(Vec::new()) };
        let watched = self.audience.watchers().accounts();
        if watched == 0 {
            return Ok(Vec::new());
        }
        let (database, limit) = (&self.operations.database, watched as u64);
        let changed = database.accounts_changed_after(self.tenant.id, seen, limit).await?;
        // Where more changed than are watched, reading those that are watched is less.
        let all_told = changed.len() < watched;
        Ok(self.audience.watchers().watched(all_told.then_some(changed)))
    }

    /// Hands on the notices of events up to `seq`, or somewhat later ones too.
    async fn tell_notices(&self, seq: i64) -> Result<(), Refusal> {
        let database = &self.operations.database;
        loop {
            // Released before the database is asked.
            let untold = self.audience.watchers().untold(seq);
            let Some(after) = untold else { return Ok(()) };
            let page = database.notices_after(self.tenant.id, None, after, NOTICES_AT_ONCE).await?;
            let last = page.rows.last().map_or(after, |notice| notice.position);
            let told = if page.has_next { last } else { last.max(end_of(seq)) };
            self.audience.watchers().tell(page.rows, told);
        }
    }
}

//! The sweep: books what the clock changed in quiet accounts, through the lane like everything else.

use std::time::Duration;

use chrono::TimeDelta;

use crate::domain::attempts::LONGEST;
use crate::domain::command::{Body, SettledAccount};
use crate::domain::refusal::{Code, Refusal};
use crate::operations::{Operations, measures};

use super::again;

/// How often accounts are swept; lists and totals over many users are at most this old.
const EVERY: Duration = Duration::from_secs(30);

/// How many accounts, or rewards, one command settles.
const AT_ONCE: u64 = 500;

/// How long visits are kept.
const CLICKS_KEPT: TimeDelta = TimeDelta::days(90);

/// Sweeps again and again, until the task is dropped.
pub async fn run(operations: Operations) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(refusal) = once(&operations).await {
            tracing::warn!(%refusal, "the sweep goes on later");
        }
    }
}

/// Settles every account in which something is due by now and notes rewards that began or ended,
/// forgets old visits and attempts, and decides again what ran out of time. Gives how many accounts
/// were settled. A tenant whose accounts cannot be settled holds up no other, nor does an account; the
/// last refusal is given when all others are done.
pub async fn once(operations: &Operations) -> Result<u64, Refusal> {
    measures::job("sweep", sweep(operations)).await
}

async fn sweep(operations: &Operations) -> Result<u64, Refusal> {
    let now = operations.clock.now();
    let mut done = Done::default();
    for tenant_id in operations.database.tenants_with_due_accounts(now).await? {
        if let Err(refusal) = settle_tenant(operations, tenant_id, &mut done).await {
            tracing::warn!(tenant = tenant_id, %refusal, "the sweep of a tenant goes on later");
            done.refusal = Some(refusal);
        }
    }
    for tenant_id in operations.database.tenant_ids().await? {
        if let Err(refusal) = note_rewards(operations, tenant_id).await {
            tracing::warn!(tenant = tenant_id, %refusal, "rewards are noted later");
            done.refusal = Some(refusal);
        }
        while operations.database.clear_clicks(tenant_id, now - CLICKS_KEPT, AT_ONCE).await? > 0 {}
        operations.database.clear_attempts(tenant_id, now - LONGEST).await?;
    }
    again::once(operations).await?;
    done.refusal.map_or(Ok(done.settled), Err)
}

/// Notes rewards without an account that began or ended.
async fn note_rewards(operations: &Operations, tenant_id: i64) -> Result<(), Refusal> {
    loop {
        let now = operations.clock.now();
        let rewards = operations.database.due_rewards(tenant_id, now, AT_ONCE).await?;
        let count = rewards.len() as u64;
        if count > 0 {
            let body = Body::Settle { accounts: Vec::new(), rewards };
            operations.lanes.submit_own(tenant_id, body).await?;
        }
        if count < AT_ONCE {
            return Ok(());
        }
    }
}

/// What a sweep came to.
#[derive(Default)]
struct Done {
    settled: u64,
    refusal: Option<Refusal>,
}

async fn settle_tenant(
    operations: &Operations,
    tenant_id: i64,
    done: &mut Done,
) -> Result<(), Refusal> {
    loop {
        let due =
            operations.database.due_accounts(tenant_id, operations.clock.now(), AT_ONCE).await?;
        let (count, before) = (due.len() as u64, done.settled);
        let accounts: Vec<SettledAccount> = (due.into_iter())
            .map(|key| SettledAccount { user_id: key.user_id, unit: key.unit })
            .collect();
        settle(operations, tenant_id, accounts, done).await?;
        // Fewer were left than are asked for; or all that are left cannot be settled.
        if count < AT_ONCE || done.settled == before {
            return Ok(());
        }
    }
}

/// Settles accounts together; when that breaks, in halves, until the culprit is alone.
async fn settle(
    operations: &Operations,
    tenant_id: i64,
    accounts: Vec<SettledAccount>,
    done: &mut Done,
) -> Result<(), Refusal> {
    let mut waiting = vec![accounts];
    while let Some(mut accounts) = waiting.pop().filter(|accounts| !accounts.is_empty()) {
        match operations
            .lanes
            .submit_own(tenant_id, Body::Settle { accounts: accounts.clone(), rewards: Vec::new() })
            .await
        {
            Ok(_) => done.settled += accounts.len() as u64,
            Err(refusal) if refusal.code != Code::Internal => return Err(refusal),
            Err(_) if accounts.len() > 1 => {
                let later = accounts.split_off(accounts.len() / 2);
                waiting.extend([later, accounts]);
            }
            Err(refusal) => done.refusal = Some(refusal),
        }
    }
    Ok(())
}

//! The sweep: books what the clock changed in quiet accounts, through the lane like everything else.

use std::time::Duration;

use chrono::TimeDelta;
use uuid::Uuid;

use crate::domain::caller::TenantRef;
use crate::domain::command::{Body, Command, SettledAccount};
use crate::domain::refusal::Refusal;
use crate::operations::Operations;

use super::again;

/// How often accounts are swept; lists and totals over many users are at most this old.
const EVERY: Duration = Duration::from_secs(30);

/// How many accounts one command settles.
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

/// Settles every account in which something is due by now, forgets old visits, and decides again
/// what ran out of time. Gives how many
/// accounts were settled.
pub async fn once(operations: &Operations) -> Result<u64, Refusal> {
    let now = operations.clock.now();
    let mut settled = 0;
    for tenant_id in operations.database.tenants_with_due_accounts(now).await? {
        settled += settle_tenant(operations, tenant_id).await?;
    }
    for tenant_id in operations.database.tenant_ids().await? {
        while operations.database.clear_clicks(tenant_id, now - CLICKS_KEPT, AT_ONCE).await? > 0 {}
    }
    again::once(operations).await?;
    Ok(settled)
}

async fn settle_tenant(operations: &Operations, tenant_id: i64) -> Result<u64, Refusal> {
    let tenant = TenantRef { id: tenant_id, slug: String::new() };
    let mut settled = 0;
    loop {
        let due =
            operations.database.due_accounts(tenant_id, operations.clock.now(), AT_ONCE).await?;
        let count = due.len() as u64;
        let accounts: Vec<SettledAccount> = (due.into_iter())
            .map(|key| SettledAccount { user_id: key.user_id, unit: key.unit })
            .collect();
        if accounts.is_empty() {
            return Ok(settled);
        }
        operations.lanes.submit(&tenant, settling(accounts)).await?;
        settled += count;
        if count < AT_ONCE {
            return Ok(settled);
        }
    }
}

fn settling(accounts: Vec<SettledAccount>) -> Command {
    Command {
        id: Uuid::now_v7(),
        seed: Uuid::new_v4(),
        actor: "system".to_owned(),
        key: None,
        input_hash: String::new(),
        body: Body::Settle { accounts },
        personal: None,
    }
}

//! Forgetting: goes on where a call that erased a user left off, or a server that ended.

use std::time::Duration;

use crate::domain::refusal::Refusal;
use crate::operations::Operations;
use crate::operations::forgetting::forget;

/// How often it is looked whether there is somebody to forget.
const EVERY: Duration = Duration::from_secs(10);

/// How many users of a tenant are looked up at once.
const AT_ONCE: u64 = 100;

/// How long one user is worked on before others have their turn.
const TURN: Duration = Duration::from_secs(2);

/// Forgets again and again, until the task is dropped.
pub async fn run(operations: Operations) {
    loop {
        if let Err(refusal) = once(&operations).await {
            tracing::warn!(%refusal, "forgetting goes on later");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Forgets every erased user of every tenant, in turns. One who cannot be forgotten holds up no
/// other; the last refusal is given when all others are done.
pub async fn once(operations: &Operations) -> Result<(), Refusal> {
    let mut broken = None;
    let mut waiting = Vec::new();
    for tenant_id in operations.database.tenant_ids().await? {
        let users = operations.database.unforgotten(tenant_id, AT_ONCE).await?;
        waiting.extend(users.into_iter().map(|user_id| (tenant_id, user_id)));
    }
    while !waiting.is_empty() {
        let mut left = Vec::new();
        for (tenant_id, user_id) in waiting {
            match forget(operations, (tenant_id, &user_id), TURN).await {
                Ok(true) => left.push((tenant_id, user_id)),
                Ok(false) => {}
                Err(refusal) => {
                    tracing::warn!(tenant = tenant_id, %refusal, "a user is forgotten later");
                    broken = Some(refusal);
                }
            }
        }
        waiting = left;
    }
    broken.map_or(Ok(()), Err)
}

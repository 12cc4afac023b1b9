//! Forgetting: goes on where a call that erased a user left off, or a server that ended.

use std::time::Duration;

use crate::domain::refusal::Refusal;
use crate::operations::forgetting::forget;
use crate::operations::{Operations, measures};

/// How often it is looked whether there is somebody to forget.
const EVERY: Duration = Duration::from_secs(10);

/// How many users of a tenant are looked up at once.
const AT_ONCE: u64 = 100;

/// How long one user is worked on before others have their turn.
const TURN: Duration = Duration::from_secs(2);

/// Forgets again and again, until the task is dropped. It rests when nothing is left to do.
pub async fn run(operations: Operations) {
    loop {
        match once(&operations).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(refusal) => tracing::warn!(%refusal, "forgetting goes on later"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Gives every erased user of every tenant one turn; is anything left that another turn would do?
/// One who cannot be forgotten holds up no other; the last refusal is given when all others are done.
pub async fn once(operations: &Operations) -> Result<bool, Refusal> {
    measures::job("forget", forget_some(operations)).await
}

async fn forget_some(operations: &Operations) -> Result<bool, Refusal> {
    let (mut left, mut broken) = (false, None);
    for tenant_id in operations.database.tenant_ids().await? {
        let mut waiting = operations.database.unforgotten(tenant_id, None, AT_ONCE).await?;
        while let Some(last) = waiting.last().cloned() {
            for user_id in waiting {
                match forget(operations, (tenant_id, &user_id), TURN).await {
                    Ok(more) => left |= more,
                    Err(refusal) => {
                        tracing::warn!(tenant = tenant_id, %refusal, "a user is forgotten later");
                        broken = Some(refusal);
                    }
                }
            }
            waiting = operations.database.unforgotten(tenant_id, Some(&last), AT_ONCE).await?;
        }
    }
    match broken {
        Some(refusal) if !left => Err(refusal),
        _ => Ok(left),
    }
}

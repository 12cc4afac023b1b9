//! Writing down when API keys were used, off the path of the requests that used them.

use std::time::Duration;

use crate::domain::refusal::Refusal;
use crate::operations::Operations;

/// How often it is looked whether there is something to write.
const EVERY: Duration = Duration::from_secs(5);

/// Writes again and again, until the task is dropped.
pub async fn run(operations: Operations) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(refusal) = once(&operations).await {
            tracing::warn!(%refusal, "when keys were used is written later");
        }
    }
}

/// Writes what was noted so far.
pub async fn once(operations: &Operations) -> Result<(), Refusal> {
    let now = operations.clock.now();
    Ok(operations.credentials.uses.write(&operations.database, now).await?)
}

//! Measuring what only the database knows, now and then: a look at the metrics asks it nothing.

use std::time::Duration;

use crate::operations::Operations;
use crate::operations::levels;

/// How often the database is asked.
const EVERY: Duration = Duration::from_secs(15);

/// Measures again and again, until the task is dropped.
pub async fn run(operations: Operations) {
    loop {
        if let Err(refusal) = levels::note_outbox(&operations).await {
            tracing::warn!(%refusal, "the outbox is measured later");
        }
        tokio::time::sleep(EVERY).await;
    }
}

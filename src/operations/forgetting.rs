//! Forgetting what is personal about an erased user, in small steps with pauses between them, in
//! which others use the tenant's lane.

use std::time::{Duration, Instant};

use super::Operations;
use crate::domain::refusal::Refusal;

/// How many rows of a table one step takes.
const AT_ONCE: u64 = 250;

/// Forgets on for at most so long; is anything left? After each step it rests for as long as the step
/// took: the lane is never its own for more than half of the time.
pub async fn forget(
    operations: &Operations,
    (tenant_id, user_id): (i64, &str),
    longest: Duration,
) -> Result<bool, Refusal> {
    let began = Instant::now();
    loop {
        let step = Instant::now();
        if !operations.database.erase_some(tenant_id, user_id, AT_ONCE).await? {
            return Ok(false);
        }
        if began.elapsed() >= longest {
            return Ok(true);
        }
        tokio::time::sleep(step.elapsed()).await;
    }
}

//! What is measured at a moment: queues, connections, the outbox.

use super::Operations;
use super::measures::names;
use crate::domain::refusal::Refusal;
use crate::store::Pool;

/// Notes what this process knows of itself; asks nobody.
pub fn note_own(operations: &Operations) {
    let (single, bulk, lanes) = operations.lanes.waiting();
    for (class, waiting) in [("single", single), ("bulk", bulk)] {
        metrics::gauge!(names::QUEUE.name, "class" => class).set(number(waiting));
    }
    metrics::gauge!(names::LANES.name).set(number(lanes));
    for Pool { name, open, idle, most } in operations.database.pools() {
        let connections =
            |state| metrics::gauge!(names::CONNECTIONS.name, "pool" => name, "state" => state);
        connections("idle").set(idle);
        connections("busy").set(open - idle);
        metrics::gauge!(names::CONNECTIONS_MAX.name, "pool" => name).set(most);
    }
}

/// Notes for how long the outbox has had a message that is due; asks the database one question.
pub async fn note_outbox(operations: &Operations) -> Result<(), Refusal> {
    let due = operations.database.outbox_due_since().await?;
    let age = due.map_or(0, |due| (operations.clock.now() - due).num_seconds().max(0));
    #[expect(clippy::cast_precision_loss, reason = "seconds are exact for ages")]
    metrics::gauge!(names::OUTBOX_AGE.name).set(age as f64);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^53 in memory")]
const fn number(count: usize) -> f64 {
    count as f64
}

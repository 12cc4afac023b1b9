//! One lane's task: it takes what waits, batch after batch, and goes away when it is idle.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::attempt;
use super::queue::Queue;
use super::shared::Shared;
use super::ticket::Ticket;

/// How long a lane waits for a command before it goes away.
const IDLE: Duration = Duration::from_secs(60);

/// One lane at work.
pub(super) struct Worker {
    shared: Arc<Shared>,
    tenant_id: i64,
    queue: Arc<Queue>,
}

impl Worker {
    pub const fn new(shared: Arc<Shared>, tenant_id: i64, queue: Arc<Queue>) -> Self {
        Self { shared, tenant_id, queue }
    }

    /// Serves the queue until nobody has come for a while.
    pub async fn run(self) {
        // Commands that a batch left for the next one, when it closed by time.
        let mut left: Vec<Arc<Ticket>> = Vec::new();
        loop {
            if left.is_empty() && self.queue.is_empty() {
                if self.is_over().await {
                    return;
                }
                continue;
            }
            left = attempt::Batch::new(&self.shared, self.tenant_id, &self.queue, left).run().await;
        }
    }

    /// Waits for a command; `true` when none came, and the lane is taken out of the list. While the
    /// process ends it does not wait.
    async fn is_over(&self) -> bool {
        let came = async {
            if !self.shared.tasks.is_closed() {
                self.queue.arrived.notified().await;
            }
        };
        if tokio::time::timeout(IDLE, came).await.is_ok() && !self.shared.tasks.is_closed() {
            return false;
        }
        // Under the same lock as pushing, so that no command is left behind.
        let mut queues = self.shared.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.queue.is_empty() {
            return false;
        }
        self.queue.leave_driver();
        queues.remove(&self.tenant_id);
        true
    }
}

//! One lane's task: it takes what waits, batch after batch, and goes away when it is idle.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::attempt;
use super::queue::Queue;
use super::shared::Shared;
use super::ticket::Ticket;

/// How long a lane waits for a command before it goes away.
const IDLE: Duration = Duration::from_secs(60);

/// How long a lane rests at most after a batch of bulk calls alone.
const LONGEST_REST: Duration = Duration::from_millis(50);

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
            let began = Instant::now();
            let batch = attempt::Batch::new(&self.shared, self.tenant_id, &self.queue, left);
            let ended = batch.run().await;
            left = ended.left;
            if ended.all_bulk {
                self.rest(began.elapsed().min(LONGEST_REST)).await;
            }
        }
    }

    /// Leaves SQLite to other processes for a while, but when a single command comes. It has no line
    /// in which they would wait for their turn, as a locked row of PostgreSQL has: without a rest, an
    /// import would hardly ever let a server in.
    async fn rest(&self, time: Duration) {
        if self.shared.database.kind() != "sqlite" {
            return;
        }
        let called = async {
            while !self.queue.has_single() && !self.shared.tasks.is_closed() {
                self.queue.arrived.notified().await;
            }
        };
        // Nobody called: it goes on by itself.
        drop(tokio::time::timeout(time, called).await);
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

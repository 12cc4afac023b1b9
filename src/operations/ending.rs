//! The server's end: that it was told to, and what is under way until then.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::{TaskTrackerToken, TrackedFuture};

/// Whether the server was told to end, and what it waits for then. Copies are the same.
#[derive(Debug, Clone, Default)]
pub struct Ending {
    told: CancellationToken,
    under_way: TaskTracker,
}

impl Ending {
    /// Tells the server to end: nothing more is begun, and what is under way is finished.
    pub fn tell(&self) {
        self.told.cancel();
        self.under_way.close();
    }

    /// Was the server told to end?
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.told.is_cancelled()
    }

    /// Waits until the server is told to end.
    pub async fn told(&self) {
        self.told.cancelled().await;
    }

    /// Something is under way for as long as the token is kept.
    pub fn under_way(&self) -> TaskTrackerToken {
        self.under_way.token()
    }

    /// The same work, which is under way until it is done or dropped.
    pub fn track<F: Future>(&self, work: F) -> TrackedFuture<F> {
        self.under_way.track_future(work)
    }

    /// Waits until the server was told to end and nothing is under way.
    pub async fn finished(&self) {
        self.under_way.wait().await;
    }
}

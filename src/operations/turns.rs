//! Taking turns: what somebody asks for at once is answered one after another.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// How many of those who guess are told apart at once. Beyond, they take turns with nobody.
const CAPACITY: u64 = 100_000;
/// How long a turn is remembered that nobody takes.
const IDLE: Duration = Duration::from_secs(60);

/// Lets each of those who may guess make one guess at a time: a hundred at once are then no more than
/// one after another, each of which sees what the ones before it missed.
#[derive(Clone)]
pub struct Turns {
    turns: Cache<(i64, String), Arc<Mutex<()>>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { turns: Cache::builder().max_capacity(CAPACITY).time_to_idle(IDLE).build() }
    }
}

impl Turns {
    /// Waits for the turn of somebody of a tenant; it lasts until what is given is dropped.
    pub async fn turn(&self, tenant_id: i64, guesser: &str) -> OwnedMutexGuard<()> {
        let turn =
            self.turns.get_with((tenant_id, guesser.to_owned()), async { Arc::default() }).await;
        turn.lock_owned().await
    }
}

//! Can the server serve?

use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::timeout;

use super::Operations;

/// How long the database may take to answer.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// How far this machine's clock may be behind the last change.
const MAX_BEHIND: TimeDelta = TimeDelta::seconds(5);

/// Checks that the server goes on, that the database answers, that its tables are there, and that
/// this machine's clock is not behind what was written last. The error says which it is, and nothing that is secret; it comes
/// within two seconds, so that whoever asks is still there.
pub async fn check(operations: &Operations) -> Result<(), &'static str> {
    if operations.ending.is_told() {
        return Err("the server is ending");
    }
    let checked = timeout(LONGEST_WAIT, look(operations)).await;
    checked.unwrap_or(Err("the database does not answer"))
}

async fn look(operations: &Operations) -> Result<(), &'static str> {
    let database = &operations.database;
    let failed = |error: &crate::store::StoreError| {
        tracing::warn!(%error, cause = error.cause(), "not ready");
    };
    database.ping().await.inspect_err(failed).map_err(|_| "the database cannot be reached")?;
    match database.is_migrated().await.inspect_err(failed) {
        Ok(true) => {}
        Ok(false) => return Err("the database is not migrated"),
        Err(_) => return Err("the database cannot be reached"),
    }
    let last = database.latest_at().await.inspect_err(failed);
    match last.map_err(|_| "the database cannot be reached")? {
        Some(last) if last - operations.clock.now() > MAX_BEHIND => {
            Err("this machine's clock is behind the database's last change")
        }
        _ => Ok(()),
    }
}

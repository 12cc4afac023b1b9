//! How much there is at this moment: of connections, and of what waits in the outbox.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::rows::cells;
use super::{Database, StoreError};
use crate::domain::time::Time;

/// Connections that are shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// What they are for: `lanes` or `reads`.
    pub name: &'static str,
    /// How many are open.
    pub open: u32,
    /// How many of these nobody uses.
    pub idle: u32,
    /// How many there may be.
    pub most: u32,
}

/// Each tenant is asked by itself, in one statement: an index that begins with the tenant answers at
/// once, however many messages there are.
const LONGEST_DUE: &str = "SELECT MIN(due) AS due FROM (SELECT (SELECT MIN(e.next_attempt_at) \
     FROM emissions e WHERE e.tenant_id = l.tenant_id AND e.next_attempt_at IS NOT NULL) AS due \
     FROM lanes l) AS each_tenant";

impl Database {
    /// The connections for lanes, and those for reads.
    #[must_use]
    pub fn pools(&self) -> [Pool; 2] {
        [pool("lanes", &self.writer), pool("reads", &self.reader)]
    }

    /// Since when the message of the outbox that is due the longest has been due, of any tenant.
    pub async fn outbox_due_since(&self) -> Result<Option<Time>, StoreError> {
        let question = Statement::from_string(self.reader.get_database_backend(), LONGEST_DUE);
        let row = self.reader.query_one_raw(question).await?;
        let due: Option<i64> = row.map(|row| row.try_get("", "due")).transpose()?.flatten();
        cells::time_of(due)
    }
}

fn pool(name: &'static str, connection: &DatabaseConnection) -> Pool {
    let (open, idle, most) = match connection.get_database_backend() {
        DbBackend::Sqlite => {
            let pool = connection.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle(), pool.options().get_max_connections())
        }
        _ => {
            let pool = connection.get_postgres_connection_pool();
            (pool.size(), pool.num_idle(), pool.options().get_max_connections())
        }
    };
    Pool { name, open, idle: u32::try_from(idle).unwrap_or(u32::MAX).min(open), most }
}

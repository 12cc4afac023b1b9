//! Bringing the schema up to date, once, however many servers start at once.

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};

use super::{Database, Options, StoreError, connect};

/// Names the guard among PostgreSQL's advisory locks.
const GUARD: &str = "SELECT pg_advisory_lock(7167380)";
const UNGUARD: &str = "SELECT pg_advisory_unlock(7167380)";

impl Database {
    /// Brings the schema up to date. Servers that start at once wait for one another.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let url = self.options.migration_url.as_deref().unwrap_or(&self.url);
        // One connection: on PostgreSQL the guard belongs to the session that took it.
        let connection = connect::migrator(url, &self.options).await?;
        let outcome = match connection.get_database_backend() {
            DbBackend::Postgres => guarded(&connection).await,
            _ => in_turn(&connection).await,
        };
        connection.close().await?;
        outcome
    }

    /// Opens the database at `url` as it is; `None` when it is not there, or its tables are not those
    /// that this program knows. Makes neither file nor table.
    pub async fn connect_as_it_is(url: &str, options: Options) -> Result<Option<Self>, StoreError> {
        if connect::lacks_file(url) {
            return Ok(None);
        }
        let database = Self::connect(url, options).await?;
        if database.is_migrated().await? {
            return Ok(Some(database));
        }
        database.close().await?;
        Ok(None)
    }

    /// Is the schema the one that this program knows?
    pub async fn is_migrated(&self) -> Result<bool, StoreError> {
        let pending = Migrator::get_pending_migrations_read_only(&self.reader).await?;
        Ok(pending.is_empty())
    }
}

async fn guarded(connection: &DatabaseConnection) -> Result<(), StoreError> {
    connection.execute_unprepared(GUARD).await?;
    let outcome = Migrator::up(connection, None).await;
    connection.execute_unprepared(UNGUARD).await?;
    Ok(outcome?)
}

/// SQLite has no such guard, but one writer at a time: who waited for another process finds the
/// migration made that it was about to make, and goes on with what is left.
async fn in_turn(connection: &DatabaseConnection) -> Result<(), StoreError> {
    let mut others = Migrator::migrations().len();
    loop {
        match Migrator::up(connection, None).await {
            Err(error) if others == 0 => return Err(error.into()),
            Err(_) => others -= 1,
            Ok(()) => return Ok(()),
        }
    }
}

//! Bringing the schema up to date, once, however many servers start at once.

use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};

use super::{Database, StoreError, connect};

/// Names the guard among PostgreSQL's advisory locks.
const GUARD: &str = "SELECT pg_advisory_lock(7167380)";
const UNGUARD: &str = "SELECT pg_advisory_unlock(7167380)";

impl Database {
    /// Brings the schema up to date. Servers that start at once wait for one another.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let url = self.options.migration_url.as_deref().unwrap_or(&self.url);
        // One connection: on PostgreSQL the guard belongs to the session that took it.
        let connection = connect::migrator(url, &self.options).await?;
        let outcome = guarded(&connection).await;
        connection.close().await?;
        match outcome {
            Ok(()) => Ok(()),
            // SQLite has no such guard: another process may have been making the same tables.
            Err(error) => {
                if self.becomes_migrated().await {
                    Ok(())
                } else {
                    Err(error)
                }
            }
        }
    }

    /// Is the schema the one that this program knows?
    pub async fn is_migrated(&self) -> Result<bool, StoreError> {
        let pending = Migrator::get_pending_migrations_read_only(&self.reader).await?;
        Ok(pending.is_empty())
    }

    async fn becomes_migrated(&self) -> bool {
        for _ in 0..20 {
            if matches!(self.is_migrated().await, Ok(true)) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        false
    }
}

async fn guarded(connection: &DatabaseConnection) -> Result<(), StoreError> {
    if connection.get_database_backend() != DbBackend::Postgres {
        return Ok(Migrator::up(connection, None).await?);
    }
    connection.execute_unprepared(GUARD).await?;
    let outcome = Migrator::up(connection, None).await;
    connection.execute_unprepared(UNGUARD).await?;
    Ok(outcome?)
}

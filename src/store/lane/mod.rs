//! A lane's way in and out of the database: lock the row, load a slice, save a change.

mod asked;
mod erase;
pub(in crate::store) mod load;
mod save;
mod sealing;

use std::collections::{BTreeSet, HashSet};
use std::sync::PoisonError;
use std::sync::atomic::AtomicI64;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, EntityTrait,
    QueryFilter, QuerySelect, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use uuid::Uuid;

use super::rows::{Row, event, lane, tenant};
use super::statement::KEYS_AT_ONCE;
use super::{Database, StoreError, statistics};
use crate::domain::records::Lane;
use crate::domain::state::{Key, Slice};
use digest::Digests;
use seal::{LedgerKey, Link};

pub mod digest;
pub mod seal;

pub use sealing::SealedSoFar;

/// A transaction that holds a tenant's row in `lanes`: until it ends, nobody else changes anything
/// of the tenant. Dropped without a commit, it is rolled back.
#[derive(Debug)]
pub struct LaneTransaction {
    transaction: DatabaseTransaction,
    tenant_id: i64,
    lane: Lane,
    digests: Digests,
    ledger_key: Option<LedgerKey>,
    /// The end of the chain of seals, as it was when the row was locked.
    link: Link,
    /// The number of the last event that was saved.
    saved: AtomicI64,
    reader: DatabaseConnection,
}

impl Database {
    /// Begins to write for a tenant: waits until its row is free and locks it.
    pub async fn begin_write(&self, tenant_id: i64) -> Result<LaneTransaction, StoreError> {
        let options = TransactionOptions {
            // A deferred transaction that reads and then writes fails under load. PostgreSQL
            // ignores it.
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.writer.begin_with_options(options).await?;
        // SQLite has no row locks, needs none here, and SeaORM leaves the clause out for it.
        let row = lane::Entity::find_by_id(tenant_id).lock_exclusive().one(&transaction).await?;
        let row = row.ok_or(StoreError::UnknownTenant(tenant_id))?;
        let link = Link { seq: row.sealed_seq, seal: row.seal.clone() };
        let lane = row.record()?;
        Ok(LaneTransaction {
            tenant_id,
            digests: self.digests(&transaction, tenant_id).await?,
            ledger_key: self.options.ledger_key.clone(),
            link,
            saved: AtomicI64::new(lane.seq),
            lane,
            reader: self.reader.clone(),
            transaction,
        })
    }

    /// The tenant's row in `lanes` as it is now, without a lock.
    pub async fn lane(&self, tenant_id: i64) -> Result<Lane, StoreError> {
        let row = lane::Entity::find_by_id(tenant_id).one(&self.reader).await?;
        row.ok_or(StoreError::UnknownTenant(tenant_id))?.record()
    }

    /// Loads what is asked for into a slice that nothing will be saved from, all of it as it was at
    /// one instant.
    pub async fn load(
        &self,
        tenant_id: i64,
        slice: &mut Slice,
        keys: &BTreeSet<Key>,
    ) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let frozen = self.frozen().await?;
        load::load(&frozen, tenant_id, slice, keys).await?;
        Ok(frozen.commit().await?)
    }
}

impl Database {
    /// The digests of a tenant, under its secret.
    pub(in crate::store) async fn digests<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant_id: i64,
    ) -> Result<Digests, StoreError> {
        let known =
            self.digests.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant_id).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let row = tenant::Entity::find_by_id(tenant_id).one(connection).await?;
        let found = Digests::new(&row.ok_or(StoreError::UnknownTenant(tenant_id))?.jwt_secret);
        self.digests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(tenant_id, found.clone());
        Ok(found)
    }
}

impl LaneTransaction {
    /// Whose lane it is.
    #[must_use]
    pub const fn tenant_id(&self) -> i64 {
        self.tenant_id
    }

    /// The tenant's row, as it was when it was locked.
    #[must_use]
    pub const fn lane(&self) -> &Lane {
        &self.lane
    }

    /// Loads what is asked for: each key ends in the slice as a record or as absent.
    pub async fn load(&self, slice: &mut Slice, keys: &BTreeSet<Key>) -> Result<(), StoreError> {
        load::load(&self.transaction, self.tenant_id, slice, keys).await
    }

    /// Of these commands, those that are among the events already: after a lost connection it tells
    /// what became of a batch.
    pub async fn known_commands(&self, ids: &[Uuid]) -> Result<HashSet<Uuid>, StoreError> {
        known_commands(&self.transaction, self.tenant_id, ids).await
    }

    /// Keeps everything. After [`StoreError::ConnectionLost`] it is unknown whether it did.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().await?;
        if statistics::is_due(self.lane.seq, self.saved.into_inner()) {
            statistics::count(&self.reader);
        }
        Ok(())
    }

    /// Keeps nothing.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.transaction.rollback().await?)
    }
}

async fn known_commands<C: ConnectionTrait>(
    connection: &C,
    tenant_id: i64,
    ids: &[Uuid],
) -> Result<HashSet<Uuid>, StoreError> {
    let mut known = HashSet::new();
    for some in ids.chunks(KEYS_AT_ONCE) {
        let found: Vec<Uuid> = event::Entity::find()
            .select_only()
            .column(event::Column::Id)
            .filter(event::Column::TenantId.eq(tenant_id))
            .filter(event::Column::Id.is_in(some.to_vec()))
            .into_tuple()
            .all(connection)
            .await?;
        known.extend(found);
    }
    Ok(known)
}

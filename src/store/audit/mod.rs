//! What is always true of a tenant, as queries that find the rows of which it is not. The database
//! does the counting, so that neither side needs more memory for more rows; everything is read in
//! one snapshot, beside a running server.

mod counts;
mod invariant;
mod ledger;
mod lots;
mod order;
mod people;
mod personal;

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseTransaction, DbBackend, IsolationLevel, Statement,
    TransactionOptions, TransactionTrait,
};

use super::lane::digest::Digests;
use super::{Database, StoreError};
use invariant::{Check, NAMED};

pub use invariant::{Broken, Invariant};

/// A tenant as it was at one instant.
#[derive(Debug)]
pub struct Snapshot {
    pub(super) transaction: DatabaseTransaction,
    pub(super) tenant_id: i64,
    pub(super) digests: Digests,
}

impl Database {
    /// Reads a tenant as it is now, whatever is written meanwhile. It keeps one of the reading
    /// connections until it is dropped.
    pub async fn snapshot(&self, tenant_id: i64) -> Result<Snapshot, StoreError> {
        let options = match self.kind() {
            // SQLite's readers see one state of the file from their first query to their last.
            "sqlite" => TransactionOptions::default(),
            _ => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
        };
        let transaction = self.reader.begin_with_options(options).await?;
        let digests = self.digests(&transaction, tenant_id).await?;
        Ok(Snapshot { transaction, tenant_id, digests })
    }
}

impl Invariant {
    /// Every invariant.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [
            order::INVARIANTS,
            ledger::INVARIANTS,
            lots::INVARIANTS,
            people::INVARIANTS,
            counts::INVARIANTS,
        ]
        .into_iter()
        .flatten()
    }
}

impl Snapshot {
    /// The rows of which an invariant is not true, the first 1,000 of them.
    pub async fn broken(&self, invariant: &Invariant) -> Result<Vec<Broken>, StoreError> {
        let sql = match invariant.check {
            Check::Rows(rows) => rows.to_owned(),
            Check::Sums { claims, facts } => unequal(claims, facts),
            Check::Digests => {
                let snapshot = (&self.transaction, self.tenant_id);
                return personal::broken(snapshot, &self.digests).await;
            }
        };
        self.query(&format!("{sql} LIMIT {NAMED}")).await
    }

    async fn query(&self, sql: &str) -> Result<Vec<Broken>, StoreError> {
        let backend = self.transaction.get_database_backend();
        let (open, close) = match backend {
            DbBackend::Sqlite => ("lower(hex(", "))"),
            _ => ("CAST(", " AS TEXT)"),
        };
        let sql = sql.replace('{', open).replace('}', close);
        let statement = Statement::from_sql_and_values(backend, sql, [self.tenant_id.into()]);
        let rows = self.transaction.query_all_raw(statement).await?;
        rows.iter()
            .map(|row| {
                Ok(Broken {
                    row: row.try_get_by_index(0)?,
                    claimed: row.try_get_by_index(1)?,
                    counted: row.try_get_by_index(2)?,
                })
            })
            .collect()
    }
}

/// The subjects whose claims and facts do not come to the same.
fn unequal(claims: &str, facts: &str) -> String {
    format!(
        "SELECT subject, CAST(SUM(claimed) AS BIGINT), CAST(SUM(counted) AS BIGINT) FROM (
            SELECT subject, amount AS claimed, 0 AS counted FROM ({claims}) claims
            UNION ALL
            SELECT subject, 0 AS claimed, amount AS counted FROM ({facts}) facts
        ) beside
        GROUP BY subject HAVING SUM(claimed) <> SUM(counted)"
    )
}

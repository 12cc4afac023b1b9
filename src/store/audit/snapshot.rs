//! A tenant as it was at one instant, to be looked at while others write.

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseTransaction, DbBackend, IsolationLevel, Statement,
    TransactionOptions, TransactionTrait,
};

use super::invariant::Broken;
use crate::store::lane::digest::Digests;
use crate::store::lane::seal::LedgerKey;
use crate::store::{Database, StoreError};

/// A tenant as it was at one instant.
#[derive(Debug)]
pub struct Snapshot {
    pub(in crate::store) transaction: DatabaseTransaction,
    pub(in crate::store) tenant_id: i64,
    pub(in crate::store) unit: String,
    pub(in crate::store) digests: Digests,
    pub(in crate::store) ledger_key: Option<LedgerKey>,
}

impl Database {
    /// Reads a tenant as it is now, whatever is written meanwhile; `unit` is its main unit. It keeps
    /// one of the reading connections until it is dropped.
    pub async fn snapshot(&self, tenant_id: i64, unit: &str) -> Result<Snapshot, StoreError> {
        let transaction = self.frozen().await?;
        let digests = self.digests(&transaction, tenant_id).await?;
        let (unit, ledger_key) = (unit.to_owned(), self.options.ledger_key.clone());
        Ok(Snapshot { transaction, tenant_id, unit, digests, ledger_key })
    }

    /// Begins to read everything as it is now, whatever is written meanwhile.
    pub(in crate::store) async fn frozen(&self) -> Result<DatabaseTransaction, StoreError> {
        let options = match self.kind() {
            // SQLite's readers see one state of the file from their first query to their last.
            "sqlite" => TransactionOptions::default(),
            _ => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
        };
        Ok(self.reader.begin_with_options(options).await?)
    }
}

impl Snapshot {
    /// The rows that a query of broken rows finds.
    pub(super) async fn query(&self, sql: &str) -> Result<Vec<Broken>, StoreError> {
        let backend = self.transaction.get_database_backend();
        let (open, close) = match backend {
            DbBackend::Sqlite => ("lower(hex(", "))"),
            _ => ("CAST(", " AS TEXT)"),
        };
        let sql = sql.replace('{', open).replace('}', close);
        let mut values = vec![self.tenant_id.into()];
        if sql.contains("$2") {
            values.push(self.unit.as_str().into());
        }
        let statement = Statement::from_sql_and_values(backend, sql, values);
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

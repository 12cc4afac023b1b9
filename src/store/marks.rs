//! What is marked of the database as a whole, once and for ever.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::rows::mark::{ActiveModel, Column, Entity, Model};
use super::rows::tenant;
use super::{Database, StoreError};

/// By what the ledger's key is known.
const LEDGER_KEY: &str = "ledger_key";
/// That the database is one for tests.
const FOR_TESTS: &str = "for_tests";

/// How the ledger's key stands to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFit {
    /// The ledger is sealed under it.
    Fits,
    /// The ledger is sealed under another.
    Other,
    /// Nothing was sealed yet.
    New,
}

impl Database {
    /// Is the ledger sealed under the key that this database was opened with?
    pub async fn key_fit(&self) -> Result<KeyFit, StoreError> {
        let key = self.options.ledger_key.as_ref().ok_or(StoreError::NoLedgerKey)?;
        Ok(match self.mark(LEDGER_KEY).await? {
            None => KeyFit::New,
            Some(known) if known == key.fingerprint() => KeyFit::Fits,
            Some(_) => KeyFit::Other,
        })
    }

    /// Takes the key that this database was opened with for the ledger's, when it has none yet.
    /// Of several servers that start at once, one is first.
    pub async fn adopt_key(&self) -> Result<KeyFit, StoreError> {
        let key = self.options.ledger_key.as_ref().ok_or(StoreError::NoLedgerKey)?;
        if self.key_fit().await? == KeyFit::New {
            self.set_mark(LEDGER_KEY, key.fingerprint()).await?;
        }
        self.key_fit().await
    }

    /// Is it a database for tests, on which the clock may be moved?
    pub async fn is_for_tests(&self) -> Result<bool, StoreError> {
        Ok(self.mark(FOR_TESTS).await?.is_some())
    }

    /// Makes it a database for tests for ever, if it is one already or has no tenant yet. Is it one?
    pub async fn mark_for_tests(&self) -> Result<bool, StoreError> {
        let is_empty = tenant::Entity::find().one(&self.writer).await?.is_none();
        if is_empty {
            self.set_mark(FOR_TESTS, "the clock may be moved".to_owned()).await?;
        }
        self.is_for_tests().await
    }

    /// The value of a mark.
    async fn mark(&self, name: &str) -> Result<Option<String>, StoreError> {
        let found = Entity::find().filter(Column::Name.eq(name)).one(&self.reader).await?;
        Ok(found.map(|row| row.value))
    }

    /// Sets a mark, unless it is set.
    async fn set_mark(&self, name: &str, value: String) -> Result<(), StoreError> {
        let row = Model { name: name.to_owned(), value };
        let keep = OnConflict::column(Column::Name).do_nothing().to_owned();
        Entity::insert_many([ActiveModel::from(row)])
            .on_conflict(keep)
            .exec_without_returning(&self.writer)
            .await?;
        Ok(())
    }
}

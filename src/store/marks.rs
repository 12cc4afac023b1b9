//! What is marked of the database as a whole, once and for ever: under which key the ledger is sealed,
//! how far an older version had written it without seals, and whether it is one for tests.

use std::sync::Arc;

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use super::lane::seal::{Late, LedgerKey};
use super::rows::mark::{ActiveModel, Column, Entity, Model};
use super::rows::{event, lane, tenant};
use super::{Database, Options, StoreError};

/// By what the ledger's key is known.
const LEDGER_KEY: &str = "ledger_key";
/// Before a tenant's number: how far its events may be sealed late.
const LATE: &str = "late_seals:";
/// That the database is one for tests.
const FOR_TESTS: &str = "for_tests";

/// Marks in one statement.
const AT_ONCE: usize = 1_000;

/// How the ledger's key stands to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFit {
    /// The ledger is sealed under it.
    Fits,
    /// The ledger is sealed under another.
    Other,
    /// Nothing was ever sealed.
    New,
    /// Something is sealed, and the mark that says under which key is gone: no server takes it away.
    Unmarked,
}

impl Database {
    /// The same database, to be sealed and proved under this key.
    #[must_use]
    pub fn with_key(self, key: LedgerKey) -> Self {
        let options = Options { ledger_key: Some(key), ..(*self.options).clone() };
        Self { options: Arc::new(options), ..self }
    }

    /// Was the ledger ever sealed, under whatever key?
    pub async fn is_sealed(&self) -> Result<bool, StoreError> {
        Ok(self.mark(LEDGER_KEY).await?.is_some() || self.has_seals().await?)
    }

    /// Is the ledger sealed under the key that this database was opened with?
    pub async fn key_fit(&self) -> Result<KeyFit, StoreError> {
        if let Some(fit) = self.marked_fit().await? {
            return Ok(fit);
        }
        if !self.has_seals().await? {
            return Ok(KeyFit::New);
        }
        // Of a server that takes its key meanwhile, the mark is there before any seal is.
        Ok(self.marked_fit().await?.unwrap_or(KeyFit::Unmarked))
    }

    /// Takes the key that this database was opened with for the ledger's, when it never had one; and
    /// notes how far each tenant's events were written by then, which alone are sealed late. Of
    /// several servers that start at once, one is first.
    pub async fn adopt_key(&self) -> Result<KeyFit, StoreError> {
        let fit = self.key_fit().await?;
        if fit != KeyFit::New {
            return Ok(fit);
        }
        let key = self.options.ledger_key.as_ref().ok_or(StoreError::NoLedgerKey)?;
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.writer.begin_with_options(options).await?;
        // Who comes second waits here for the first, and leaves the numbers as they are.
        if set_mark(&transaction, LEDGER_KEY, key.fingerprint()).await? {
            take_over(&transaction, key).await?;
        }
        transaction.commit().await?;
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
            set_mark(&self.writer, FOR_TESTS, "the clock may be moved".to_owned()).await?;
        }
        self.is_for_tests().await
    }

    /// How the key fits what is marked of it; `None` when nothing is.
    async fn marked_fit(&self) -> Result<Option<KeyFit>, StoreError> {
        let key = self.options.ledger_key.as_ref().ok_or(StoreError::NoLedgerKey)?;
        Ok(self
            .mark(LEDGER_KEY)
            .await?
            .map(|known| if known == key.fingerprint() { KeyFit::Fits } else { KeyFit::Other }))
    }

    /// Is there anything that only a server with a key leaves: a seal, or a number of late ones? It
    /// reads every event, which is asked for only where the key's mark is missing.
    async fn has_seals(&self) -> Result<bool, StoreError> {
        let ends = Condition::any()
            .add(lane::Column::SealedSeq.ne(0))
            .add(lane::Column::Seal.is_not_null());
        let end = lane::Entity::find().select_only().column(lane::Column::TenantId).filter(ends);
        if end.into_tuple::<i64>().one(&self.reader).await?.is_some() {
            return Ok(true);
        }
        if Entity::find().filter(Column::Name.starts_with(LATE)).one(&self.reader).await?.is_some()
        {
            return Ok(true);
        }
        let sealed = event::Entity::find().select_only().column(event::Column::Seq);
        let sealed = sealed.filter(event::Column::Seal.is_not_null()).limit(1);
        Ok(sealed.into_tuple::<i64>().one(&self.reader).await?.is_some())
    }

    /// The value of a mark.
    async fn mark(&self, name: &str) -> Result<Option<String>, StoreError> {
        value(&self.reader, name).await
    }
}

/// How far a tenant's events may be sealed late; not at all when nothing is marked of it, or not by
/// this key.
pub(in crate::store) async fn late<C: ConnectionTrait>(
    connection: &C,
    key: &LedgerKey,
    tenant_id: i64,
) -> Result<Late, StoreError> {
    let marked = value(connection, &format!("{LATE}{tenant_id}")).await?;
    Ok(marked.map(|text| key.read_late(tenant_id, &text)).unwrap_or_default())
}

/// Marks that all that may be sealed late of a tenant now is, with the last of those seals.
pub(in crate::store) async fn end_late<C: ConnectionTrait>(
    connection: &C,
    key: &LedgerKey,
    tenant_id: i64,
    late: &Late,
) -> Result<(), StoreError> {
    let changed = ActiveModel {
        value: sea_orm::ActiveValue::Set(key.write_late(tenant_id, late)),
        ..Default::default()
    };
    Entity::update_many()
        .set(changed)
        .filter(Column::Name.eq(format!("{LATE}{tenant_id}")))
        .exec(connection)
        .await?;
    Ok(())
}

/// Marks of each tenant with events how many there are: a version without seals wrote them.
async fn take_over<C: ConnectionTrait>(connection: &C, key: &LedgerKey) -> Result<(), StoreError> {
    let written: Vec<(i64, i64)> = lane::Entity::find()
        .select_only()
        .columns([lane::Column::TenantId, lane::Column::Seq])
        .filter(lane::Column::Seq.gt(0))
        .into_tuple()
        .all(connection)
        .await?;
    if !written.is_empty() {
        tracing::warn!(
            tenants = written.len(),
            "an older version wrote events without seals; they are sealed now, once"
        );
    }
    let mark = |(tenant_id, through): &(i64, i64)| {
        let late = Late { through: *through, seal: None };
        let name = format!("{LATE}{tenant_id}");
        ActiveModel::from(Model { name, value: key.write_late(*tenant_id, &late) })
    };
    for some in written.chunks(AT_ONCE) {
        Entity::insert_many(some.iter().map(mark)).exec_without_returning(connection).await?;
    }
    Ok(())
}

async fn value<C: ConnectionTrait>(
    connection: &C,
    name: &str,
) -> Result<Option<String>, StoreError> {
    let found = Entity::find().filter(Column::Name.eq(name)).one(connection).await?;
    Ok(found.map(|row| row.value))
}

/// Sets a mark, unless it is set; did it?
async fn set_mark<C: ConnectionTrait>(
    connection: &C,
    name: &str,
    value: String,
) -> Result<bool, StoreError> {
    let row = Model { name: name.to_owned(), value };
    let keep = OnConflict::column(Column::Name).do_nothing().to_owned();
    let set = Entity::insert_many([ActiveModel::from(row)])
        .on_conflict(keep)
        .exec_without_returning(connection)
        .await?;
    Ok(set > 0)
}

//! Versions of programs, and which of them is active. Every version that ever decided is kept.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use serde_json::Value;

use super::rows::cells;
use super::rows::program::{active, version};
use super::{Database, StoreError};
use crate::domain::time::Time;

/// A version of a program: its folder's files as they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramVersion {
    /// The folder's name.
    pub name: String,
    /// SHA-256 of its files, in hex.
    pub hash: String,
    /// The files' texts by their paths in the folder.
    pub files: BTreeMap<String, String>,
    /// When it was first seen.
    pub created_at: Time,
}

/// Which version of a program is active.
#[derive(Debug, Clone, PartialEq)]
pub struct ActiveProgram {
    /// The folder's name.
    pub name: String,
    /// SHA-256 of the active version.
    pub hash: String,
    /// Since when.
    pub activated_at: Time,
    /// What was wrong with a newer one, or is to be known about this one.
    pub error: Option<Value>,
}

impl Database {
    /// Keeps a version and makes it the active one, with nothing wrong. One that is kept already
    /// stays as it is. Both or neither: a version that is kept was active.
    pub async fn publish_program(&self, version: &ProgramVersion) -> Result<(), StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.writer.begin_with_options(options).await?;
        keep(&transaction, version).await?;
        activate(&transaction, version).await?;
        Ok(transaction.commit().await?)
    }

    /// A version of a program.
    pub async fn program_version(
        &self,
        name: &str,
        hash: &str,
    ) -> Result<Option<ProgramVersion>, StoreError> {
        let key = (name.to_owned(), hash.to_owned());
        let row = version::Entity::find_by_id(key).one(&self.reader).await?;
        row.map(version_of).transpose()
    }

    /// The names of the programs of which a version has this hash, in order.
    pub async fn programs_of_hash(&self, hash: &str) -> Result<Vec<String>, StoreError> {
        let rows = version::Entity::find()
            .filter(version::Column::Hash.eq(hash))
            .order_by_asc(version::Column::Name)
            .all(&self.reader)
            .await?;
        Ok(rows.into_iter().map(|row| row.name).collect())
    }

    /// Notes what is wrong with a newer version, or that nothing is; the active one stays.
    pub async fn set_program_error(
        &self,
        name: &str,
        error: Option<&Value>,
    ) -> Result<(), StoreError> {
        let error = cells::json_of(error)?;
        active::Entity::update_many()
            .col_expr(active::Column::Error, Expr::value(error))
            .filter(active::Column::Name.eq(name))
            .exec(&self.writer)
            .await?;
        Ok(())
    }

    /// The active version of a program.
    pub async fn active_program(&self, name: &str) -> Result<Option<ActiveProgram>, StoreError> {
        let row = active::Entity::find_by_id(name.to_owned()).one(&self.reader).await?;
        row.map(active_of).transpose()
    }

    /// The active versions of all programs, by name.
    pub async fn active_programs(&self) -> Result<Vec<ActiveProgram>, StoreError> {
        let query = active::Entity::find().order_by_asc(active::Column::Name);
        query.all(&self.reader).await?.into_iter().map(active_of).collect()
    }
}

async fn keep<C: ConnectionTrait>(
    connection: &C,
    program: &ProgramVersion,
) -> Result<(), StoreError> {
    let row = version::Model {
        name: program.name.clone(),
        hash: program.hash.clone(),
        files: cells::json(&program.files)?,
        created_at: cells::micros(program.created_at),
    };
    let key = [version::Column::Name, version::Column::Hash];
    version::Entity::insert(version::ActiveModel::from(row))
        .on_conflict_do_nothing_on(key)
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

async fn activate<C: ConnectionTrait>(
    connection: &C,
    program: &ProgramVersion,
) -> Result<(), StoreError> {
    let row = active::Model {
        name: program.name.clone(),
        hash: program.hash.clone(),
        activated_at: cells::micros(program.created_at),
        error: None,
    };
    let mut on_conflict = OnConflict::column(active::Column::Name);
    on_conflict.update_columns([
        active::Column::Hash,
        active::Column::ActivatedAt,
        active::Column::Error,
    ]);
    active::Entity::insert(active::ActiveModel::from(row))
        .on_conflict(on_conflict)
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

fn version_of(row: version::Model) -> Result<ProgramVersion, StoreError> {
    Ok(ProgramVersion {
        name: row.name,
        hash: row.hash,
        files: cells::parse(&row.files)?,
        created_at: cells::time(row.created_at)?,
    })
}

fn active_of(row: active::Model) -> Result<ActiveProgram, StoreError> {
    Ok(ActiveProgram {
        name: row.name,
        hash: row.hash,
        activated_at: cells::time(row.activated_at)?,
        error: cells::parse_of(row.error.as_deref())?,
    })
}

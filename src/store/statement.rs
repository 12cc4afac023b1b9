//! Statements over many rows at once, within what each database takes in one.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, Iterable,
    PrimaryKeyToColumn, QueryFilter, Value,
};

use super::StoreError;

/// Keys in one statement: within SQLite's 32,766 values, and not too long to plan.
pub const KEYS_AT_ONCE: usize = 5_000;

/// Inserts new rows, a statement for as many as the database takes.
pub async fn insert<E, C>(connection: &C, rows: Vec<E::Model>) -> Result<(), StoreError>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    C: ConnectionTrait,
{
    write::<E, C>(connection, rows, None).await
}

/// Inserts rows; a row that is there takes the new values.
pub async fn upsert<E, C>(connection: &C, rows: Vec<E::Model>) -> Result<(), StoreError>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    C: ConnectionTrait,
{
    let values = E::Column::iter().filter(|column| E::PrimaryKey::from_column(*column).is_none());
    let mut on_conflict = on_key::<E>();
    on_conflict.update_columns(values);
    write::<E, C>(connection, rows, Some(on_conflict)).await
}

/// Inserts rows; a row that is there grows by the new values of `sums`.
pub async fn add<E, C>(
    connection: &C,
    rows: Vec<E::Model>,
    sums: &[E::Column],
) -> Result<(), StoreError>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    C: ConnectionTrait,
{
    let mut on_conflict = on_key::<E>();
    for column in sums {
        let more = Expr::col(("excluded", *column));
        on_conflict.value(*column, column.into_expr().add(more));
    }
    write::<E, C>(connection, rows, Some(on_conflict)).await
}

fn on_key<E: EntityTrait>() -> OnConflict {
    OnConflict::columns(E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column))
}

async fn write<E, C>(
    connection: &C,
    mut rows: Vec<E::Model>,
    on_conflict: Option<OnConflict>,
) -> Result<(), StoreError>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    C: ConnectionTrait,
{
    let most = rows_at_once(connection.get_database_backend(), E::Column::iter().count());
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(most));
        let mut statement =
            E::insert_many(rows.into_iter().map(IntoActiveModel::into_active_model));
        if let Some(on_conflict) = &on_conflict {
            statement = statement.on_conflict(on_conflict.clone());
        }
        statement.exec_without_returning(connection).await?;
        rows = rest;
    }
    Ok(())
}

/// How many rows of so many columns fit into one statement.
fn rows_at_once(backend: DbBackend, columns: usize) -> usize {
    let values = match backend {
        DbBackend::Sqlite => 32_766,
        _ => 65_535,
    };
    (values / columns.max(1)).max(1)
}

/// The tenant's rows whose `column` is one of `keys`.
pub async fn find_in<E, C, V>(
    connection: &C,
    tenant: (E::Column, i64),
    column: E::Column,
    keys: &[V],
) -> Result<Vec<E::Model>, StoreError>
where
    E: EntityTrait,
    C: ConnectionTrait,
    V: Into<Value> + Clone,
{
    let mut found = Vec::new();
    for some in keys.chunks(KEYS_AT_ONCE) {
        let rows = E::find().filter(tenant.0.eq(tenant.1)).filter(column.is_in(some.to_vec()));
        found.extend(rows.all(connection).await?);
    }
    Ok(found)
}

/// The tenant's rows that meet a condition made of each part of the keys.
pub async fn find_by<E, C, K>(
    connection: &C,
    tenant: (E::Column, i64),
    keys: &[K],
    condition: impl Fn(&[K]) -> Condition,
) -> Result<Vec<E::Model>, StoreError>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    let mut found = Vec::new();
    for some in keys.chunks(KEYS_AT_ONCE) {
        let rows = E::find().filter(tenant.0.eq(tenant.1)).filter(condition(some));
        found.extend(rows.all(connection).await?);
    }
    Ok(found)
}

/// `(a = 1 AND b IN (...)) OR (a = 2 AND b IN (...))`: keys of several columns, in a form that both
/// databases answer from an index that begins with `prefix`.
pub fn grouped<C: ColumnTrait, const P: usize>(
    prefix: [C; P],
    last: C,
    keys: impl IntoIterator<Item = ([String; P], String)>,
) -> Condition {
    let mut groups: BTreeMap<[String; P], Vec<String>> = BTreeMap::new();
    for (group, key) in keys {
        groups.entry(group).or_default().push(key);
    }
    groups.into_iter().fold(Condition::any(), |any, (group, keys)| {
        let same = (prefix.iter().zip(group))
            .fold(Condition::all(), |all, (column, value)| all.add(column.eq(value)));
        any.add(same.add(last.is_in(keys)))
    })
}

/// A column that is true or false, as a condition that a partial index `WHERE column` serves.
pub fn is_true<C: ColumnTrait>(column: C) -> Condition {
    column.into_expr().into_condition()
}

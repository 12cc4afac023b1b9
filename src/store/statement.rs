//! Statements over many rows at once, within what each database takes in one.

use std::collections::BTreeMap;

use sea_orm::sea_query::{
    Expr, ExprTrait, Func, IntoCondition, OnConflict, SelectStatement, UnionType,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel,
    Iterable, PrimaryKeyToColumn, QueryFilter, QueryTrait, Select, Value,
};

use super::StoreError;

/// Keys in one statement: within SQLite's 32,766 values, and not too long to plan.
pub const KEYS_AT_ONCE: usize = 4_096;

/// Branches in one statement; the keys of all of them stay within SQLite's values too.
const BRANCHES_AT_ONCE: usize = 7;

/// Rows in one statement. More in one save little, and a statement of a length that was not seen
/// before has to be planned: this way there are few lengths.
const ROWS_AT_ONCE: usize = 64;

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
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(ROWS_AT_ONCE));
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

/// Repeats the last key until there are 1, 2, 4, 8, ... of them: few lengths, so that the database
/// has planned the statement before.
fn rounded<V: Clone>(mut keys: Vec<V>) -> Vec<V> {
    if let Some(last) = keys.last().cloned() {
        keys.resize(keys.len().next_power_of_two(), last);
    }
    keys
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
        let rows =
            E::find().filter(tenant.0.eq(tenant.1)).filter(column.is_in(rounded(some.to_vec())));
        found.extend(rows.all(connection).await?);
    }
    Ok(found)
}

/// Rows of a tenant, found by keys of several columns.
pub struct Keyed<E: EntityTrait, const P: usize> {
    /// The tenant's column and number.
    pub tenant: (E::Column, i64),
    /// The columns of which many keys have the same values.
    pub prefix: [E::Column; P],
    /// The column that tells them apart.
    pub last: E::Column,
}

impl<E: EntityTrait, const P: usize> Keyed<E, P> {
    /// The rows of these keys that meet `only`. A branch for each prefix, all in one statement: each
    /// database looks a branch up in the index, and SQLite would not if they were joined by OR.
    pub async fn find<C: ConnectionTrait>(
        &self,
        connection: &C,
        only: &Condition,
        keys: impl IntoIterator<Item = ([String; P], String)>,
    ) -> Result<Vec<E::Model>, StoreError> {
        let mut groups: BTreeMap<[String; P], Vec<String>> = BTreeMap::new();
        for (group, key) in keys {
            groups.entry(group).or_default().push(key);
        }
        let branches: Vec<SelectStatement> = (groups.iter())
            .flat_map(|(group, keys)| keys.chunks(KEYS_AT_ONCE).map(move |some| (group, some)))
            .map(|(group, some)| {
                self.branch(group, some.to_vec()).filter(only.clone()).into_query()
            })
            .collect();
        let mut found = Vec::new();
        for some in branches.chunks(BRANCHES_AT_ONCE) {
            let Some((first, others)) = some.split_first() else { continue };
            let mut statement = first.clone();
            for branch in others {
                statement.union(UnionType::All, branch.clone());
            }
            for row in connection.query_all(&statement).await? {
                found.push(E::Model::from_query_result(&row, "")?);
            }
        }
        Ok(found)
    }

    fn branch(&self, group: &[String; P], keys: Vec<String>) -> Select<E> {
        let rows = E::find().filter(self.tenant.0.eq(self.tenant.1));
        let same = (self.prefix.iter().zip(group))
            .fold(rows, |rows, (column, value)| rows.filter(column.eq(value.as_str())));
        same.filter(self.last.is_in(rounded(keys)))
    }
}

/// A text that is compared row by row, and looked up in no index: where another index leaves little.
pub fn row_by_row(text: Expr) -> Expr {
    Func::coalesce([text, Expr::value("")]).into()
}

/// A column that is true or false, as a condition that a partial index `WHERE column` serves.
pub fn is_true<C: ColumnTrait>(column: C) -> Condition {
    column.into_expr().into_condition()
}

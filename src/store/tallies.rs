//! Running totals.

use std::collections::HashMap;

use sea_orm::EntityTrait;

use super::rows::counting::tally::{Column, Entity};
use super::statement::find_in;
use super::{Database, StoreError};
use crate::domain::records::TallyKey;

impl Database {
    /// One running total; 0 when nothing was added to it yet.
    pub async fn tally(&self, tenant_id: i64, key: &TallyKey) -> Result<i64, StoreError> {
        let key = (tenant_id, key.scope.clone(), key.name.clone());
        let row = Entity::find_by_id(key).one(&self.reader).await?;
        Ok(row.map_or(0, |row| row.value))
    }

    /// The running totals of these scopes (see [`TallyKey`]); those that are missing are 0. Days,
    /// one scope each, are asked for together.
    pub async fn tallies(
        &self,
        tenant_id: i64,
        scopes: &[String],
    ) -> Result<HashMap<TallyKey, i64>, StoreError> {
        let tenant = (Column::TenantId, tenant_id);
        let rows = find_in::<Entity, _, _>(&self.reader, tenant, Column::Scope, scopes).await?;
        let total = |row: super::rows::counting::tally::Model| {
            (TallyKey { scope: row.scope, name: row.name }, row.value)
        };
        Ok(rows.into_iter().map(total).collect())
    }
}

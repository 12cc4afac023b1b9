//! Forgetting old visits through referral codes.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::rows::{cells, code};
use super::{Database, StoreError};
use crate::domain::time::Time;

impl Database {
    /// Deletes visits before a time, about `limit` of them; answers how many. None is left when it
    /// answers 0.
    pub async fn clear_clicks(
        &self,
        tenant_id: i64,
        before: Time,
        limit: u64,
    ) -> Result<u64, StoreError> {
        use code::click::{Column, Entity};

        let oldest: Vec<i64> = Entity::find()
            .select_only()
            .column(Column::At)
            .filter(Column::TenantId.eq(tenant_id))
            .filter(Column::At.lt(cells::micros(before)))
            .order_by_asc(Column::At)
            .limit(limit)
            .into_tuple()
            .all(&self.reader)
            .await?;
        let Some(last) = oldest.last() else { return Ok(0) };
        let deleted = Entity::delete_many()
            .filter(Column::TenantId.eq(tenant_id))
            .filter(Column::At.lte(*last))
            .exec(&self.writer)
            .await?;
        Ok(deleted.rows_affected)
    }
}

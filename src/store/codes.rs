//! Finding referral codes, and clearing old visits through them away.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::rows::{cells, code, records};
use super::{Database, StoreError};
use crate::domain::records::Code;
use crate::domain::time::Time;

impl Database {
    /// Every referral code that a user ever had, the oldest first.
    pub async fn codes_of_user(
        &self,
        tenant_id: i64,
        user_id: &str,
    ) -> Result<Vec<Code>, StoreError> {
        use code::{Column, Entity};

        let rows = Entity::find()
            .filter(Column::TenantId.eq(tenant_id))
            .filter(Column::UserId.eq(user_id))
            .order_by_asc(Column::CreatedAt)
            .all(&self.reader)
            .await?;
        records(rows)
    }

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

//! Finding the users who were erased and are not wholly forgotten yet.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::rows::erasure::{Column, Entity};
use super::{Database, StoreError};

impl Database {
    /// The ids of a tenant's users of whom something personal is left, at most `limit`.
    pub async fn unforgotten(&self, tenant_id: i64, limit: u64) -> Result<Vec<String>, StoreError> {
        Ok(Entity::find()
            .select_only()
            .column(Column::UserId)
            .filter(Column::TenantId.eq(tenant_id))
            .order_by_asc(Column::UserId)
            .limit(limit)
            .into_tuple()
            .all(&self.reader)
            .await?)
    }
}

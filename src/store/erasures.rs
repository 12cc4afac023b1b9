//! Finding the users who were erased and are not wholly forgotten yet.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::rows::erasure::{Column, Entity};
use super::{Database, StoreError};

impl Database {
    /// The ids of a tenant's users of whom something personal is left, in order, at most `limit`;
    /// only those that come after the id `after`.
    pub async fn unforgotten(
        &self,
        tenant_id: i64,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<String>, StoreError> {
        let mut query = Entity::find().filter(Column::TenantId.eq(tenant_id));
        if let Some(after) = after {
            query = query.filter(Column::UserId.gt(after));
        }
        Ok(query
            .select_only()
            .column(Column::UserId)
            .order_by_asc(Column::UserId)
            .limit(limit)
            .into_tuple()
            .all(&self.reader)
            .await?)
    }
}

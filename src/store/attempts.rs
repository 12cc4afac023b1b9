//! Forgetting attempts that no limit looks back on any more.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::rows::{cells, counting};
use super::{Database, StoreError};
use crate::domain::time::Time;

impl Database {
    /// Deletes the attempts of all those whose last one was before a time; answers of how many.
    pub async fn clear_attempts(&self, tenant_id: i64, before: Time) -> Result<u64, StoreError> {
        use counting::attempts::{Column, Entity};

        let deleted = Entity::delete_many()
            .filter(Column::TenantId.eq(tenant_id))
            .filter(Column::LastAt.lt(cells::micros(before)))
            .exec(&self.writer)
            .await?;
        Ok(deleted.rows_affected)
    }
}

//! Deleting what is personal about a user, in small steps.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::LaneTransaction;
use crate::store::rows::counting::fingerprint;
use crate::store::rows::decision::personal as of_sheets;
use crate::store::rows::event::personal as of_events;
use crate::store::{Database, StoreError};

impl Database {
    /// Deletes what is personal about a user from events and fact sheets, at most `limit` of each,
    /// and the fingerprints that the user was seen with; answers how many rows were deleted. Nothing
    /// is left when it answers 0. Each step holds the tenant's lane: a batch that is under way could
    /// otherwise write a fingerprint again.
    pub async fn erase_personal(
        &self,
        tenant_id: i64,
        user_id: &str,
        limit: u64,
    ) -> Result<u64, StoreError> {
        let lane = self.begin_write(tenant_id).await?;
        let deleted = lane.erase_events(user_id, limit).await?
            + lane.erase_sheets(user_id, limit).await?
            + lane.erase_fingerprints(user_id).await?;
        lane.commit().await?;
        Ok(deleted)
    }
}

impl LaneTransaction {
    async fn erase_events(&self, user_id: &str, limit: u64) -> Result<u64, StoreError> {
        use of_events::{Column, Entity};

        let seqs: Vec<i64> = Entity::find()
            .select_only()
            .column(Column::Seq)
            .filter(Column::TenantId.eq(self.tenant_id))
            .filter(Column::UserId.eq(user_id))
            .limit(limit)
            .into_tuple()
            .all(&self.transaction)
            .await?;
        let deleted = Entity::delete_many()
            .filter(Column::TenantId.eq(self.tenant_id))
            .filter(Column::Seq.is_in(seqs))
            .exec(&self.transaction)
            .await?;
        Ok(deleted.rows_affected)
    }

    async fn erase_sheets(&self, user_id: &str, limit: u64) -> Result<u64, StoreError> {
        use of_sheets::{Column, Entity};

        let seqs: Vec<i64> = Entity::find()
            .select_only()
            .column(Column::Seq)
            .filter(Column::TenantId.eq(self.tenant_id))
            .filter(Column::UserId.eq(user_id))
            .limit(limit)
            .into_tuple()
            .all(&self.transaction)
            .await?;
        let deleted = Entity::delete_many()
            .filter(Column::TenantId.eq(self.tenant_id))
            .filter(Column::UserId.eq(user_id))
            .filter(Column::Seq.is_in(seqs))
            .exec(&self.transaction)
            .await?;
        Ok(deleted.rows_affected)
    }

    async fn erase_fingerprints(&self, user_id: &str) -> Result<u64, StoreError> {
        use fingerprint::{Column, Entity};

        let deleted = Entity::delete_many()
            .filter(Column::TenantId.eq(self.tenant_id))
            .filter(Column::UserId.eq(user_id))
            .exec(&self.transaction)
            .await?;
        Ok(deleted.rows_affected)
    }
}

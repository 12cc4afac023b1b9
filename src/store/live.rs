//! What changed since an event, for those who watch.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::listing::{Direction, by_place};
use super::paging::{Page, Rows, Window};
use super::rows::{Row, account, lane, notice};
use super::{Database, StoreError};
use crate::domain::records::{AccountKey, Notice, Position};

impl Database {
    /// The number of a tenant's last event.
    pub async fn last_seq(&self, tenant_id: i64) -> Result<i64, StoreError> {
        let found: Option<i64> = lane::Entity::find()
            .select_only()
            .column(lane::Column::Seq)
            .filter(lane::Column::TenantId.eq(tenant_id))
            .into_tuple()
            .one(&self.reader)
            .await?;
        found.ok_or(StoreError::UnknownTenant(tenant_id))
    }

    /// Accounts that changed in batches after this event, at most `limit`, the earliest first.
    pub async fn accounts_changed_after(
        &self,
        tenant_id: i64,
        seq: i64,
        limit: u64,
    ) -> Result<Vec<AccountKey>, StoreError> {
        use account::Column;

        let found: Vec<(String, String)> = account::Entity::find()
            .select_only()
            .columns([Column::UserId, Column::Unit])
            .filter(Column::TenantId.eq(tenant_id))
            .filter(Column::ChangedSeq.gt(seq))
            .order_by_asc(Column::ChangedSeq)
            .limit(limit)
            .into_tuple()
            .all(&self.reader)
            .await?;
        Ok(found.into_iter().map(|(user_id, unit)| AccountKey { user_id, unit }).collect())
    }

    /// Notices after a place, of everyone or of one user, the oldest first.
    pub async fn notices_after(
        &self,
        tenant_id: i64,
        user_id: Option<&str>,
        after: Position,
        limit: u64,
    ) -> Result<Rows<Notice>, StoreError> {
        use notice::Column;

        let mut query = notice::Entity::find().filter(Column::TenantId.eq(tenant_id));
        if let Some(user_id) = user_id {
            query = query.filter(Column::UserId.eq(user_id));
        }
        let page = Page { window: Window::First(limit), after: Some(after), before: None };
        let place = [Column::Seq, Column::N];
        let rows = by_place(&self.reader, query, place, Direction::OldestFirst, &page).await?;
        rows.try_map(Row::record)
    }
}

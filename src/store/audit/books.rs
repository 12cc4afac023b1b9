//! The books as they are stored, row by row, beside those that were made again.

use futures_util::TryStreamExt as _;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::snapshot::Snapshot;
use crate::domain::records::{ReferrerDay, TallyKey};
use crate::domain::replay::{Booked, Replay};
use crate::store::StoreError;
use crate::store::rows::{
    Row, account, cells, code, counting, decision, lane, lot, notice, promo, purchase, referral,
    transaction, user,
};

impl Snapshot {
    /// Compares every row of the books with what was told, table by table; gives how many rows there
    /// were. What differs is kept by `replay`.
    pub async fn compare_books(&self, replay: &mut Replay) -> Result<u64, StoreError> {
        use counting::{cap_use, once};
        use promo::promo_use;
        use transaction::reversal;

        let mut rows = 0;
        rows += self.table::<user::Entity>(user::Column::TenantId, replay).await?;
        rows += self.table::<account::Entity>(account::Column::TenantId, replay).await?;
        rows += self.table::<lot::Entity>(lot::Column::TenantId, replay).await?;
        rows += self.table::<reversal::Entity>(reversal::Column::TenantId, replay).await?;
        rows += self.table::<referral::Entity>(referral::Column::TenantId, replay).await?;
        rows += self.table::<purchase::Entity>(purchase::Column::TenantId, replay).await?;
        rows += self.table::<code::Entity>(code::Column::TenantId, replay).await?;
        rows += self.table::<cap_use::Entity>(cap_use::Column::TenantId, replay).await?;
        rows += self.table::<once::Entity>(once::Column::TenantId, replay).await?;
        rows += self.table::<decision::Entity>(decision::Column::TenantId, replay).await?;
        rows += self.table::<promo::Entity>(promo::Column::TenantId, replay).await?;
        rows += self.table::<promo_use::Entity>(promo_use::Column::TenantId, replay).await?;
        rows += self.table::<notice::Entity>(notice::Column::TenantId, replay).await?;
        rows += self.totals(replay).await?;
        replay.end_with(&self.lane().await?);
        Ok(rows + 1)
    }

    /// Compares one table, as it comes from the database: no more of it is in memory than a row.
    async fn table<E>(&self, tenant: E::Column, replay: &mut Replay) -> Result<u64, StoreError>
    where
        E: EntityTrait,
        E::Model: Row<Record: Booked>,
    {
        let query = E::find().filter(tenant.eq(self.tenant_id));
        let mut stream = query.stream(&self.transaction).await?;
        let mut rows = 0;
        while let Some(row) = stream.try_next().await? {
            replay.compare(row.record()?);
            rows += 1;
        }
        replay.end::<<E::Model as Row>::Record>();
        Ok(rows)
    }

    async fn totals(&self, replay: &mut Replay) -> Result<u64, StoreError> {
        use counting::{referrer_day, tally};

        let mut rows = 0;
        let query = tally::Entity::find().filter(tally::Column::TenantId.eq(self.tenant_id));
        let mut stream = query.stream(&self.transaction).await?;
        while let Some(row) = stream.try_next().await? {
            replay.compare_tally(&TallyKey { scope: row.scope, name: row.name }, row.value);
            rows += 1;
        }
        drop(stream);
        let settings = lane::settings::Column::TenantId.eq(self.tenant_id);
        let mut stream =
            lane::settings::Entity::find().filter(settings).stream(&self.transaction).await?;
        while let Some(row) = stream.try_next().await? {
            replay.compare_settings(row.version, &cells::parse(&row.settings)?);
            rows += 1;
        }
        drop(stream);
        let days = referrer_day::Column::TenantId.eq(self.tenant_id);
        let mut stream =
            referrer_day::Entity::find().filter(days).stream(&self.transaction).await?;
        while let Some(row) = stream.try_next().await? {
            let stored = ReferrerDay { credited: row.credited, earned: cells::amount(row.earned)? };
            replay.compare_referrer_day(cells::day(&row.day)?, &row.user_id, &stored);
            rows += 1;
        }
        Ok(rows)
    }
}

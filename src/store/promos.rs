//! Finding promotion codes, purchases, referral codes; and clearing old visits away.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::listing::{Direction, by_place};
use super::paging::{Page, Rows};
use super::rows::{Row, cells, code, promo, purchase, records};
use super::statement::find_in;
use super::{Database, StoreError};
use crate::domain::records::{Code, Position, Promo, Purchase};
use crate::domain::time::Time;

impl Database {
    /// The promotion code, as it is compared (see [`Code::matching`]).
    pub async fn promo(&self, tenant_id: i64, matched: &str) -> Result<Option<Promo>, StoreError> {
        let row = promo::Entity::find_by_id((tenant_id, matched.to_owned())).one(&self.reader);
        row.await?.map(Row::record).transpose()
    }

    /// A page of promotion codes, newest first.
    pub async fn promos_page(
        &self,
        tenant_id: i64,
        page: Page<Position>,
    ) -> Result<Rows<Promo>, StoreError> {
        use promo::{Column, Entity};

        let query = Entity::find().filter(Column::TenantId.eq(tenant_id));
        let place = [Column::Seq, Column::N];
        let rows = by_place(&self.reader, query, place, Direction::NewestFirst, &page).await?;
        rows.try_map(Row::record)
    }

    /// Purchases by the payments' own ids, in no order.
    pub async fn purchases_by_ids(
        &self,
        tenant_id: i64,
        ids: &[String],
    ) -> Result<Vec<Purchase>, StoreError> {
        use purchase::{Column, Entity};

        let tenant = (Column::TenantId, tenant_id);
        records(find_in::<Entity, _, _>(&self.reader, tenant, Column::Id, ids).await?)
    }

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

//! Finding promotion codes.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::listing::{Direction, by_place};
use super::paging::{Page, Rows};
use super::rows::{Row, promo};
use super::{Database, StoreError};
use crate::domain::records::{Position, Promo};

impl Database {
    /// The promotion code, as it is compared (see [`crate::domain::records::Code::matching`]).
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
}

//! Finding notices; and the outbox of messages for whoever listens outside.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::listing::{Direction, by_place};
use super::paging::{Page, Rows};
use super::rows::notice::{Column, Entity, emission};
use super::rows::{Row, cells, records};
use super::{Database, StoreError};
use crate::domain::records::{Emission, Notice, Position};
use crate::domain::time::Time;

impl Database {
    /// A page of a user's notices, newest first. With `unread_after` only those that are not read,
    /// where notices of events up to that number count as read ([`crate::domain::records::User`]'s
    /// `read_through`).
    pub async fn notices_page(
        &self,
        tenant_id: i64,
        user_id: &str,
        unread_after: Option<i64>,
        page: Page<Position>,
    ) -> Result<Rows<Notice>, StoreError> {
        let mut query = Entity::find()
            .filter(Column::TenantId.eq(tenant_id))
            .filter(Column::UserId.eq(user_id));
        if let Some(read_through) = unread_after {
            query =
                query.filter(Column::Seq.gt(read_through)).filter(Column::IsRead.into_expr().not());
        }
        let place = [Column::Seq, Column::N];
        let rows = by_place(&self.reader, query, place, Direction::NewestFirst, &page).await?;
        rows.try_map(Row::record)
    }

    /// Messages of a tenant whose next attempt is due, the longest due first.
    pub async fn due_emissions(
        &self,
        tenant_id: i64,
        now: Time,
        limit: u64,
    ) -> Result<Vec<Emission>, StoreError> {
        let rows = emission::Entity::find()
            .filter(emission::Column::TenantId.eq(tenant_id))
            .filter(emission::Column::NextAttemptAt.lte(cells::micros(now)))
            .order_by_asc(emission::Column::NextAttemptAt)
            .limit(limit)
            .all(&self.reader)
            .await?;
        records(rows)
    }

    /// Notes what became of an attempt to deliver a message: delivered at `now`, or to be tried
    /// again at `again`; neither leaves it undelivered for good.
    pub async fn note_attempt(
        &self,
        tenant_id: i64,
        id: Uuid,
        delivered_at: Option<Time>,
        again: Option<Time>,
    ) -> Result<(), StoreError> {
        use emission::Column;

        let attempts = Column::Attempts.into_expr();
        emission::Entity::update_many()
            .col_expr(Column::Attempts, attempts.add(1))
            .col_expr(Column::NextAttemptAt, Expr::value(cells::micros_of(again)))
            .col_expr(Column::DeliveredAt, Expr::value(cells::micros_of(delivered_at)))
            .filter(Column::TenantId.eq(tenant_id))
            .filter(Column::Id.eq(id))
            .exec(&self.writer)
            .await?;
        Ok(())
    }
}

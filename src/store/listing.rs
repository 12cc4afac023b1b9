//! Lists in the tenant's order: pages by place, counts with a cap, times as places.

use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
};

use super::paging::{Count, Page, Rows, Window};
use super::rows::{cells, event};
use super::{Database, StoreError};
use crate::domain::records::Position;
use crate::domain::time::Time;

/// A list's order by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The oldest first.
    OldestFirst,
    /// The newest first.
    NewestFirst,
}

/// A page of a list that is ordered by its places alone; `place` names their two columns.
pub async fn by_place<E: EntityTrait, C: ConnectionTrait>(
    connection: &C,
    query: Select<E>,
    place: [E::Column; 2],
    direction: Direction,
    page: &Page<Position>,
) -> Result<Rows<E::Model>, StoreError> {
    let place = place.map(|column| column.into_expr());
    by_sorting(connection, query, place, direction, page).await
}

/// Such a page, where no index need give the order: of a list of which little is left by then.
pub async fn by_sorting<E: EntityTrait, C: ConnectionTrait>(
    connection: &C,
    query: Select<E>,
    place: [Expr; 2],
    direction: Direction,
    page: &Page<Position>,
) -> Result<Rows<E::Model>, StoreError> {
    Ok(Rows::cut(page, window(connection, query, place, direction, page).await?))
}

/// The rows of such a page and one more, if there is one, from the page's own end on.
pub async fn window<E: EntityTrait, C: ConnectionTrait>(
    connection: &C,
    query: Select<E>,
    place: [Expr; 2],
    direction: Direction,
    page: &Page<Position>,
) -> Result<Vec<E::Model>, StoreError> {
    let query = within(query, &place, direction, page);
    let newest_first = direction == Direction::NewestFirst;
    let from_end = matches!(page.window, Window::Last(_));
    let order = if newest_first == from_end { Order::Asc } else { Order::Desc };
    let [seq, n] = place;
    let query = query.order_by(seq, order.clone()).order_by(n, order);
    Ok(query.limit(page.window.size() + 1).all(connection).await?)
}

/// Only the rows between those that the page names.
pub fn within<E: EntityTrait>(
    mut query: Select<E>,
    place: &[Expr; 2],
    direction: Direction,
    page: &Page<Position>,
) -> Select<E> {
    let newest_first = direction == Direction::NewestFirst;
    if let Some(after) = page.after {
        query = query.filter(beyond(place, after, newest_first));
    }
    if let Some(before) = page.before {
        query = query.filter(beyond(place, before, !newest_first));
    }
    query
}

/// Places below (`older`) or above a place, in a form that an index answers by itself.
fn beyond(place: &[Expr; 2], than: Position, older: bool) -> Expr {
    let columns = Expr::tuple(place.clone());
    let values = Expr::tuple([Expr::value(than.seq), Expr::value(than.n)]);
    if older { columns.lt(values) } else { columns.gt(values) }
}

/// Counts rows, but not beyond [`Count::CAP`]; `column` is any that is never NULL.
pub async fn count_capped<E: EntityTrait, C: ConnectionTrait>(
    connection: &C,
    query: Select<E>,
    column: E::Column,
) -> Result<Count, StoreError> {
    count_rows(connection, query.select_only().column(column).into_query()).await
}

/// Counts what a statement finds, but not beyond [`Count::CAP`].
pub async fn count_rows<C: ConnectionTrait>(
    connection: &C,
    mut found: SelectStatement,
) -> Result<Count, StoreError> {
    found.limit(Count::CAP + 1);
    let statement =
        Query::select().expr(Expr::cust("COUNT(*)")).from_subquery(found, "rows").take();
    let total = match connection.query_one(&statement).await? {
        Some(row) => row.try_get_by_index(0)?,
        None => 0,
    };
    let cap = i64::try_from(Count::CAP).unwrap_or(i64::MAX);
    Ok(if total > cap { Count { total: cap, capped: true } } else { Count::exact(total) })
}

/// A stretch of time, as the numbers of the events in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seqs {
    from: Option<i64>,
    to: Option<i64>,
}

impl Seqs {
    /// Only rows of events in this stretch.
    pub fn apply<E: EntityTrait>(self, query: Select<E>, seq: E::Column) -> Select<E> {
        self.apply_to(query, seq.into_expr())
    }

    /// Only rows whose event's number, as this expression gives it, is in this stretch.
    pub fn apply_to<E: EntityTrait>(self, mut query: Select<E>, seq: Expr) -> Select<E> {
        if let Some(from) = self.from {
            query = query.filter(seq.clone().gte(from));
        }
        if let Some(to) = self.to {
            query = query.filter(seq.lt(to));
        }
        query
    }
}

impl Database {
    /// The events of a stretch of time, `from` in it and `to` not. The lane's time never goes back,
    /// so a time is a place in the tenant's order.
    pub(super) async fn seqs_between(
        &self,
        tenant_id: i64,
        from: Option<Time>,
        to: Option<Time>,
    ) -> Result<Seqs, StoreError> {
        let mut seqs = Seqs::default();
        if let Some(from) = from {
            seqs.from = Some(self.first_seq_at(tenant_id, from).await?);
        }
        if let Some(to) = to {
            seqs.to = Some(self.first_seq_at(tenant_id, to).await?);
        }
        Ok(seqs)
    }

    /// The number of the first event at `time` or later; beyond every number when there is none.
    async fn first_seq_at(&self, tenant_id: i64, time: Time) -> Result<i64, StoreError> {
        let found: Option<i64> = event::Entity::find()
            .select_only()
            .column(event::Column::Seq)
            .filter(event::Column::TenantId.eq(tenant_id))
            .filter(event::Column::At.gte(cells::micros(time)))
            .order_by_asc(event::Column::At)
            .order_by_asc(event::Column::Seq)
            .limit(1)
            .into_tuple()
            .one(&self.reader)
            .await?;
        Ok(found.unwrap_or(i64::MAX))
    }
}

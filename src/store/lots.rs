//! Finding lots, and rewards, which are lots seen from the program.

use std::collections::HashSet;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use super::listing::{Direction, by_place, window, within};
use super::paging::{Page, Rows};
use super::rows::lot::{Column, Entity};
use super::rows::words::Word;
use super::rows::{Row, cells, records};
use super::statement::{Keyed, find_in, is_true, row_by_row};
use super::{Database, StoreError};
use crate::domain::records::{AccountKey, Kind, Lot, Position, Status};
use crate::domain::time::Time;

/// Which rewards; what is left out does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RewardFilter {
    /// Only this user's.
    pub user_id: Option<String>,
    /// Only of this kind.
    pub kind: Option<Kind>,
}

/// Rewards that have a status at some time, or might have it.
#[derive(Debug, Clone, PartialEq)]
pub struct RewardsOfStatus {
    /// Those of which it is known: at most one more than a page takes, from the page's own end on.
    pub kept: Vec<Lot>,
    /// All that began or ended by then and were not saved since, whatever their status, in no order.
    /// They are few, as the sweep saves them anew.
    pub due: Vec<Lot>,
}

impl Database {
    /// Lots by their ids, in no order.
    pub async fn lots_by_ids(&self, tenant_id: i64, ids: &[Uuid]) -> Result<Vec<Lot>, StoreError> {
        let tenant = (Column::TenantId, tenant_id);
        records(find_in::<Entity, _, _>(&self.reader, tenant, Column::Id, ids).await?)
    }

    /// The open lots of these accounts (held or booked, with something left), in no order.
    pub async fn open_lots(
        &self,
        tenant_id: i64,
        accounts: &[AccountKey],
    ) -> Result<Vec<Lot>, StoreError> {
        open(&self.reader, tenant_id, accounts).await
    }

    /// What an account can spend at `now`, in the order in which it will be spent.
    pub async fn usable_lots(
        &self,
        tenant_id: i64,
        account: &AccountKey,
        now: Time,
        limit: u64,
    ) -> Result<Vec<Lot>, StoreError> {
        let now = cells::micros(now);
        let rows = Entity::find()
            .filter(Column::TenantId.eq(tenant_id))
            .filter(Column::UserId.eq(account.user_id.as_str()))
            .filter(Column::Unit.eq(account.unit.as_str()))
            .filter(is_true(Column::IsOpen))
            .filter(Column::AvailableFrom.lte(now))
            .filter(Column::Ends.gt(now))
            .order_by_asc(Column::Priority)
            .order_by_asc(Column::Ends)
            .order_by_asc(Column::Seq)
            .order_by_asc(Column::N)
            .limit(limit)
            .all(&self.reader)
            .await?;
        records(rows)
    }

    /// The rewards of these referrals, in the ledger's order.
    pub async fn lots_by_referrals(
        &self,
        tenant_id: i64,
        referrals: &[Uuid],
    ) -> Result<Vec<Lot>, StoreError> {
        let tenant = (Column::TenantId, tenant_id);
        let column = Column::ReferralId;
        let mut rows = find_in::<Entity, _, _>(&self.reader, tenant, column, referrals).await?;
        rows.sort_unstable_by_key(|row| (row.seq, row.n));
        records(rows)
    }

    /// A page of rewards, newest first.
    pub async fn rewards_page(
        &self,
        tenant_id: i64,
        filter: &RewardFilter,
        page: Page<Position>,
    ) -> Result<Rows<Lot>, StoreError> {
        let query = rewards_where(tenant_id, filter, |text| text);
        let place = [Column::Seq, Column::N];
        let rows = by_place(&self.reader, query, place, Direction::NewestFirst, &page).await?;
        rows.try_map(Row::record)
    }

    /// What a page of the rewards of a status at `now` is cut from.
    pub async fn rewards_of_status(
        &self,
        tenant_id: i64,
        filter: &RewardFilter,
        (status, now): (Status, Time),
        page: &Page<Position>,
    ) -> Result<RewardsOfStatus, StoreError> {
        let (at, newest) = (cells::micros(now), Direction::NewestFirst);
        // A database might rather read every lot in order than who is due.
        let place = [Column::Seq.into_expr().add(0), Column::N.into_expr()];
        // Their own index leaves so few that no other is wanted.
        let due = rewards_where(tenant_id, filter, row_by_row).filter(Column::DueAt.lte(at));
        let due = within(due, &place, newest, page).all(&self.reader).await?;
        let kept = rewards_where(tenant_id, filter, |text| text)
            .filter(Column::Status.eq(status.word()))
            .filter(Column::DueAt.is_null().or(Column::DueAt.gt(at)));
        let place = [Column::Seq.into_expr(), Column::N.into_expr()];
        let kept = window(&self.reader, kept, place, newest, page).await?;
        // One that was saved anew between the two looks is no longer due.
        let settled: HashSet<Uuid> = kept.iter().map(|row| row.id).collect();
        let due = due.into_iter().filter(|row| !settled.contains(&row.id)).collect();
        Ok(RewardsOfStatus { kept: records(kept)?, due: records(due)? })
    }

    /// Rewards without an account that began or ended since their rows were saved, the longest due
    /// first.
    pub async fn due_rewards(
        &self,
        tenant_id: i64,
        now: Time,
        limit: u64,
    ) -> Result<Vec<Uuid>, StoreError> {
        Ok(Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::TenantId.eq(tenant_id))
            .filter(Column::DueAt.lte(cells::micros(now)))
            .filter(Column::IsOpen.into_expr().not())
            .order_by_asc(Column::DueAt)
            .limit(limit)
            .into_tuple()
            .all(&self.reader)
            .await?)
    }
}

/// The open lots of these accounts, in no order.
pub(super) async fn open<C: ConnectionTrait>(
    connection: &C,
    tenant_id: i64,
    accounts: &[AccountKey],
) -> Result<Vec<Lot>, StoreError> {
    let keyed = Keyed::<Entity, _> {
        tenant: (Column::TenantId, tenant_id),
        prefix: [Column::Unit],
        last: Column::UserId,
    };
    let keys = accounts.iter().map(|key| ([key.unit.clone()], key.user_id.clone()));
    records(keyed.find(connection, &is_true(Column::IsOpen), keys).await?)
}

fn rewards_where(
    tenant_id: i64,
    filter: &RewardFilter,
    compared: fn(Expr) -> Expr,
) -> Select<Entity> {
    let mut query = Entity::find().filter(Column::TenantId.eq(tenant_id));
    if let Some(user_id) = &filter.user_id {
        query = query.filter(compared(Column::UserId.into_expr()).eq(user_id.as_str()));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(compared(Column::Kind.into_expr()).eq(kind.word()));
    }
    query
}

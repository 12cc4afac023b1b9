//! Finding lots, and rewards, which are lots seen from the program.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};
use uuid::Uuid;

use super::listing::{Direction, by_place, window};
use super::paging::{Page, Rows, Window};
use super::rows::lot::{Column, Entity};
use super::rows::words::Word;
use super::rows::{Row, cells, records};
use super::statement::{Keyed, find_in, is_true};
use super::{Database, StoreError};
use crate::domain::records::{AccountKey, Kind, Lot, LotState, Position, Status};
use crate::domain::time::Time;

/// Which rewards; what is left out does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RewardFilter {
    /// Only this user's.
    pub user_id: Option<String>,
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only of this status at this time.
    pub status: Option<(Status, Time)>,
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
        let query = rewards_where(tenant_id, filter);
        if let Some((status, now)) = filter.status {
            return self.rewards_of_status(query, (status, now), page).await;
        }
        let place = [Column::Seq, Column::N];
        let rows = by_place(&self.reader, query, place, Direction::NewestFirst, &page).await?;
        rows.try_map(Row::record)
    }

    /// Those of a status: of a row that is not due yet it is the kept one, of one that is due by now
    /// it follows from the row. Few are due, as the sweep saves them anew.
    async fn rewards_of_status(
        &self,
        query: Select<Entity>,
        (status, now): (Status, Time),
        page: Page<Position>,
    ) -> Result<Rows<Lot>, StoreError> {
        let at = cells::micros(now);
        let kept = (query.clone())
            .filter(Column::Status.eq(status.word()))
            .filter(Column::DueAt.is_null().or(Column::DueAt.gt(at)));
        let due = query.filter(Column::DueAt.lte(at)).filter(has_status(status, now));
        let (reader, newest) = (&self.reader, Direction::NewestFirst);
        let place = [Column::Seq.into_expr(), Column::N.into_expr()];
        let mut found = window(reader, kept, place, newest, &page).await?;
        // Who is due is sorted: a database might rather read every lot in order.
        let place = [Column::Seq.into_expr().add(0), Column::N.into_expr()];
        found.extend(window(reader, due, place, newest, &page).await?);
        found.sort_unstable_by_key(|row| (row.seq, row.n));
        if matches!(page.window, Window::First(_)) {
            found.reverse();
        }
        Rows::cut(&page, found).try_map(Row::record)
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

/// Without the status, which is told in another way.
fn rewards_where(tenant_id: i64, filter: &RewardFilter) -> Select<Entity> {
    let mut query = Entity::find().filter(Column::TenantId.eq(tenant_id));
    if let Some(user_id) = &filter.user_id {
        query = query.filter(Column::UserId.eq(user_id.as_str()));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(Column::Kind.eq(kind.word()));
    }
    query
}

/// [`Lot::status_at`] as a condition on the row.
fn has_status(status: Status, now: Time) -> Condition {
    let now = cells::micros(now);
    let is = |kind: Kind| Column::Kind.eq(kind.word());
    let state = |state: LotState| Column::State.eq(state.word());
    let live = || state(LotState::Held).or(state(LotState::Booked));
    let of_account = || is(Kind::Credit).or(is(Kind::Quota));
    let begun = || Column::AvailableFrom.lte(now);
    // Never NULL, so that it can be negated.
    let ended = || Column::ExpiresAt.is_not_null().and(Column::ExpiresAt.lte(now));
    let some_left = || Column::Remaining.gt(0);
    let paid = || is(Kind::StripeBalance).and(state(LotState::Booked));
    let any: Expr = match status {
        Status::Cancelled => return Condition::all().add(state(LotState::Cancelled)),
        Status::Failed => return Condition::all().add(state(LotState::Failed)),
        Status::Pending => {
            let waits = Column::AvailableFrom.gt(now).or(is(Kind::StripeBalance));
            paid().not().and(waits)
        }
        Status::Active => {
            let usable = is(Kind::Feature).or(of_account().and(some_left()));
            begun().and(ended().not()).and(usable)
        }
        Status::Expired => {
            let left = some_left().and(ended());
            let lost = some_left().not().and(Column::Expired.gt(0));
            let over = is(Kind::Feature).and(ended()).or(of_account().and(left.or(lost)));
            begun().and(over)
        }
        Status::Redeemed => {
            let used_up = some_left().not().and(Column::Expired.lte(0));
            paid().or(begun().and(of_account()).and(used_up))
        }
    };
    Condition::all().add(live()).add(any)
}

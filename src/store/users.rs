//! Finding users.

use sea_orm::sea_query::{Expr, ExprTrait, Func, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, Order,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, RelationDef, Select,
};

use super::listing::{Direction, by_place, by_sorting, count_capped};
use super::paging::{Count, Page, Rows, Window};
use super::rows::user::{self, Column, Entity};
use super::rows::{Row, account, records};
use super::statement::find_in;
use super::{Database, StoreError};
use crate::domain::amount::Amount;
use crate::domain::records::{Position, User};
use crate::domain::time::Time;

/// Which users; partners are never among them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserFilter {
    /// The beginning of the id, the name or the e-mail address, without regard to case.
    pub search: Option<String>,
    /// Only with at least this balance in `unit`, as of the last sweep.
    pub min_balance: Option<Amount>,
    /// The unit in which balances are compared.
    pub unit: String,
    /// Only those who signed up at this time or later.
    pub created_from: Option<Time>,
    /// Only those who signed up before this time.
    pub created_to: Option<Time>,
}

impl UserFilter {
    /// Does it let everyone through?
    fn is_open(&self) -> bool {
        self.search.is_none()
            && self.min_balance.is_none()
            && self.created_from.is_none()
            && self.created_to.is_none()
    }

    /// Does it let only those through who have an account? Nobody without one has anything.
    fn needs_account(&self) -> bool {
        self.min_balance.is_some_and(Amount::is_positive)
    }
}

/// In which order users are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserOrder {
    /// The latest sign-up first.
    NewestFirst,
    /// The earliest sign-up first.
    OldestFirst,
    /// The greatest balance first; at the same balance the latest sign-up.
    BalanceFirst,
    /// The most earned first; at the same amount the latest sign-up.
    EarnedFirst,
}

/// A user's place in a list: the amount that the list goes by (0 where it goes by sign-up alone),
/// then the sign-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserPlace {
    /// The balance, or what was earned.
    pub amount: i64,
    /// The place of the sign-up.
    pub created: Position,
}

impl Database {
    /// Users by their ids, in no order; partners too.
    pub async fn users_by_ids(
        &self,
        tenant_id: i64,
        ids: &[String],
    ) -> Result<Vec<User>, StoreError> {
        let tenant = (Column::TenantId, tenant_id);
        records(find_in::<Entity, _, _>(&self.reader, tenant, Column::Id, ids).await?)
    }

    /// A page of users, each with its place in the list.
    pub async fn users_page(
        &self,
        tenant_id: i64,
        filter: &UserFilter,
        order: UserOrder,
        page: Page<UserPlace>,
    ) -> Result<Rows<(User, UserPlace)>, StoreError> {
        let query = self.users_where(tenant_id, filter).await?;
        let (direction, amount) = match order {
            UserOrder::NewestFirst => (Direction::NewestFirst, None),
            UserOrder::OldestFirst => (Direction::OldestFirst, None),
            UserOrder::BalanceFirst => (Direction::NewestFirst, Some(account::Column::Balance)),
            UserOrder::EarnedFirst => (Direction::NewestFirst, Some(account::Column::Earned)),
        };
        if let Some(column) = amount {
            let joined = if filter.min_balance.is_some() {
                query
            } else {
                query.join(JoinType::LeftJoin, account_in(tenant_id, filter.unit.clone()))
            };
            let amount = if filter.needs_account() { column.into_expr() } else { or_zero(column) };
            return by_amount(&self.reader, joined, amount, &page).await;
        }
        let created = Page {
            window: page.window,
            after: page.after.map(|place| place.created),
            before: page.before.map(|place| place.created),
        };
        let rows = if filter.search.is_some() {
            // Who was found is sorted: SQLite would rather read everyone in order.
            let place = [Column::Seq.into_expr().add(0), Column::N.into_expr()];
            by_sorting(&self.reader, query, place, direction, &created).await?
        } else {
            let place = [Column::Seq, Column::N];
            by_place(&self.reader, query, place, direction, &created).await?
        };
        rows.try_map(|row| placed(row, 0))
    }

    /// How many users: exact without a filter.
    pub async fn count_users(
        &self,
        tenant_id: i64,
        filter: &UserFilter,
    ) -> Result<Count, StoreError> {
        if filter.is_open() {
            return Ok(Count::exact(self.lane(tenant_id).await?.users));
        }
        let query = self.users_where(tenant_id, filter).await?;
        count_capped(&self.reader, query, Column::Seq).await
    }

    /// The users that a filter lets through; beside the account in the filter's unit, if any, when
    /// the filter asks for a balance.
    async fn users_where(
        &self,
        tenant_id: i64,
        filter: &UserFilter,
    ) -> Result<Select<Entity>, StoreError> {
        let seqs = self.seqs_between(tenant_id, filter.created_from, filter.created_to).await?;
        let mut query =
            Entity::find().filter(Column::TenantId.eq(tenant_id)).filter(Column::Number.gt(0));
        if let Some(search) = &filter.search {
            let found = beginning_with(tenant_id, &user::searchable(search));
            query = query.filter(Column::Id.in_subquery(found));
        }
        if let Some(least) = filter.min_balance {
            let balance = account::Column::Balance;
            let balance =
                if filter.needs_account() { balance.into_expr() } else { or_zero(balance) };
            query = query
                .join(JoinType::LeftJoin, account_in(tenant_id, filter.unit.clone()))
                .filter(balance.gte(least.get()));
        }
        Ok(seqs.apply(query, Column::Seq))
    }
}

/// The join of a user with the account in one unit.
fn account_in(tenant_id: i64, unit: String) -> RelationDef {
    let mut relation: RelationDef = Entity::belongs_to(account::Entity)
        .from((Column::TenantId, Column::Id))
        .to((account::Column::TenantId, account::Column::UserId))
        .into();
    relation = relation.on_condition(move |_user, account| {
        Condition::all()
            .add(Expr::col((account.clone(), account::Column::TenantId)).eq(tenant_id))
            .add(Expr::col((account, account::Column::Unit)).eq(unit.clone()))
    });
    relation
}

/// An amount of the account, 0 where there is no account.
fn or_zero(column: account::Column) -> Expr {
    Func::coalesce([column.into_expr(), Expr::value(0_i64)]).into()
}

/// The ids of users of whom a text begins so, each text looked up in its own index.
fn beginning_with(tenant_id: i64, prefix: &str) -> SelectStatement {
    let beyond = format!("{prefix}{}", char::MAX);
    let found = |column: Column| {
        Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::TenantId.eq(tenant_id))
            .filter(column.gte(prefix))
            .filter(column.lt(beyond.as_str()))
            .into_query()
    };
    let mut ids = found(Column::IdSearch);
    ids.union(UnionType::Distinct, found(Column::NameSearch));
    ids.union(UnionType::Distinct, found(Column::EmailSearch));
    ids
}

fn placed(row: user::Model, amount: i64) -> Result<(User, UserPlace), StoreError> {
    let user = row.record()?;
    let place = UserPlace { amount, created: user.created };
    Ok((user, place))
}

/// A page of users by an amount of their account, the greatest first.
async fn by_amount<C: ConnectionTrait>(
    connection: &C,
    mut query: Select<Entity>,
    amount: Expr,
    page: &Page<UserPlace>,
) -> Result<Rows<(User, UserPlace)>, StoreError> {
    let key = [amount.clone(), Column::Seq.into_expr(), Column::N.into_expr()];
    let value = |place: UserPlace| {
        let UserPlace { amount, created } = place;
        Expr::tuple([Expr::value(amount), Expr::value(created.seq), Expr::value(created.n)])
    };
    if let Some(after) = page.after {
        // The first comparison follows from the second, and is one that an index answers.
        query = query
            .filter(amount.clone().lte(after.amount))
            .filter(Expr::tuple(key.clone()).lt(value(after)));
    }
    if let Some(before) = page.before {
        query = query
            .filter(amount.clone().gte(before.amount))
            .filter(Expr::tuple(key.clone()).gt(value(before)));
    }
    let order = match page.window {
        Window::First(_) => Order::Desc,
        Window::Last(_) => Order::Asc,
    };
    for part in key {
        query = query.order_by(part, order.clone());
    }
    let query = query.expr_as(amount, "place_amount").limit(page.window.size() + 1);
    let statement = query.into_query();
    let mut found = Vec::new();
    for row in connection.query_all(&statement).await? {
        let amount: i64 = row.try_get("", "place_amount")?;
        found.push((user::Model::from_query_result(&row, "")?, amount));
    }
    Rows::cut(page, found).try_map(|(row, amount)| placed(row, amount))
}

//! Which users, and how they are looked for.
//!
//! An index answers one question: who comes next in an order, or who matches. A page that asks both
//! at once first looks whether those who match are few. Few are read and sorted; else the list is
//! gone through in its order, and those who match are soon met.

use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, RelationDef, Select,
};

use super::search::{Beginning, TEXTS, begins_with, texts};
use crate::domain::amount::Amount;
use crate::domain::time::Time;
use crate::store::listing::Seqs;
use crate::store::rows::user::{Column, Entity, searchable};
use crate::store::rows::user_text::kept;
use crate::store::rows::{account, user_text};
use crate::store::{Database, StoreError};

/// So many are few; in tests so few that both ways are gone.
const FEW: u64 = if cfg!(test) { 4 } else { 500 };

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

/// What a list goes by: the part of a filter that its own index answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Along {
    SignUp,
    Balance,
    Earned,
}

/// Those who match, as a query that has no order yet.
pub(super) struct Matching {
    pub query: Select<Entity>,
    /// Are they few, and named one by one?
    pub few: bool,
}

impl UserFilter {
    /// Does it let everyone through?
    pub(super) fn is_open(&self) -> bool {
        *self == Self { unit: self.unit.clone(), ..Self::default() }
    }

    /// The text that it searches for, where that and the time of sign-up are all that it asks for.
    pub(super) fn only_search(&self) -> Option<Beginning> {
        let search = self.search.as_deref().filter(|_| self.min_balance.is_none());
        search.and_then(Beginning::of)
    }

    /// Does it let only those through who have an account? Nobody without one has anything.
    pub(super) fn needs_account(&self) -> bool {
        self.min_balance.is_some_and(Amount::is_positive)
    }
}

impl Database {
    /// Those whom a filter lets through. What `along` answers is left to the list: a range of its
    /// index.
    pub(super) async fn users_matching(
        &self,
        tenant_id: i64,
        filter: &UserFilter,
        along: Along,
    ) -> Result<Matching, StoreError> {
        let seqs = self.seqs_between(tenant_id, filter.created_from, filter.created_to).await?;
        let mut query = everyone(tenant_id);
        if let Some(search) = &filter.search {
            query = query.filter(begins(&searchable(search)));
        }
        if let Some(least) = filter.min_balance.filter(|_| along != Along::Balance) {
            query = query.filter(balance_of(tenant_id, &filter.unit).gte(least.get()));
        }
        let few = self.few(tenant_id, filter, (along, seqs)).await?;
        query = match along {
            Along::SignUp => seqs.apply(query, Column::Seq),
            Along::Balance | Along::Earned => seqs.apply_to(query, Column::Seq.into_expr().add(0)),
        };
        if let Some(ids) = &few {
            query = query.filter(Column::Id.is_in(ids));
        }
        Ok(Matching { query, few: few.is_some() })
    }

    /// The ids of those who match a part of the filter that the list's index does not answer, when
    /// they are few.
    async fn few(
        &self,
        tenant_id: i64,
        filter: &UserFilter,
        (along, seqs): (Along, Seqs),
    ) -> Result<Option<Vec<String>>, StoreError> {
        let mut probes = Vec::new();
        if let Some(search) = &filter.search {
            probes.push(found(tenant_id, search));
        }
        if let Some(least) = filter.min_balance
            && filter.needs_account()
            && along != Along::Balance
        {
            probes.push(rich(tenant_id, &filter.unit, least));
        }
        if along != Along::SignUp && seqs != Seqs::default() {
            probes.push(signed_up(tenant_id, seqs));
        }
        for probe in probes {
            let rows = self.reader.query_all(&probe).await?;
            if rows.len() as u64 <= FEW {
                let id = |row: &sea_orm::QueryResult| row.try_get_by_index(0);
                return Ok(Some(rows.iter().map(id).collect::<Result<_, _>>()?));
            }
        }
        Ok(None)
    }
}

/// All users, partners not among them.
pub(super) fn everyone(tenant_id: i64) -> Select<Entity> {
    // Written out, so that it is the condition of the partial index.
    let signed_up = Column::Number.into_expr().gt(Expr::cust("0"));
    Entity::find().filter(Column::TenantId.eq(tenant_id)).filter(signed_up)
}

/// The join of a user with the account in one unit.
pub(super) fn account_in(tenant_id: i64, unit: &str) -> RelationDef {
    let unit = unit.to_owned();
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

/// Users with their account in one unit; only those who have one.
pub(super) fn with_account(query: Select<Entity>, tenant_id: i64, unit: &str) -> Select<Entity> {
    query
        .join(JoinType::InnerJoin, account_in(tenant_id, unit))
        .filter(account::Column::TenantId.eq(tenant_id))
        .filter(account::Column::Unit.eq(unit))
}

/// The user's account in one unit, as a subquery.
pub(super) fn own_account(tenant_id: i64, unit: &str) -> SelectStatement {
    let users = Expr::col((Entity, Column::Id));
    account::Entity::find()
        .select_only()
        .column(account::Column::Balance)
        .filter(account::Column::TenantId.eq(tenant_id))
        .filter(account::Column::Unit.eq(unit))
        .filter(account::Column::UserId.into_expr().eq(users))
        .into_query()
}

/// The user's balance, 0 without an account; looked up user by user.
pub(super) fn balance_of(tenant_id: i64, unit: &str) -> Expr {
    let balance = Expr::from(own_account(tenant_id, unit));
    Func::coalesce([balance, Expr::value(0_i64)]).into()
}

/// Does a text of the user begin so? Compared user by user: no index is tempted.
pub(super) fn begins(beginning: &str) -> Condition {
    [Column::IdSearch, Column::NameSearch, Column::EmailSearch]
        .into_iter()
        .fold(Condition::any(), |any, column| any.add(begins_with(column, beginning)))
}

/// The ids of some of whom a text begins so, or as much of it as is kept.
fn found(tenant_id: i64, search: &str) -> SelectStatement {
    let some = texts(tenant_id, &kept(search))
        .select_only()
        .column(user_text::Column::UserId)
        .order_by_asc(user_text::Column::Text)
        .limit(TEXTS * FEW + 1)
        .into_query();
    let id = user_text::Column::UserId;
    Query::select().distinct().column(id).from_subquery(some, "some").take()
}

/// The ids of some who have at least this much.
fn rich(tenant_id: i64, unit: &str, least: Amount) -> SelectStatement {
    account::Entity::find()
        .select_only()
        .column(account::Column::UserId)
        .filter(account::Column::TenantId.eq(tenant_id))
        .filter(account::Column::Unit.eq(unit))
        .filter(account::Column::Balance.gte(least.get()))
        .order_by_asc(account::Column::Balance)
        .limit(FEW + 1)
        .into_query()
}

/// The ids of some who signed up in this stretch of time.
fn signed_up(tenant_id: i64, seqs: Seqs) -> SelectStatement {
    seqs.apply(everyone(tenant_id), Column::Seq)
        .select_only()
        .column(Column::Id)
        .order_by_asc(Column::Seq)
        .limit(FEW + 1)
        .into_query()
}

//! Users by an amount of their account in one unit, the greatest first.
//!
//! The list has three parts, each read in the order of an index: those whose account holds nothing or
//! more, those who have no account (which is an account of zero), and those who owe. Among equals the
//! id decides.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
};

use super::filter::{Along, Matching, UserFilter, own_account, with_account};
use crate::domain::records::{TallyKey, User};
use crate::store::paging::{Page, Rows, Window};
use crate::store::rows::user::{Column, Entity, Model};
use crate::store::rows::{Row, account};
use crate::store::{Database, StoreError};

/// By which amount of their account users are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ranking {
    /// What they have.
    Balance,
    /// What they ever earned.
    Earned,
}

/// A user's place in the ranking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The balance, or what was earned; 0 without an account.
    pub amount: i64,
    /// Is there an account?
    pub has_account: bool,
    /// Who.
    pub user_id: String,
}

/// A part of the list, from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Holding,
    WithoutAccount,
    Owing,
}

impl Standing {
    const fn part(&self) -> Part {
        match (self.has_account, self.amount) {
            (false, _) => Part::WithoutAccount,
            (true, 0..) => Part::Holding,
            (true, _) => Part::Owing,
        }
    }
}

impl Database {
    /// A page of users by an amount, each with its place in the list.
    pub async fn users_by_amount(
        &self,
        tenant_id: i64,
        filter: &UserFilter,
        ranking: Ranking,
        page: Page<Standing>,
    ) -> Result<Rows<(User, Standing)>, StoreError> {
        let along = match ranking {
            Ranking::Balance => Along::Balance,
            Ranking::Earned => Along::Earned,
        };
        let matching = self.users_matching(tenant_id, filter, along).await?;
        let list = List { tenant_id, filter, ranking, matching, page: &page };
        let mut found = Vec::new();
        for part in list.parts() {
            let left = (page.window.size() + 1).saturating_sub(found.len() as u64);
            let none_left = left == 0
                || part == Part::WithoutAccount
                    && self.all_have_account(tenant_id, &filter.unit).await?;
            if !none_left {
                found.extend(list.read(&self.reader, part, left).await?);
            }
        }
        Rows::cut(&page, found).try_map(|(row, standing)| Ok((row.record()?, standing)))
    }

    /// Has every user an account in this unit, as almost always? Then nobody is looked through for
    /// those who have none.
    async fn all_have_account(&self, tenant_id: i64, unit: &str) -> Result<bool, StoreError> {
        let accounts = self.tally(tenant_id, &TallyKey::accounts(unit)).await?;
        // The users, of whom there are ever more, are read last: else somebody new might be missed.
        Ok(accounts == self.lane(tenant_id).await?.users)
    }
}

struct List<'a> {
    tenant_id: i64,
    filter: &'a UserFilter,
    ranking: Ranking,
    matching: Matching,
    page: &'a Page<Standing>,
}

impl List<'_> {
    /// The parts in which the page can lie, from its own end on.
    fn parts(&self) -> Vec<Part> {
        let Page { after, before, .. } = self.page;
        let mut parts = vec![Part::Holding, Part::WithoutAccount, Part::Owing];
        parts.retain(|part| {
            after.as_ref().is_none_or(|after| after.part() <= *part)
                && before.as_ref().is_none_or(|before| before.part() >= *part)
                && (*part != Part::WithoutAccount || !self.filter.needs_account())
        });
        if self.is_from_end() {
            parts.reverse();
        }
        parts
    }

    const fn is_from_end(&self) -> bool {
        matches!(self.page.window, Window::Last(_))
    }

    async fn read<C: ConnectionTrait>(
        &self,
        connection: &C,
        part: Part,
        limit: u64,
    ) -> Result<Vec<(Model, Standing)>, StoreError> {
        let has_account = part != Part::WithoutAccount;
        let query = if has_account { self.with_account(part) } else { self.without_account() };
        let statement = query.limit(limit).into_query();
        let mut found = Vec::new();
        for row in connection.query_all(&statement).await? {
            let amount = row.try_get("", "ranked_amount")?;
            let row = Model::from_query_result(&row, "")?;
            let standing = Standing { amount, has_account, user_id: row.id.clone() };
            found.push((row, standing));
        }
        Ok(found)
    }

    /// Those of a part who have an account.
    fn with_account(&self, part: Part) -> Select<Entity> {
        let column = match self.ranking {
            Ranking::Balance => account::Column::Balance,
            Ranking::Earned => account::Column::Earned,
        };
        // Of few the index need not give the order: a database might rather read everyone by it.
        let amount = column.into_expr();
        let amount = if self.matching.few { amount.add(0) } else { amount };
        let query = self.matching.query.clone();
        let mut query = with_account(query, self.tenant_id, &self.filter.unit);
        query = match part {
            Part::Owing => query.filter(amount.clone().lt(0)),
            _ => query.filter(amount.clone().gte(0)),
        };
        if let (Ranking::Balance, Some(least)) = (self.ranking, self.filter.min_balance) {
            query = query.filter(amount.clone().gte(least.get()));
        }
        let id = account::Column::UserId.into_expr();
        let key = || Expr::tuple([amount.clone(), id.clone()]);
        let value =
            |at: &Standing| Expr::tuple([Expr::value(at.amount), Expr::value(at.user_id.as_str())]);
        // The first comparison follows from the second, and is one that every index answers.
        if let Some(after) = self.page.after.as_ref().filter(|after| after.part() == part) {
            query = query.filter(amount.clone().lte(after.amount)).filter(key().lt(value(after)));
        }
        if let Some(before) = self.page.before.as_ref().filter(|before| before.part() == part) {
            query = query.filter(amount.clone().gte(before.amount)).filter(key().gt(value(before)));
        }
        let order = self.order();
        query
            .order_by(amount.clone(), order.clone())
            .order_by(id, order)
            .expr_as(amount, "ranked_amount")
    }

    /// Those who have no account.
    fn without_account(&self) -> Select<Entity> {
        let account = own_account(self.tenant_id, &self.filter.unit);
        let mut query = self.matching.query.clone().filter(Expr::exists(account).not());
        let is_here = |at: &&Standing| at.part() == Part::WithoutAccount;
        if let Some(after) = self.page.after.as_ref().filter(is_here) {
            query = query.filter(Column::Id.lt(after.user_id.as_str()));
        }
        if let Some(before) = self.page.before.as_ref().filter(is_here) {
            query = query.filter(Column::Id.gt(before.user_id.as_str()));
        }
        query.order_by(Column::Id, self.order()).expr_as(Expr::value(0_i64), "ranked_amount")
    }

    const fn order(&self) -> Order {
        if self.is_from_end() { Order::Asc } else { Order::Desc }
    }
}

//! Users by their sign-up, and how many there are.

use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect, QueryTrait};

use super::filter::{Along, UserFilter, balance_of, begins, everyone, with_account};
use super::search::texts;
use crate::domain::records::{Position, User};
use crate::store::listing::{Direction, by_place, by_sorting, count_capped};
use crate::store::paging::{Count, Page, Rows};
use crate::store::rows::user::{Column, searchable};
use crate::store::rows::user_text::kept;
use crate::store::rows::{Row, account, user_text};
use crate::store::{Database, StoreError};

impl Database {
    /// A page of users by their sign-up.
    pub async fn users_by_sign_up(
        &self,
        tenant_id: i64,
        filter: &UserFilter,
        direction: Direction,
        page: Page<Position>,
    ) -> Result<Rows<User>, StoreError> {
        if let Some(beginning) = filter.only_search() {
            let seqs = self.seqs_between(tenant_id, filter.created_from, filter.created_to).await?;
            return self.users_found(tenant_id, (&beginning, seqs), direction, page).await;
        }
        let matching = self.users_matching(tenant_id, filter, Along::SignUp).await?;
        let rows = if matching.few {
            // Who was found is sorted: a database might rather read everyone in order.
            let place = [Column::Seq.into_expr().add(0), Column::N.into_expr()];
            by_sorting(&self.reader, matching.query, place, direction, &page).await?
        } else {
            let place = [Column::Seq, Column::N];
            by_place(&self.reader, matching.query, place, direction, &page).await?
        };
        rows.try_map(Row::record)
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
        let seqs = self.seqs_between(tenant_id, filter.created_from, filter.created_to).await?;
        if let Some(beginning) = filter.only_search() {
            return self.count_found(tenant_id, (&beginning, seqs)).await;
        }
        let mut query = seqs.apply(everyone(tenant_id), Column::Seq);
        if let Some(search) = &filter.search {
            let texts =
                texts(tenant_id, &kept(search)).select_only().column(user_text::Column::UserId);
            query = query.filter(Column::Id.in_subquery(texts.into_query()));
            query = query.filter(begins(&searchable(search)));
        }
        if let Some(least) = filter.min_balance {
            query = if filter.needs_account() {
                with_account(query, tenant_id, &filter.unit)
                    .filter(account::Column::Balance.gte(least.get()))
            } else {
                query.filter(balance_of(tenant_id, &filter.unit).gte(least.get()))
            };
        }
        count_capped(&self.reader, query, Column::Seq).await
    }
}

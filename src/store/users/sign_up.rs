//! Users by their sign-up, and how many there are.

use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, QueryFilter};

use super::filter::{Along, UserFilter, balance_of, everyone, found, with_account};
use crate::domain::records::{Position, User};
use crate::store::listing::{Direction, by_place, by_sorting, count_capped};
use crate::store::paging::{Count, Page, Rows};
use crate::store::rows::user::{Column, searchable};
use crate::store::rows::{Row, account};
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
        let mut query = seqs.apply(everyone(tenant_id), Column::Seq);
        if let Some(search) = &filter.search {
            let enough = filter.only_searches().then_some(Count::CAP + 1);
            let ids = found(tenant_id, &searchable(search), enough);
            query = query.filter(Column::Id.in_subquery(ids));
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

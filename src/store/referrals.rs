//! Finding referrals, and who refers most.

use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::listing::{Direction, by_place, count_capped};
use super::paging::{Count, Page, Rows};
use super::rows::counting::{referrer_day, referrer_month};
use super::rows::referral::{Column, Entity};
use super::rows::words::Word;
use super::rows::{Row, cells, records, user};
use super::statement::find_in;
use super::{Database, StoreError};
use crate::domain::amount::Amount;
use crate::domain::records::{Position, Referral, ReferralStatus, TallyKey};
use crate::domain::time::Time;

/// Which referrals; what is left out does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReferralFilter {
    /// Only those that stand so.
    pub status: Option<ReferralStatus>,
    /// Only those that this user made.
    pub referrer_id: Option<String>,
    /// Only those made at this time or later.
    pub from: Option<Time>,
    /// Only those made before this time.
    pub to: Option<Time>,
}

/// By what referrers are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Referrals credited.
    Credited,
    /// What was earned from referrals.
    Earned,
}

/// A referrer in the ranking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leader {
    /// Who.
    pub user_id: String,
    /// Referrals credited.
    pub credited: i64,
    /// What was earned from referrals.
    pub earned: Amount,
}

impl Database {
    /// Referrals by their ids, in no order.
    pub async fn referrals_by_ids(
        &self,
        tenant_id: i64,
        ids: &[Uuid],
    ) -> Result<Vec<Referral>, StoreError> {
        let tenant = (Column::TenantId, tenant_id);
        records(find_in::<Entity, _, _>(&self.reader, tenant, Column::Id, ids).await?)
    }

    /// A page of referrals, newest first.
    pub async fn referrals_page(
        &self,
        tenant_id: i64,
        filter: &ReferralFilter,
        page: Page<Position>,
    ) -> Result<Rows<Referral>, StoreError> {
        let query = self.referrals_where(tenant_id, filter).await?;
        let place = [Column::Seq, Column::N];
        let rows = by_place(&self.reader, query, place, Direction::NewestFirst, &page).await?;
        rows.try_map(Row::record)
    }

    /// How many referrals: exact without a filter, for one referrer, one status, and both.
    pub async fn count_referrals(
        &self,
        tenant_id: i64,
        filter: &ReferralFilter,
    ) -> Result<Count, StoreError> {
        let ReferralFilter { status, referrer_id, from, to } = filter;
        if from.is_some() || to.is_some() {
            let query = self.referrals_where(tenant_id, filter).await?;
            return count_capped(&self.reader, query, Column::Seq).await;
        }
        let name = match status {
            None => "referrals".to_owned(),
            Some(status) => format!("referrals:{}", status.name()),
        };
        let total = match referrer_id {
            None => TallyKey::tenant(name),
            Some(referrer) => TallyKey::user(referrer, name),
        };
        Ok(Count::exact(self.tally(tenant_id, &total).await?))
    }

    async fn referrals_where(
        &self,
        tenant_id: i64,
        filter: &ReferralFilter,
    ) -> Result<Select<Entity>, StoreError> {
        let seqs = self.seqs_between(tenant_id, filter.from, filter.to).await?;
        let mut query = Entity::find().filter(Column::TenantId.eq(tenant_id));
        if let Some(status) = filter.status {
            query = query.filter(Column::Status.eq(status.word()));
        }
        if let Some(referrer) = &filter.referrer_id {
            query = query.filter(Column::ReferrerId.eq(referrer.as_str()));
        }
        Ok(seqs.apply(query, Column::Seq))
    }

    /// The top referrers of all time: those with anything to show, the most first.
    pub async fn leaders(
        &self,
        tenant_id: i64,
        by: Metric,
        limit: u64,
    ) -> Result<Vec<Leader>, StoreError> {
        use user::{Column, Entity};

        let [first, second] = match by {
            Metric::Credited => [Column::Credited, Column::ReferralEarned],
            Metric::Earned => [Column::ReferralEarned, Column::Credited],
        };
        let rows: Vec<(String, i64, i64)> = Entity::find()
            .select_only()
            .columns([Column::Id, Column::Credited, Column::ReferralEarned])
            .filter(Column::TenantId.eq(tenant_id))
            // Written out, so that it is the condition of the partial index.
            .filter(first.into_expr().gt(Expr::cust("0")))
            .order_by_desc(first)
            .order_by_desc(second)
            .order_by_asc(Column::Id)
            .limit(limit)
            .into_tuple()
            .all(&self.reader)
            .await?;
        rows.into_iter().map(leader).collect()
    }

    /// The top referrers of one calendar month, named as by [`crate::domain::time::month_of`].
    pub async fn leaders_of_month(
        &self,
        tenant_id: i64,
        month: &str,
        by: Metric,
        limit: u64,
    ) -> Result<Vec<Leader>, StoreError> {
        use referrer_month::{Column, Entity};

        let [first, second] = match by {
            Metric::Credited => [Column::Credited, Column::Earned],
            Metric::Earned => [Column::Earned, Column::Credited],
        };
        let rows: Vec<(String, i64, i64)> = Entity::find()
            .select_only()
            .columns([Column::UserId, Column::Credited, Column::Earned])
            .filter(Column::TenantId.eq(tenant_id))
            .filter(Column::Month.eq(month))
            .filter(first.into_expr().gt(Expr::cust("0")))
            .order_by_desc(first)
            .order_by_desc(second)
            .order_by_asc(Column::UserId)
            .limit(limit)
            .into_tuple()
            .all(&self.reader)
            .await?;
        rows.into_iter().map(leader).collect()
    }

    /// The top referrers of these days, both included.
    pub async fn leaders_of_days(
        &self,
        tenant_id: i64,
        days: (chrono::NaiveDate, chrono::NaiveDate),
        by: Metric,
        limit: u64,
    ) -> Result<Vec<Leader>, StoreError> {
        use referrer_day::{Column, Entity};

        // PostgreSQL sums BIGINT to NUMERIC.
        let sum = |column: Column| Expr::from(Func::sum(column.into_expr())).cast_as("BIGINT");
        let (credited, earned) = (sum(Column::Credited), sum(Column::Earned));
        let [first, second] = match by {
            Metric::Credited => [credited.clone(), earned.clone()],
            Metric::Earned => [earned.clone(), credited.clone()],
        };
        let rows: Vec<(String, i64, i64)> = Entity::find()
            .select_only()
            .column(Column::UserId)
            .expr_as(credited, "credited")
            .expr_as(earned, "earned")
            .filter(Column::TenantId.eq(tenant_id))
            .filter(Column::Day.gte(days.0.to_string()))
            .filter(Column::Day.lte(days.1.to_string()))
            .group_by(Column::UserId)
            .having(first.clone().gt(0))
            .order_by(first, Order::Desc)
            .order_by(second, Order::Desc)
            .order_by_asc(Column::UserId)
            .limit(limit)
            .into_tuple()
            .all(&self.reader)
            .await?;
        rows.into_iter().map(leader).collect()
    }
}

fn leader((user_id, credited, earned): (String, i64, i64)) -> Result<Leader, StoreError> {
    Ok(Leader { user_id, credited, earned: cells::amount(earned)? })
}

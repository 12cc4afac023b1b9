//! Finding accounts, and those that the clock has something to change in.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::rows::account::{Column, Entity};
use super::rows::{cells, records, tenant};
use super::statement::Keyed;
use super::{Database, StoreError};
use crate::domain::records::{Account, AccountKey};
use crate::domain::time::Time;

impl Database {
    /// Accounts by their keys, in no order, as they are booked.
    pub async fn accounts_by_keys(
        &self,
        tenant_id: i64,
        keys: &[AccountKey],
    ) -> Result<Vec<Account>, StoreError> {
        let keyed = Keyed::<Entity, _> {
            tenant: (Column::TenantId, tenant_id),
            prefix: [Column::Unit],
            last: Column::UserId,
        };
        let keys = keys.iter().map(|key| ([key.unit.clone()], key.user_id.clone()));
        records(keyed.find(&self.reader, &Condition::all(), keys).await?)
    }

    /// Accounts in which a hold or a lot has ended by `now`, the longest due first.
    pub async fn due_accounts(
        &self,
        tenant_id: i64,
        now: Time,
        limit: u64,
    ) -> Result<Vec<AccountKey>, StoreError> {
        let found: Vec<(String, String)> = Entity::find()
            .select_only()
            .columns([Column::UserId, Column::Unit])
            .filter(Column::TenantId.eq(tenant_id))
            .filter(Column::NextDueAt.lte(cells::micros(now)))
            .order_by_asc(Column::NextDueAt)
            .limit(limit)
            .into_tuple()
            .all(&self.reader)
            .await?;
        Ok(found.into_iter().map(|(user_id, unit)| AccountKey { user_id, unit }).collect())
    }

    /// The tenants that have such accounts.
    pub async fn tenants_with_due_accounts(&self, now: Time) -> Result<Vec<i64>, StoreError> {
        let mut due = Vec::new();
        // Each tenant is asked by itself: an index that begins with the tenant answers at once.
        for tenant_id in self.tenant_ids().await? {
            if !self.due_accounts(tenant_id, now, 1).await?.is_empty() {
                due.push(tenant_id);
            }
        }
        Ok(due)
    }

    /// Every tenant's number, in order.
    pub async fn tenant_ids(&self) -> Result<Vec<i64>, StoreError> {
        Ok(tenant::Entity::find()
            .select_only()
            .column(tenant::Column::Id)
            .order_by_asc(tenant::Column::Id)
            .into_tuple()
            .all(&self.reader)
            .await?)
    }
}

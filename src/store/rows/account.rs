//! `accounts`.

use sea_orm::entity::prelude::*;

use super::{Row, cells};
use crate::domain::records::{Account, AccountKey};
use crate::store::StoreError;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "accounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit: String,
    pub balance: i64,
    pub pending: i64,
    pub earned: i64,
    pub used: i64,
    pub expired: i64,
    pub debt: i64,
    pub next_due_at: Option<i64>,
    /// The number of the last event of the batch that wrote the row. Set where rows are saved: an
    /// account does not know of it.
    pub changed_seq: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Row for Model {
    type Record = Account;

    fn of(tenant_id: i64, account: &Account) -> Result<Self, StoreError> {
        Ok(Self {
            tenant_id,
            user_id: account.key.user_id.clone(),
            unit: account.key.unit.clone(),
            balance: account.balance.get(),
            pending: account.pending.get(),
            earned: account.earned.get(),
            used: account.used.get(),
            expired: account.expired.get(),
            debt: account.debt.get(),
            next_due_at: cells::micros_of(account.next_due_at),
            changed_seq: 0,
        })
    }

    fn record(self) -> Result<Account, StoreError> {
        Ok(Account {
            key: AccountKey { user_id: self.user_id, unit: self.unit },
            balance: cells::amount(self.balance)?,
            pending: cells::amount(self.pending)?,
            earned: cells::amount(self.earned)?,
            used: cells::amount(self.used)?,
            expired: cells::amount(self.expired)?,
            debt: cells::amount(self.debt)?,
            next_due_at: cells::time_of(self.next_due_at)?,
        })
    }
}

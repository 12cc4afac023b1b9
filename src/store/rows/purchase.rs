//! `purchases`.

use sea_orm::entity::prelude::*;

use super::{Row, cells};
use crate::domain::records::{Position, Purchase};
use crate::store::StoreError;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "purchases")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub user_id: String,
    pub amount: i64,
    pub refunded: i64,
    pub plan: Option<String>,
    pub data: String,
    pub seq: i64,
    pub n: i32,
    pub occurred_at: i64,
    pub created_at: i64,
    pub is_first: bool,
    pub referral_id: Option<Uuid>,
    pub lots: String,
    pub referred: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Row for Model {
    type Record = Purchase;

    fn of(tenant_id: i64, purchase: &Purchase) -> Result<Self, StoreError> {
        Ok(Self {
            tenant_id,
            id: purchase.id.clone(),
            user_id: purchase.user_id.clone(),
            amount: purchase.amount.get(),
            refunded: purchase.refunded.get(),
            plan: purchase.plan.clone(),
            data: cells::json(&purchase.data)?,
            seq: purchase.created.seq,
            n: purchase.created.n,
            occurred_at: cells::micros(purchase.occurred_at),
            created_at: cells::micros(purchase.created_at),
            is_first: purchase.first,
            referral_id: purchase.referral_id,
            lots: cells::json(&purchase.lots)?,
            referred: purchase.referred,
        })
    }

    fn record(self) -> Result<Purchase, StoreError> {
        Ok(Purchase {
            id: self.id,
            user_id: self.user_id,
            amount: cells::amount(self.amount)?,
            refunded: cells::amount(self.refunded)?,
            plan: self.plan,
            data: cells::parse(&self.data)?,
            created: Position { seq: self.seq, n: self.n },
            occurred_at: cells::time(self.occurred_at)?,
            created_at: cells::time(self.created_at)?,
            first: self.is_first,
            referred: self.referred,
            referral_id: self.referral_id,
            lots: cells::parse(&self.lots)?,
        })
    }
}

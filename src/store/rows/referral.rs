//! `referrals`.

use sea_orm::entity::prelude::*;

use super::words::Word;
use super::{Row, cells};
use crate::domain::records::{Position, Referral, ReferralStatus};
use crate::store::StoreError;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "referrals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub code: String,
    pub status: String,
    pub referrer_id: String,
    pub referee_id: String,
    pub seq: i64,
    pub n: i32,
    pub signed_up_at: i64,
    pub converted_at: Option<i64>,
    pub credited_at: Option<i64>,
    pub bonus_earned: i64,
    pub failure_reason: Option<String>,
    pub purchase_id: Option<String>,
    pub purchase_type: Option<String>,
    pub purchase_amount: Option<i64>,
    pub plan: Option<String>,
    pub signals: Option<String>,
    pub held_by: Option<String>,
    pub reviewed_by: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Row for Model {
    type Record = Referral;

    fn of(tenant_id: i64, referral: &Referral) -> Result<Self, StoreError> {
        Ok(Self {
            tenant_id,
            id: referral.id,
            code: referral.code.clone(),
            status: referral.status.word().to_owned(),
            referrer_id: referral.referrer_id.clone(),
            referee_id: referral.referee_id.clone(),
            seq: referral.created.seq,
            n: referral.created.n,
            signed_up_at: cells::micros(referral.signed_up_at),
            converted_at: cells::micros_of(referral.converted_at),
            credited_at: cells::micros_of(referral.credited_at),
            bonus_earned: referral.bonus_earned.get(),
            failure_reason: referral.failure_reason.clone(),
            purchase_id: referral.purchase_id.clone(),
            purchase_type: referral.purchase_type.clone(),
            purchase_amount: referral.purchase_amount.map(|amount| amount.get()),
            plan: referral.plan.clone(),
            signals: cells::json_of(referral.signals.as_ref())?,
            held_by: cells::json_of(Some(&referral.holds).filter(|holds| !holds.is_empty()))?,
            reviewed_by: referral.reviewed_by.clone(),
        })
    }

    fn record(self) -> Result<Referral, StoreError> {
        Ok(Referral {
            id: self.id,
            code: self.code,
            status: ReferralStatus::of_word(&self.status)?,
            referrer_id: self.referrer_id,
            referee_id: self.referee_id,
            created: Position { seq: self.seq, n: self.n },
            signed_up_at: cells::time(self.signed_up_at)?,
            converted_at: cells::time_of(self.converted_at)?,
            credited_at: cells::time_of(self.credited_at)?,
            bonus_earned: cells::amount(self.bonus_earned)?,
            failure_reason: self.failure_reason,
            purchase_id: self.purchase_id,
            purchase_type: self.purchase_type,
            purchase_amount: cells::amount_of(self.purchase_amount)?,
            plan: self.plan,
            signals: cells::parse_of(self.signals.as_deref())?,
            holds: cells::parse_of(self.held_by.as_deref())?.unwrap_or_default(),
            reviewed_by: self.reviewed_by,
        })
    }
}

//! `lots`.

use sea_orm::entity::prelude::*;

use super::words::Word;
use super::{Row, cells};
use crate::domain::effect::OnRefund;
use crate::domain::records::{AccountKey, CapKey, Kind, Lot, LotState, Position, Review};
use crate::domain::time::Time;
use crate::store::StoreError;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lots")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: String,
    pub unit: String,
    pub kind: String,
    pub state: String,
    pub is_open: bool,
    pub amount: i64,
    pub remaining: i64,
    pub spent: i64,
    pub expired: i64,
    pub reversed: i64,
    pub forgiven: i64,
    pub owed: i64,
    pub demanded: i64,
    pub on_refund: String,
    pub source: String,
    pub priority: i32,
    pub seq: i64,
    pub n: i32,
    pub created_at: i64,
    pub available_from: i64,
    pub expires_at: Option<i64>,
    pub transaction_id: Option<Uuid>,
    pub purchase_id: Option<String>,
    pub referral_id: Option<Uuid>,
    pub decision_id: Option<Uuid>,
    pub cap: Option<String>,
    pub cap_subject: Option<String>,
    pub cap_window: Option<String>,
    pub cap_counted: Option<i64>,
    pub description: Option<String>,
    pub reference_id: Option<String>,
    pub space_id: Option<String>,
    pub granted_by: Option<String>,
    pub failure: Option<String>,
    pub reviewed_by: Option<String>,
    pub review_reason: Option<String>,
    /// The reward's status when the row was saved.
    pub status: String,
    /// Until when that is its status, if the clock ends it.
    pub due_at: Option<i64>,
    /// The expiry, or the end of all time.
    pub ends: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The same row, saved at `now`.
    #[must_use]
    pub fn saved_at(self, lot: &Lot, now: Time) -> Self {
        Self {
            status: lot.status_at(now).word().to_owned(),
            due_at: cells::micros_of(lot.status_until(now)),
            ..self
        }
    }
}

impl Row for Model {
    type Record = Lot;

    /// The row as it is saved when the lot is made; see [`Model::saved_at`] for later.
    fn of(tenant_id: i64, lot: &Lot) -> Result<Self, StoreError> {
        let cap = lot.cap.as_ref();
        Ok(Self {
            tenant_id,
            id: lot.id,
            user_id: lot.account.user_id.clone(),
            unit: lot.account.unit.clone(),
            kind: lot.kind.word().to_owned(),
            state: lot.state.word().to_owned(),
            is_open: lot.is_open(),
            amount: lot.amount.get(),
            remaining: lot.remaining.get(),
            spent: lot.spent.get(),
            expired: lot.expired.get(),
            reversed: lot.reversed.get(),
            forgiven: lot.forgiven.get(),
            owed: lot.owed.get(),
            demanded: lot.demanded.get(),
            on_refund: lot.on_refund.word().to_owned(),
            source: lot.source.clone(),
            priority: lot.priority,
            seq: lot.created.seq,
            n: lot.created.n,
            created_at: cells::micros(lot.created_at),
            available_from: cells::micros(lot.available_from),
            expires_at: cells::micros_of(lot.expires_at),
            transaction_id: lot.transaction_id,
            purchase_id: lot.purchase_id.clone(),
            referral_id: lot.referral_id,
            decision_id: lot.decision_id,
            cap: cap.map(|(key, _)| key.cap.clone()),
            cap_subject: cap.map(|(key, _)| key.subject.clone()),
            cap_window: cap.map(|(key, _)| key.window.clone()),
            cap_counted: cap.map(|(_, counted)| *counted),
            description: lot.description.clone(),
            reference_id: lot.reference_id.clone(),
            space_id: lot.space_id.clone(),
            granted_by: lot.granted_by.clone(),
            failure: lot.failure.clone(),
            reviewed_by: lot.review.as_ref().map(|review| review.by.clone()),
            review_reason: lot.review.as_ref().and_then(|review| review.reason.clone()),
            status: lot.status_at(lot.created_at).word().to_owned(),
            due_at: cells::micros_of(lot.status_until(lot.created_at)),
            ends: lot.expires_at.map_or(i64::MAX, cells::micros),
        })
    }

    fn record(self) -> Result<Lot, StoreError> {
        let cap = match (self.cap, self.cap_subject, self.cap_window, self.cap_counted) {
            (Some(cap), Some(subject), Some(window), Some(counted)) => {
                Some((CapKey { cap, subject, window }, counted))
            }
            _ => None,
        };
        Ok(Lot {
            id: self.id,
            account: AccountKey { user_id: self.user_id, unit: self.unit },
            kind: Kind::of_word(&self.kind)?,
            state: LotState::of_word(&self.state)?,
            amount: cells::amount(self.amount)?,
            remaining: cells::amount(self.remaining)?,
            spent: cells::amount(self.spent)?,
            expired: cells::amount(self.expired)?,
            reversed: cells::amount(self.reversed)?,
            forgiven: cells::amount(self.forgiven)?,
            owed: cells::amount(self.owed)?,
            demanded: cells::amount(self.demanded)?,
            on_refund: OnRefund::of_word(&self.on_refund)?,
            source: self.source,
            priority: self.priority,
            created: Position { seq: self.seq, n: self.n },
            created_at: cells::time(self.created_at)?,
            available_from: cells::time(self.available_from)?,
            expires_at: cells::time_of(self.expires_at)?,
            transaction_id: self.transaction_id,
            purchase_id: self.purchase_id,
            referral_id: self.referral_id,
            decision_id: self.decision_id,
            cap,
            description: self.description,
            reference_id: self.reference_id,
            space_id: self.space_id,
            granted_by: self.granted_by,
            failure: self.failure,
            review: self.reviewed_by.map(|by| Review { by, reason: self.review_reason }),
        })
    }
}

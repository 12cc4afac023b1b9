//! `users`.

use sea_orm::entity::prelude::*;

use super::{Row, cells};
use crate::domain::records::{Personal, Position, User};
use crate::store::StoreError;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub number: i64,
    pub name: Option<String>,
    pub email: Option<String>,
    pub traits: Option<String>,
    pub ip_hash: Option<String>,
    pub device_hash: Option<String>,
    pub email_hash: Option<String>,
    pub id_search: String,
    pub name_search: Option<String>,
    pub email_search: Option<String>,
    pub email_verified: bool,
    pub seq: i64,
    pub n: i32,
    pub created_at: i64,
    pub erased_at: Option<i64>,
    pub referrer_id: Option<String>,
    pub referred_by_code: Option<String>,
    pub referral_id: Option<Uuid>,
    pub purchase_count: i64,
    pub purchase_total: i64,
    pub code: Option<String>,
    pub clicks: i64,
    pub signups: i64,
    pub conversions: i64,
    pub credited: i64,
    pub referral_earned: i64,
    pub steps: String,
    pub onboarded_at: Option<i64>,
    pub onboarding_dismissed: bool,
    pub prompt_dismissed: bool,
    pub unread: i64,
    pub read_through: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Row for Model {
    type Record = User;

    fn of(tenant_id: i64, user: &User) -> Result<Self, StoreError> {
        let User { personal, .. } = user;
        let traits = (!personal.traits.is_empty()).then_some(&personal.traits);
        Ok(Self {
            tenant_id,
            id: user.id.clone(),
            number: user.number,
            name: personal.name.clone(),
            email: personal.email.clone(),
            traits: cells::json_of(traits)?,
            ip_hash: personal.ip_hash.clone(),
            device_hash: personal.device_hash.clone(),
            email_hash: personal.email_hash.clone(),
            id_search: searchable(&user.id),
            name_search: personal.name.as_deref().map(searchable),
            email_search: personal.email.as_deref().map(searchable),
            email_verified: user.email_verified,
            seq: user.created.seq,
            n: user.created.n,
            created_at: cells::micros(user.created_at),
            erased_at: cells::micros_of(user.erased_at),
            referrer_id: user.referrer_id.clone(),
            referred_by_code: user.referred_by_code.clone(),
            referral_id: user.referral_id,
            purchase_count: user.purchase_count,
            purchase_total: user.purchase_total.get(),
            code: user.code.clone(),
            clicks: user.clicks,
            signups: user.signups,
            conversions: user.conversions,
            credited: user.credited,
            referral_earned: user.referral_earned.get(),
            steps: cells::json(&user.steps)?,
            onboarded_at: cells::micros_of(user.onboarded_at),
            onboarding_dismissed: user.onboarding_dismissed,
            prompt_dismissed: user.prompt_dismissed,
            unread: user.unread,
            read_through: user.read_through,
        })
    }

    fn record(self) -> Result<User, StoreError> {
        let personal = Personal {
            name: self.name,
            email: self.email,
            traits: cells::parse_of(self.traits.as_deref())?.unwrap_or_default(),
            ip_hash: self.ip_hash,
            device_hash: self.device_hash,
            email_hash: self.email_hash,
        };
        Ok(User {
            id: self.id,
            number: self.number,
            personal,
            email_verified: self.email_verified,
            created: Position { seq: self.seq, n: self.n },
            created_at: cells::time(self.created_at)?,
            erased_at: cells::time_of(self.erased_at)?,
            referrer_id: self.referrer_id,
            referred_by_code: self.referred_by_code,
            referral_id: self.referral_id,
            purchase_count: self.purchase_count,
            purchase_total: cells::amount(self.purchase_total)?,
            code: self.code,
            clicks: self.clicks,
            signups: self.signups,
            conversions: self.conversions,
            credited: self.credited,
            referral_earned: cells::amount(self.referral_earned)?,
            steps: cells::parse(&self.steps)?,
            onboarded_at: cells::time_of(self.onboarded_at)?,
            onboarding_dismissed: self.onboarding_dismissed,
            prompt_dismissed: self.prompt_dismissed,
            unread: self.unread,
            read_through: self.read_through,
        })
    }
}

/// Text as the search compares it: lower case, without space around it.
pub fn searchable(text: &str) -> String {
    text.trim().to_lowercase()
}

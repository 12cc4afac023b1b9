//! `promos`, and `promo_uses` of them.

use sea_orm::entity::prelude::*;

use super::{Row, cells};
use crate::domain::records::{Position, Promo};
use crate::store::StoreError;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "promos")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub matched: String,
    pub shown: String,
    pub active: bool,
    pub max_redemptions: Option<i64>,
    pub redemptions: i64,
    pub per_user: i64,
    pub starts_at: Option<i64>,
    pub ends_at: Option<i64>,
    pub data: String,
    pub seq: i64,
    pub n: i32,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Row for Model {
    type Record = Promo;

    fn of(tenant_id: i64, promo: &Promo) -> Result<Self, StoreError> {
        Ok(Self {
            tenant_id,
            matched: promo.matched.clone(),
            shown: promo.shown.clone(),
            active: promo.active,
            max_redemptions: promo.max_redemptions,
            redemptions: promo.redemptions,
            per_user: promo.per_user,
            starts_at: cells::micros_of(promo.starts_at),
            ends_at: cells::micros_of(promo.ends_at),
            data: cells::json(&promo.data)?,
            seq: promo.created.seq,
            n: promo.created.n,
            created_at: cells::micros(promo.created_at),
        })
    }

    fn record(self) -> Result<Promo, StoreError> {
        Ok(Promo {
            matched: self.matched,
            shown: self.shown,
            active: self.active,
            max_redemptions: self.max_redemptions,
            redemptions: self.redemptions,
            per_user: self.per_user,
            starts_at: cells::time_of(self.starts_at)?,
            ends_at: cells::time_of(self.ends_at)?,
            data: cells::parse(&self.data)?,
            created: Position { seq: self.seq, n: self.n },
            created_at: cells::time(self.created_at)?,
        })
    }
}

/// `promo_uses`.
pub mod promo_use {
    use sea_orm::entity::prelude::*;

    use crate::domain::records::{PromoUse, PromoUseKey};
    use crate::store::StoreError;
    use crate::store::rows::Row;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "promo_uses")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: String,
        pub count: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Row for Model {
        type Record = PromoUse;

        fn of(tenant_id: i64, promo_use: &PromoUse) -> Result<Self, StoreError> {
            Ok(Self {
                tenant_id,
                code: promo_use.key.code.clone(),
                user_id: promo_use.key.user_id.clone(),
                count: promo_use.count,
            })
        }

        fn record(self) -> Result<PromoUse, StoreError> {
            let key = PromoUseKey { code: self.code, user_id: self.user_id };
            Ok(PromoUse { key, count: self.count })
        }
    }
}

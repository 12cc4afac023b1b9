//! `lanes`, and `settings_versions`.

use sea_orm::entity::prelude::*;

use super::{Row, cells};
use crate::domain::records::Lane;
use crate::store::StoreError;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lanes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    pub seq: i64,
    pub last_at: i64,
    pub program: String,
    pub program_hash: String,
    pub settings_version: i64,
    pub settings: String,
    pub users: i64,
    pub credited_referrals: i64,
    /// The seal of the last event that has one.
    pub seal: Option<String>,
    /// That event's number; 0 while none has one.
    pub sealed_seq: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Row for Model {
    type Record = Lane;

    fn of(tenant_id: i64, lane: &Lane) -> Result<Self, StoreError> {
        Ok(Self {
            tenant_id,
            seq: lane.seq,
            last_at: cells::micros(lane.last_at),
            program: lane.program.clone(),
            program_hash: lane.program_hash.clone(),
            settings_version: lane.settings_version,
            settings: cells::json(&lane.settings)?,
            users: lane.users,
            credited_referrals: lane.credited_referrals,
            seal: None,
            sealed_seq: 0,
        })
    }

    fn record(self) -> Result<Lane, StoreError> {
        Ok(Lane {
            seq: self.seq,
            last_at: cells::time(self.last_at)?,
            program: self.program,
            program_hash: self.program_hash,
            settings_version: self.settings_version,
            settings: cells::parse(&self.settings)?,
            users: self.users,
            credited_referrals: self.credited_referrals,
        })
    }
}

/// `settings_versions`.
pub mod settings {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "settings_versions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i64,
        pub settings: String,
        pub seq: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

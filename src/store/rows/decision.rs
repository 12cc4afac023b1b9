//! `decisions`, the `fact_sheets` they were made on, and `fact_personal` beside those.

use sea_orm::entity::prelude::*;

use super::words::Word;
use super::{Row, cells};
use crate::domain::records::{Decision, FactSheetKey, Outcome, Position};
use crate::store::StoreError;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "decisions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub seq: i64,
    pub n: i32,
    pub sheet_seq: i64,
    pub sheet_n: i32,
    pub event: String,
    pub user_id: String,
    pub rule: String,
    pub outcome: String,
    pub reason: Option<String>,
    pub effects: String,
    pub program_hash: String,
    pub settings_version: i64,
    pub duration_micros: i64,
    pub created_at: i64,
    pub retries: Option<Uuid>,
    pub retried_by: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Row for Model {
    type Record = Decision;

    fn of(tenant_id: i64, decision: &Decision) -> Result<Self, StoreError> {
        Ok(Self {
            tenant_id,
            id: decision.id,
            seq: decision.position.seq,
            n: decision.position.n,
            sheet_seq: decision.sheet.seq,
            sheet_n: decision.sheet.n,
            event: decision.event.clone(),
            user_id: decision.user_id.clone(),
            rule: decision.rule.clone(),
            outcome: decision.outcome.word().to_owned(),
            reason: decision.reason.clone(),
            effects: cells::json(&decision.effects)?,
            program_hash: decision.program_hash.clone(),
            settings_version: decision.settings_version,
            duration_micros: decision.duration_micros,
            created_at: cells::micros(decision.created_at),
            retries: decision.retries,
            retried_by: decision.retried_by,
        })
    }

    fn record(self) -> Result<Decision, StoreError> {
        Ok(Decision {
            id: self.id,
            position: Position { seq: self.seq, n: self.n },
            sheet: FactSheetKey { seq: self.sheet_seq, n: self.sheet_n },
            event: self.event,
            user_id: self.user_id,
            rule: self.rule,
            outcome: Outcome::of_word(&self.outcome)?,
            reason: self.reason,
            effects: cells::parse(&self.effects)?,
            program_hash: self.program_hash,
            settings_version: self.settings_version,
            duration_micros: self.duration_micros,
            created_at: cells::time(self.created_at)?,
            retries: self.retries,
            retried_by: self.retried_by,
        })
    }
}

/// `fact_sheets`.
pub mod sheet {
    use sea_orm::entity::prelude::*;

    use crate::domain::records::{FactSheet, FactSheetKey};
    use crate::store::StoreError;
    use crate::store::rows::cells;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "fact_sheets")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub n: i32,
        pub event: String,
        pub user_id: String,
        pub facts: String,
        pub personal_digest: Option<String>,
        pub purchase_id: Option<String>,
        pub referral_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Model {
        /// The sheet's row, with the digest of what is personal about it.
        pub fn of(
            tenant_id: i64,
            sheet: &FactSheet,
            digest: Option<String>,
        ) -> Result<Self, StoreError> {
            Ok(Self {
                tenant_id,
                seq: sheet.key.seq,
                n: sheet.key.n,
                event: sheet.event.clone(),
                user_id: sheet.user_id.clone(),
                facts: cells::json(&sheet.facts)?,
                personal_digest: digest,
                purchase_id: sheet.purchase_id.clone(),
                referral_id: sheet.referral_id,
            })
        }

        /// The sheet, with what is personal about it, if that is still there.
        pub fn sheet(self, personal: Option<&str>) -> Result<FactSheet, StoreError> {
            Ok(FactSheet {
                key: FactSheetKey { seq: self.seq, n: self.n },
                event: self.event,
                user_id: self.user_id,
                facts: cells::parse(&self.facts)?,
                personal: cells::parse_of(personal)?,
                purchase_id: self.purchase_id,
                referral_id: self.referral_id,
            })
        }
    }
}

/// `fact_personal`.
pub mod personal {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "fact_personal")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub n: i32,
        pub user_id: String,
        pub personal: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

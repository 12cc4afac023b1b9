//! `events`, and `event_personal` beside them.

use sea_orm::entity::prelude::*;

use super::{cells, words};
use crate::domain::records::Event;
use crate::store::StoreError;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub id: Uuid,
    pub operation: String,
    pub idempotency_key: Option<String>,
    pub input_hash: String,
    pub user_id: Option<String>,
    pub actor: String,
    pub body: String,
    pub personal_digest: Option<String>,
    pub seed: Uuid,
    pub at: i64,
    pub program_hash: String,
    pub settings_version: i64,
    pub answer: String,
    /// `None` of an event that an older version wrote, until it is sealed too.
    pub seal: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The event's row, with the digest of what is personal about it; not sealed yet.
    pub fn of(tenant_id: i64, event: &Event, digest: Option<String>) -> Result<Self, StoreError> {
        Ok(Self {
            tenant_id,
            seq: event.seq,
            id: event.id,
            operation: event.operation.name().to_owned(),
            idempotency_key: event.key.clone(),
            input_hash: event.input_hash.clone(),
            user_id: event.user_id.clone(),
            actor: event.actor.clone(),
            body: cells::json(&event.body)?,
            personal_digest: digest,
            seed: event.seed,
            at: cells::micros(event.at),
            program_hash: event.program_hash.clone(),
            settings_version: event.settings_version,
            answer: cells::json(&event.answer)?,
            seal: None,
        })
    }

    /// The event, with what is personal about it, if that is still there.
    pub fn event(self, personal: Option<&str>) -> Result<Event, StoreError> {
        Ok(Event {
            seq: self.seq,
            id: self.id,
            operation: words::operation(&self.operation)?,
            key: self.idempotency_key,
            input_hash: self.input_hash,
            user_id: self.user_id,
            actor: self.actor,
            body: cells::parse(&self.body)?,
            personal: cells::parse_of(personal)?,
            seed: self.seed,
            at: cells::time(self.at)?,
            program_hash: self.program_hash,
            settings_version: self.settings_version,
            answer: cells::parse(&self.answer)?,
        })
    }
}

/// `event_personal`.
pub mod personal {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "event_personal")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        pub user_id: Option<String>,
        pub personal: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

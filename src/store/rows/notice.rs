//! `notices`, and the outbox `emissions`.

use sea_orm::entity::prelude::*;

use super::{Row, cells};
use crate::domain::records::{Notice, Position};
use crate::store::StoreError;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notices")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub seq: i64,
    pub n: i32,
    pub user_id: String,
    pub about_id: Option<String>,
    pub kind: String,
    pub message: String,
    pub is_read: bool,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Row for Model {
    type Record = Notice;

    fn of(tenant_id: i64, notice: &Notice) -> Result<Self, StoreError> {
        Ok(Self {
            tenant_id,
            id: notice.id,
            seq: notice.position.seq,
            n: notice.position.n,
            user_id: notice.user_id.clone(),
            about_id: notice.about_id.clone(),
            kind: notice.kind.clone(),
            message: notice.message.clone(),
            is_read: notice.read,
            created_at: cells::micros(notice.created_at),
        })
    }

    fn record(self) -> Result<Notice, StoreError> {
        Ok(Notice {
            id: self.id,
            position: Position { seq: self.seq, n: self.n },
            user_id: self.user_id,
            about_id: self.about_id,
            kind: self.kind,
            message: self.message,
            read: self.is_read,
            created_at: cells::time(self.created_at)?,
        })
    }
}

/// `emissions`.
pub mod emission {
    use sea_orm::entity::prelude::*;

    use crate::domain::records::{Emission, Position};
    use crate::store::StoreError;
    use crate::store::rows::{Row, cells};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "emissions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub seq: i64,
        pub n: i32,
        pub user_id: String,
        pub kind: String,
        pub data: String,
        pub created_at: i64,
        pub attempts: i32,
        pub next_attempt_at: Option<i64>,
        pub delivered_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Row for Model {
        type Record = Emission;

        /// A message that was never tried, and waits from the moment it was made.
        fn of(tenant_id: i64, emission: &Emission) -> Result<Self, StoreError> {
            Ok(Self {
                tenant_id,
                id: emission.id,
                seq: emission.position.seq,
                n: emission.position.n,
                user_id: emission.user_id.clone(),
                kind: emission.kind.clone(),
                data: cells::json(&emission.data)?,
                created_at: cells::micros(emission.created_at),
                attempts: 0,
                next_attempt_at: Some(cells::micros(emission.created_at)),
                delivered_at: None,
            })
        }

        fn record(self) -> Result<Emission, StoreError> {
            Ok(Emission {
                id: self.id,
                position: Position { seq: self.seq, n: self.n },
                user_id: self.user_id,
                kind: self.kind,
                data: cells::parse(&self.data)?,
                created_at: cells::time(self.created_at)?,
            })
        }
    }
}

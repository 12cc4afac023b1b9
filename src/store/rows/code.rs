//! `codes`, and `clicks` through them.

use sea_orm::entity::prelude::*;

use super::{Row, cells};
use crate::domain::records::Code;
use crate::store::StoreError;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "codes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub matched: String,
    pub shown: String,
    pub user_id: String,
    pub created_at: i64,
    pub retired_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Row for Model {
    type Record = Code;

    fn of(tenant_id: i64, code: &Code) -> Result<Self, StoreError> {
        Ok(Self {
            tenant_id,
            matched: code.matched.clone(),
            shown: code.shown.clone(),
            user_id: code.user_id.clone(),
            created_at: cells::micros(code.created_at),
            retired_at: cells::micros_of(code.retired_at),
        })
    }

    fn record(self) -> Result<Code, StoreError> {
        Ok(Code {
            matched: self.matched,
            shown: self.shown,
            user_id: self.user_id,
            created_at: cells::time(self.created_at)?,
            retired_at: cells::time_of(self.retired_at)?,
        })
    }
}

/// `clicks`.
pub mod click {
    use sea_orm::entity::prelude::*;

    use crate::domain::records::{Click, ClickKey};
    use crate::store::StoreError;
    use crate::store::rows::{Row, cells};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "clicks")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub device: String,
        pub id: Uuid,
        pub user_agent: Option<String>,
        pub ip_hash: Option<String>,
        pub at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Row for Model {
        type Record = Click;

        fn of(tenant_id: i64, click: &Click) -> Result<Self, StoreError> {
            Ok(Self {
                tenant_id,
                code: click.key.code.clone(),
                day: click.key.day.to_string(),
                device: click.key.device.clone(),
                id: click.id,
                user_agent: click.user_agent.clone(),
                ip_hash: click.ip_hash.clone(),
                at: cells::micros(click.at),
            })
        }

        fn record(self) -> Result<Click, StoreError> {
            let day = cells::day(&self.day)?;
            Ok(Click {
                key: ClickKey { code: self.code, day, device: self.device },
                id: self.id,
                user_agent: self.user_agent,
                ip_hash: self.ip_hash,
                at: cells::time(self.at)?,
            })
        }
    }
}

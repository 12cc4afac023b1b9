//! `erasures`: users of whom something personal is still to be deleted, and how far that came.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "erasures")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    pub through_seq: i64,
    pub progress: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The place up to which each table is done, where rows are emptied and stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    pub decisions: (i64, i32),
    pub emissions: (i64, i32),
    /// Notices to the user.
    pub received: (i64, i32),
    /// Notices to anybody about the user.
    pub about: (i64, i32),
}

//! `user_texts`: what a user is found by, a row for each text.

use std::collections::BTreeSet;

use sea_orm::entity::prelude::*;

use super::user::searchable;
use crate::domain::records::User;

/// So many characters of a text are kept: more may be longer than an entry of an index can be.
pub const KEPT: usize = 255;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_texts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub text: String,
    /// The place of the user's sign-up.
    pub seq: i64,
    pub n: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The rows of a user: the id, the name and the e-mail address, each once. A partner has none.
    pub fn of(tenant_id: i64, user: &User) -> Vec<Self> {
        if user.is_partner() {
            return Vec::new();
        }
        let texts = [Some(&user.id), user.personal.name.as_ref(), user.personal.email.as_ref()];
        let kept: BTreeSet<String> = texts.into_iter().flatten().map(|text| kept(text)).collect();
        let row = |text| Self {
            tenant_id,
            user_id: user.id.clone(),
            text,
            seq: user.created.seq,
            n: user.created.n,
        };
        kept.into_iter().map(row).collect()
    }
}

/// What is kept of a text.
pub fn kept(text: &str) -> String {
    searchable(text).chars().take(KEPT).collect()
}

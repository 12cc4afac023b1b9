//! The keys with which a tenant's back ends and administrators call.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::rows::cells;
use super::rows::tenant::api_key::{ActiveModel, Column, Entity, Model};
use super::rows::words::Word;
use super::{Database, StoreError};
use crate::domain::time::Time;

/// What a key lets its holder do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRole {
    /// What a product's back end does.
    Service,
    /// What a tenant's administrator does.
    Admin,
}

impl Word for KeyRole {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Service, "SERVICE"), (Self::Admin, "ADMIN")];
}

/// A key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// What it lets its holder do.
    pub role: KeyRole,
    /// The keyed hash of the whole key, in hex; unique in the tenant.
    pub hash: String,
    /// When it was made.
    pub created_at: Time,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
    /// When it ends by itself; exclusive.
    pub expires_at: Option<Time>,
    /// When it was last used, about.
    pub last_used_at: Option<Time>,
}

impl ApiKey {
    /// Does it work at `now`?
    #[must_use]
    pub fn is_valid_at(&self, now: Time) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

impl Database {
    /// Keeps a new key.
    pub async fn create_api_key(&self, tenant_id: i64, key: &ApiKey) -> Result<(), StoreError> {
        let row = Model {
            tenant_id,
            id: key.id,
            name: key.name.clone(),
            role: key.role.word().to_owned(),
            hash: key.hash.clone(),
            created_at: cells::micros(key.created_at),
            revoked_at: cells::micros_of(key.revoked_at),
            expires_at: cells::micros_of(key.expires_at),
            last_used_at: cells::micros_of(key.last_used_at),
        };
        ActiveModel::from(row).insert(&self.writer).await?;
        Ok(())
    }

    /// The key of this hash, valid or not.
    pub async fn api_key_by_hash(
        &self,
        tenant_id: i64,
        hash: &str,
    ) -> Result<Option<ApiKey>, StoreError> {
        let row = Entity::find()
            .filter(Column::TenantId.eq(tenant_id))
            .filter(Column::Hash.eq(hash))
            .one(&self.reader)
            .await?;
        row.map(key_of).transpose()
    }

    /// The tenant's keys, revoked ones too, the oldest first.
    pub async fn api_keys(&self, tenant_id: i64) -> Result<Vec<ApiKey>, StoreError> {
        let rows = Entity::find()
            .filter(Column::TenantId.eq(tenant_id))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .all(&self.reader)
            .await?;
        rows.into_iter().map(key_of).collect()
    }

    /// Revokes a key; answers whether there is such a key. One that is revoked stays so.
    pub async fn revoke_api_key(
        &self,
        tenant_id: i64,
        id: Uuid,
        now: Time,
    ) -> Result<bool, StoreError> {
        let revoked = Entity::update_many()
            .col_expr(Column::RevokedAt, Expr::value(cells::micros(now)))
            .filter(Column::TenantId.eq(tenant_id))
            .filter(Column::Id.eq(id))
            .filter(Column::RevokedAt.is_null())
            .exec(&self.writer)
            .await?;
        if revoked.rows_affected > 0 {
            return Ok(true);
        }
        Ok(Entity::find_by_id((tenant_id, id)).one(&self.reader).await?.is_some())
    }

    /// Notes that a key was used.
    pub async fn touch_api_key(
        &self,
        tenant_id: i64,
        id: Uuid,
        now: Time,
    ) -> Result<(), StoreError> {
        Entity::update_many()
            .col_expr(Column::LastUsedAt, Expr::value(cells::micros(now)))
            .filter(Column::TenantId.eq(tenant_id))
            .filter(Column::Id.eq(id))
            .exec(&self.writer)
            .await?;
        Ok(())
    }
}

fn key_of(row: Model) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: row.id,
        name: row.name,
        role: KeyRole::of_word(&row.role)?,
        hash: row.hash,
        created_at: cells::time(row.created_at)?,
        revoked_at: cells::time_of(row.revoked_at)?,
        expires_at: cells::time_of(row.expires_at)?,
        last_used_at: cells::time_of(row.last_used_at)?,
    })
}

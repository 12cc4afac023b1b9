//! The keys with which a tenant's back ends and administrators call.

use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use uuid::Uuid;

use super::paging::{Page, Rows, Window};
use super::rows::cells;
use super::rows::tenant::api_key::{ActiveModel, Column, Entity, Model};
use super::rows::words::Word;
use super::{Database, StoreError};
use crate::domain::time::Time;

/// How many uses are noted in one statement.
const USES_AT_ONCE: usize = 500;

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

/// How a key gives way to another.
#[derive(Debug, Clone, Copy)]
pub struct Succession {
    /// The key that ends.
    pub id: Uuid,
    /// Now: it must work still.
    pub now: Time,
    /// When it ends at the latest; exclusive.
    pub end: Time,
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
        ActiveModel::from(row_of(tenant_id, key)).insert(&self.writer).await?;
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

    /// The key of this id, valid or not.
    pub async fn api_key(&self, tenant_id: i64, id: Uuid) -> Result<Option<ApiKey>, StoreError> {
        let row = Entity::find_by_id((tenant_id, id)).one(&self.reader).await?;
        row.map(key_of).transpose()
    }

    /// The tenant's keys, ended ones too, the oldest first: ids grow with time, and pages go by them.
    pub async fn api_keys_page(
        &self,
        tenant_id: i64,
        page: Page<Uuid>,
    ) -> Result<Rows<ApiKey>, StoreError> {
        let mut query = Entity::find().filter(Column::TenantId.eq(tenant_id));
        if let Some(after) = page.after {
            query = query.filter(Column::Id.gt(after));
        }
        if let Some(before) = page.before {
            query = query.filter(Column::Id.lt(before));
        }
        query = match page.window {
            Window::First(_) => query.order_by_asc(Column::Id),
            Window::Last(_) => query.order_by_desc(Column::Id),
        };
        let found = query.limit(page.window.size() + 1).all(&self.reader).await?;
        Rows::cut(&page, found).try_map(key_of)
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

    /// Lets a key end at `end` at the latest, and keeps its successor: both or neither. Answers whether
    /// the key worked at `now`; if not, nothing is changed.
    pub async fn succeed_api_key(
        &self,
        tenant_id: i64,
        succession: Succession,
        successor: &ApiKey,
    ) -> Result<bool, StoreError> {
        let [now, end] = [succession.now, succession.end].map(cells::micros);
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.writer.begin_with_options(options).await?;
        let sooner = Expr::case(Column::ExpiresAt.lt(end), Column::ExpiresAt.into_expr());
        let ended = Entity::update_many()
            .col_expr(Column::ExpiresAt, sooner.finally(end).into())
            .filter(Column::TenantId.eq(tenant_id))
            .filter(Column::Id.eq(succession.id))
            .filter(Column::RevokedAt.is_null())
            .filter(Column::ExpiresAt.is_null().or(Column::ExpiresAt.gt(now)))
            .exec(&transaction)
            .await?;
        if ended.rows_affected == 0 {
            return Ok(false);
        }
        ActiveModel::from(row_of(tenant_id, successor)).insert(&transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Notes when keys of a tenant were used, in one statement for many. A later use that is noted
    /// already stays.
    pub async fn note_key_uses(
        &self,
        tenant_id: i64,
        uses: &[(Uuid, Time)],
    ) -> Result<(), StoreError> {
        for some in uses.chunks(USES_AT_ONCE) {
            let mut when = CaseStatement::new();
            for (id, at) in some {
                when = when.case(Column::Id.eq(*id), cells::micros(*at));
            }
            let used: Expr = when.into();
            let earlier =
                Column::LastUsedAt.is_null().or(Column::LastUsedAt.into_expr().lt(used.clone()));
            Entity::update_many()
                .col_expr(Column::LastUsedAt, used)
                .filter(Column::TenantId.eq(tenant_id))
                .filter(Column::Id.is_in(some.iter().map(|(id, _)| *id)))
                .filter(earlier)
                .exec(&self.writer)
                .await?;
        }
        Ok(())
    }
}

fn row_of(tenant_id: i64, key: &ApiKey) -> Model {
    Model {
        tenant_id,
        id: key.id,
        name: key.name.clone(),
        role: key.role.word().to_owned(),
        hash: key.hash.clone(),
        created_at: cells::micros(key.created_at),
        revoked_at: cells::micros_of(key.revoked_at),
        expires_at: cells::micros_of(key.expires_at),
        last_used_at: cells::micros_of(key.last_used_at),
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

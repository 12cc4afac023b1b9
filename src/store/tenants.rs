//! Tenants: made with their lane, found by slug or number.

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use serde_json::Map;

use super::paging::{Page, Rows, Window};
use super::rows::{Row, cells, lane, tenant};
use super::{Database, StoreError};
use crate::domain::records::Lane;
use crate::domain::time::Time;

/// A product whose users are rewarded.
#[derive(Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its number.
    pub id: i64,
    /// Its name in credentials and headers.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Its currency, when that is not the program's.
    pub currency: Option<String>,
    /// The program that it runs.
    pub program: String,
    /// With what its users' tokens are signed; a secret.
    pub jwt_secret: String,
    /// When it was made.
    pub created_at: Time,
}

/// A tenant to be made.
#[derive(Clone, PartialEq, Eq)]
pub struct NewTenant {
    /// Its name in credentials and headers.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Its currency, when that is not the program's.
    pub currency: Option<String>,
    /// The program that it runs.
    pub program: String,
    /// SHA-256 of the program's version in force.
    pub program_hash: String,
    /// With what its users' tokens are signed; a secret.
    pub jwt_secret: String,
    /// Now.
    pub created_at: Time,
}

impl std::fmt::Debug for Tenant {
    /// Without its secret.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (formatter.debug_struct("Tenant").field("id", &self.id).field("slug", &self.slug))
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for NewTenant {
    /// Without its secret.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("NewTenant").field("slug", &self.slug).finish_non_exhaustive()
    }
}

impl Database {
    /// Makes a tenant with its lane. [`StoreError::Unique`] when the slug is taken.
    pub async fn create_tenant(&self, new: NewTenant) -> Result<Tenant, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.writer.begin_with_options(options).await?;
        let row = tenant::ActiveModel {
            id: NotSet,
            slug: Set(new.slug),
            name: Set(new.name),
            currency: Set(new.currency),
            program: Set(new.program.clone()),
            jwt_secret: Set(new.jwt_secret),
            created_at: Set(cells::micros(new.created_at)),
        };
        let made = tenant::Entity::insert(row).exec_with_returning(&transaction).await?;
        let first = Lane {
            seq: 0,
            last_at: new.created_at,
            program: new.program,
            program_hash: new.program_hash,
            settings_version: 0,
            settings: Map::new(),
            users: 0,
            credited_referrals: 0,
        };
        let first = lane::ActiveModel::from(lane::Model::of(made.id, &first)?);
        lane::Entity::insert(first).exec_without_returning(&transaction).await?;
        transaction.commit().await?;
        tenant_of(made)
    }

    /// The tenant of a slug.
    pub async fn tenant_by_slug(&self, slug: &str) -> Result<Option<Tenant>, StoreError> {
        let found = tenant::Entity::find().filter(tenant::Column::Slug.eq(slug));
        found.one(&self.reader).await?.map(tenant_of).transpose()
    }

    /// The tenant of a number.
    pub async fn tenant_by_id(&self, id: i64) -> Result<Option<Tenant>, StoreError> {
        tenant::Entity::find_by_id(id).one(&self.reader).await?.map(tenant_of).transpose()
    }

    /// All tenants, in the order in which they were made.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        let all = tenant::Entity::find().order_by_asc(tenant::Column::Id);
        all.all(&self.reader).await?.into_iter().map(tenant_of).collect()
    }

    /// The time of the last change of any tenant; `None` while there is no tenant.
    pub async fn latest_at(&self) -> Result<Option<Time>, StoreError> {
        let latest: Option<Option<i64>> = lane::Entity::find()
            .select_only()
            .column_as(lane::Column::LastAt.max(), "latest")
            .into_tuple()
            .one(&self.reader)
            .await?;
        cells::time_of(latest.flatten())
    }

    /// Tenants in the order in which they were made; pages go by their numbers.
    pub async fn tenants_page(&self, page: Page<i64>) -> Result<Rows<Tenant>, StoreError> {
        let mut query = tenant::Entity::find();
        if let Some(after) = page.after {
            query = query.filter(tenant::Column::Id.gt(after));
        }
        if let Some(before) = page.before {
            query = query.filter(tenant::Column::Id.lt(before));
        }
        query = match page.window {
            Window::First(_) => query.order_by_asc(tenant::Column::Id),
            Window::Last(_) => query.order_by_desc(tenant::Column::Id),
        };
        let found = query.limit(page.window.size() + 1).all(&self.reader).await?;
        Rows::cut(&page, found).try_map(tenant_of)
    }
}

fn tenant_of(row: tenant::Model) -> Result<Tenant, StoreError> {
    Ok(Tenant {
        id: row.id,
        slug: row.slug,
        name: row.name,
        currency: row.currency,
        program: row.program,
        jwt_secret: row.jwt_secret,
        created_at: cells::time(row.created_at)?,
    })
}

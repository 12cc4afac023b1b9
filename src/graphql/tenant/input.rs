//! What is put in and given back about tenants.

use async_graphql::{Enum, ID, InputObject, SimpleObject};

use super::Tenant;
use crate::graphql::scalars::{DateTime, Json, instant};
use crate::operations::{keys, tenants};

/// What changes about the settings.
#[derive(InputObject)]
pub struct UpdateSettingsInput {
    /// Values by name: an object. Those left out stay; null restores a default.
    pub settings: Json,
}

/// A new tenant.
#[derive(InputObject)]
pub struct CreateTenantInput {
    /// Its name in credentials, headers and links: 1 to 40 of a-z, 0-9 and -.
    slug: String,
    /// Its name for people.
    name: String,
    /// Its currency.
    #[graphql(default_with = "Some(\"USD\".to_owned())")]
    currency: Option<String>,
    /// The program that it runs: a folder's name. The one for beginners when null.
    program: Option<String>,
}

impl From<CreateTenantInput> for tenants::NewTenant {
    fn from(input: CreateTenantInput) -> Self {
        Self {
            slug: input.slug,
            name: input.name,
            currency: input.currency,
            program: input.program,
        }
    }
}

/// A tenant after a change.
#[derive(SimpleObject)]
pub struct TenantPayload {
    /// The tenant.
    pub tenant: Tenant,
}

/// What the holder of a key may do.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "keys::KeyRole")]
pub enum ApiKeyRole {
    /// A product's own back end: for any user of its tenant.
    Service,
    /// A tenant's administrator.
    Admin,
}

/// A key, without what it is shown by: that is kept nowhere.
#[derive(SimpleObject, Clone)]
pub struct ApiKey {
    /// Its id.
    id: ID,
    /// Its name, which is shown on what its holder gives by hand.
    name: String,
    /// What its holder may do.
    role: ApiKeyRole,
    /// When it was made.
    created_at: DateTime,
    /// When it ends, or ended, by itself; null when it does not.
    expires_at: Option<DateTime>,
    /// When it was last used, to about a minute; null when it never was.
    last_used_at: Option<DateTime>,
    /// When it was revoked; null when it was not.
    revoked_at: Option<DateTime>,
}

impl From<keys::ApiKey> for ApiKey {
    fn from(key: keys::ApiKey) -> Self {
        Self {
            id: key.id.into(),
            name: key.name,
            role: key.role.into(),
            created_at: DateTime(key.created_at),
            expires_at: instant(key.expires_at),
            last_used_at: instant(key.last_used_at),
            revoked_at: instant(key.revoked_at),
        }
    }
}

/// A new key.
#[derive(InputObject)]
pub struct CreateApiKeyInput {
    /// Its name, which is shown on what its holder gives by hand.
    pub name: String,
    /// What its holder may do.
    pub role: ApiKeyRole,
    /// The tenant's slug; operators name it, admins have their own.
    pub tenant: Option<String>,
    /// When it ends by itself: at that very instant it works no more. Never when null.
    pub expires_at: Option<DateTime>,
}

/// A new key, shown this once.
#[derive(SimpleObject)]
pub struct CreateApiKeyPayload {
    /// The key's id, for `revokeApiKey`.
    pub id: ID,
    /// The key itself, for the header `Authorization: Bearer`. It is kept nowhere.
    pub key: String,
    /// When it ends by itself; null when it does not.
    pub expires_at: Option<DateTime>,
}

impl From<keys::NewKey> for CreateApiKeyPayload {
    fn from(made: keys::NewKey) -> Self {
        Self { id: made.id.into(), key: made.key, expires_at: instant(made.expires_at) }
    }
}

/// A key that another takes the place of.
#[derive(InputObject)]
pub struct RotateApiKeyInput {
    /// The key's id.
    id: ID,
    /// How long it goes on beside the new one, in seconds: 0 to 2592000, 30 days. It never lives longer than it would have.
    #[graphql(default = 86_400)]
    overlap_seconds: Option<i32>,
    /// When the new one ends by itself; never when null.
    expires_at: Option<DateTime>,
    /// The tenant's slug; operators name it, admins have their own.
    pub tenant: Option<String>,
}

impl From<RotateApiKeyInput> for keys::Rotation {
    fn from(input: RotateApiKeyInput) -> Self {
        Self {
            id: input.id.0,
            overlap_seconds: input.overlap_seconds.map_or(keys::OVERLAP_SECONDS, i64::from),
            expires_at: input.expires_at.map(|end| end.0),
        }
    }
}

/// A new key in the place of another, shown this once.
#[derive(SimpleObject)]
pub struct RotateApiKeyPayload {
    /// The new key's id.
    id: ID,
    /// The new key itself, for the header `Authorization: Bearer`. It is kept nowhere.
    key: String,
    /// When the new key ends by itself; null when it does not.
    expires_at: Option<DateTime>,
    /// The old key, with its end.
    previous: ApiKey,
}

impl From<keys::Rotated> for RotateApiKeyPayload {
    fn from(rotated: keys::Rotated) -> Self {
        let new = CreateApiKeyPayload::from(rotated.new);
        Self { id: new.id, key: new.key, expires_at: new.expires_at, previous: rotated.old.into() }
    }
}

/// Which key ends.
#[derive(InputObject)]
pub struct RevokeApiKeyInput {
    /// The key's id.
    pub id: ID,
}

/// A key that ended.
#[derive(SimpleObject)]
pub struct RevokeApiKeyPayload {
    /// The key's id.
    pub id: ID,
}

//! What is put in and given back about tenants.

use async_graphql::{Enum, ID, InputObject, SimpleObject};

use super::Tenant;
use crate::graphql::scalars::Json;
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

/// A new key.
#[derive(InputObject)]
pub struct CreateApiKeyInput {
    /// Its name, which is shown on what its holder gives by hand.
    pub name: String,
    /// What its holder may do.
    pub role: ApiKeyRole,
    /// The tenant's slug; operators name it, admins have their own.
    pub tenant: Option<String>,
}

/// A new key, shown this once.
#[derive(SimpleObject)]
pub struct CreateApiKeyPayload {
    /// The key's id, for `revokeApiKey`.
    pub id: ID,
    /// The key itself, for the header `Authorization: Bearer`. It is kept nowhere.
    pub key: String,
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

//! Changes of tenants and keys.

use async_graphql::{Context, ID, Object};

use super::{
    CreateApiKeyInput, CreateApiKeyPayload, CreateTenantInput, RevokeApiKeyInput,
    RevokeApiKeyPayload, RotateApiKeyInput, RotateApiKeyPayload, Tenant, TenantPayload,
    UpdateSettingsInput,
};
use crate::graphql::error::Result;
use crate::graphql::loaders::call;
use crate::operations::keys::{self, Wanted};
use crate::operations::{settings, tenants};

/// Changes of tenants and keys.
#[derive(Default)]
pub struct TenantMutation;

#[Object]
impl TenantMutation {
    /// Changes values that rules read as `settings`; they are merged into the program's defaults. Null restores a default. Needs an admin key.
    async fn update_settings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which values.")] input: UpdateSettingsInput,
    ) -> Result<TenantPayload> {
        let tenant = settings::update(call(ctx)?, input.settings.0).await?;
        Ok(TenantPayload { tenant: Tenant(tenant) })
    }

    /// Makes a tenant. Needs the operator key.
    async fn create_tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tenant.")] input: CreateTenantInput,
    ) -> Result<TenantPayload> {
        let tenant = tenants::create(call(ctx)?, input.into()).await?;
        Ok(TenantPayload { tenant: Tenant(tenant) })
    }

    /// Makes a key for a back end or an administrator; it is shown once, in this payload. Needs an admin key.
    async fn create_api_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "For what, with which rights.")] input: CreateApiKeyInput,
    ) -> Result<CreateApiKeyPayload> {
        let expires_at = input.expires_at.map(|end| end.0);
        let wanted = Wanted { name: input.name, role: input.role.into(), expires_at };
        Ok(keys::create(call(ctx)?, input.tenant.as_deref(), wanted).await?.into())
    }

    /// Makes a key of the same name and rights as another, which goes on for a while, so that nothing stops while the new one is put in its place; it is shown once, in this payload. The same again makes yet another. Needs an admin key.
    async fn rotate_api_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which key, and how long it goes on.")] input: RotateApiKeyInput,
    ) -> Result<RotateApiKeyPayload> {
        let slug = input.tenant.clone();
        Ok(keys::rotate(call(ctx)?, slug.as_deref(), input.into()).await?.into())
    }

    /// Ends a key: it stops working with this answer, on other servers within 5 seconds. Needs an admin key.
    async fn revoke_api_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which key.")] input: RevokeApiKeyInput,
    ) -> Result<RevokeApiKeyPayload> {
        let id = keys::revoke(call(ctx)?, &input.id).await?;
        Ok(RevokeApiKeyPayload { id: ID::from(id) })
    }
}

//! A tenant's own settings, over its program's defaults.

use serde_json::Value;

use super::submit::{Draft, submit};
use super::tenants::{self, Tenant};
use super::{Call, input};
use crate::domain::command::Body;
use crate::domain::refusal::Refusal;

/// Changes settings; null restores a default. Needs an admin key.
pub async fn update(call: &Call, settings: Value) -> Result<Tenant, Refusal> {
    call.caller.require_admin()?;
    let tenant = call.tenant()?;
    let settings = input::object("settings", Some(settings))?;
    call.operations.programs.of(tenant).await?.check_change(&settings)?;
    submit(call, Draft::new(None, Body::UpdateSettings { settings })).await?;
    tenants::row(&call.operations, tenant.id).await
}

//! API keys: `gdn_service_<slug>.<secret>` and `gdn_admin_<slug>.<secret>`, shown once and kept as
//! a keyed digest.

use std::sync::Arc;

use uuid::Uuid;

use super::failure::of_change;
use super::tenants::{self, Tenant};
use super::{Call, Operations, input, secrets};
use crate::domain::caller::Role;
use crate::domain::refusal::Refusal;
use crate::store::ApiKey;

pub use crate::store::KeyRole;

/// The role's name, as it stands in keys.
const fn name_of(role: KeyRole) -> &'static str {
    match role {
        KeyRole::Service => "service",
        KeyRole::Admin => "admin",
    }
}

/// A key, shown this once.
pub struct NewKey {
    /// Its id.
    pub id: Uuid,
    /// The key itself.
    pub key: String,
}

/// Makes a key for one's own tenant; the operator names the tenant. Needs an admin key.
pub async fn create(
    call: &Call,
    slug: Option<&str>,
    name: String,
    role: KeyRole,
) -> Result<NewKey, Refusal> {
    call.caller.require_admin()?;
    input::word("name", &name)?;
    let tenant = match slug {
        Some(slug) => tenants::named(call, slug).await?,
        None => tenants::row(&call.operations, call.tenant()?.id).await?,
    };
    let made = make(&call.operations, &tenant, name, role).await?;
    call.note_done();
    Ok(made)
}

/// The name under which `guerdon import` grants, as a key of this name would: no key may have it.
pub const OF_IMPORTS: &str = "import";

/// Makes a key for a tenant; BAD_USER_INPUT for a name that is taken by the server itself.
pub async fn make(
    operations: &Operations,
    tenant: &Tenant,
    name: String,
    role: KeyRole,
) -> Result<NewKey, Refusal> {
    if name == OF_IMPORTS {
        return Err(Refusal::bad_input(format!(
            "The name {OF_IMPORTS} is kept for what guerdon import grants: give the key another name."
        )));
    }
    let key = format!("gdn_{}_{}.{}", name_of(role), tenant.reference.slug, secrets::random_hex()?);
    let id = Uuid::now_v7();
    let row = ApiKey {
        id,
        name,
        role,
        hash: tenant.secret.digest("api key", &key),
        created_at: operations.clock.now(),
        revoked_at: None,
        expires_at: None,
        last_used_at: None,
    };
    operations.database.create_api_key(tenant.reference.id, &row).await.map_err(of_change)?;
    Ok(NewKey { id, key })
}

/// Ends a key: it stops working here with this answer, elsewhere within the time that other servers
/// remember keys. Needs an admin key; the operator names the tenant by header.
pub async fn revoke(call: &Call, id: &str) -> Result<Uuid, Refusal> {
    call.caller.require_admin()?;
    let id = input::own_id("API key", id)?;
    let tenant_id = call.tenant()?.id;
    let now = call.now();
    let revoked = call.operations.database.revoke_api_key(tenant_id, id, now).await;
    if !revoked.map_err(of_change)? {
        return Err(Refusal::not_found(format!("There is no API key with the id {id}.")));
    }
    call.note_done();
    call.operations.credentials.forget_keys();
    Ok(id)
}

/// The tenant's slug and the role that a key names; `None` when it is no key of ours.
pub fn parts(key: &str) -> Option<(KeyRole, &str)> {
    let (role, rest) = key.strip_prefix("gdn_")?.split_once('_')?;
    let (slug, secret) = rest.split_once('.')?;
    let whole = secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
    let role =
        [KeyRole::Service, KeyRole::Admin].into_iter().find(|known| name_of(*known) == role)?;
    whole.then_some((role, slug))
}

/// The rights of a key that the tenant has; `None` when it has no such key, or ended it.
pub async fn check(
    operations: &Operations,
    tenant: &Tenant,
    key: &str,
) -> Result<Option<Role>, Refusal> {
    let Some((role, _)) = parts(key) else { return Ok(None) };
    let hash = tenant.secret.digest("api key", key);
    let id = tenant.reference.id;
    let found = operations.credentials.key(&operations.database, id, &hash).await?;
    let holds =
        |found: &Arc<ApiKey>| found.role == role && found.is_valid_at(operations.clock.now());
    Ok(found.filter(holds).map(|found| match role {
        KeyRole::Service => Role::Service(found.name.clone()),
        KeyRole::Admin => Role::Admin(found.name.clone()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_role_and_its_tenant() {
        let secret = "0".repeat(64);
        let key = format!("gdn_admin_acme-2.{secret}");
        assert_eq!(parts(&key), Some((KeyRole::Admin, "acme-2")));
        for wrong in ["", "gdn_admin_acme", "gdn_root_acme.00", "gdn_admin_acme.00"] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }
}

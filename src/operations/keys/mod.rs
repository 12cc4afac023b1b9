//! API keys: `gdn_service_<slug>.<secret>` and `gdn_admin_<slug>.<secret>`, shown once and kept as
//! a keyed digest.

mod rotate;
pub mod uses;

use std::sync::Arc;

use uuid::Uuid;

use super::failure::of_change;
use super::page::{Page, PageRequest, Spot};
use super::tenants::{self, Tenant};
use super::{Call, Operations, input, secrets};
use crate::domain::caller::Role;
use crate::domain::refusal::Refusal;
use crate::domain::time::Time;

pub use crate::store::{ApiKey, KeyRole};
pub use rotate::{OVERLAP_SECONDS, Rotated, Rotation, replace, rotate};

/// The role's name, as it stands in keys.
const fn name_of(role: KeyRole) -> &'static str {
    match role {
        KeyRole::Service => "service",
        KeyRole::Admin => "admin",
    }
}

/// A key to be made.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its name, by which it is known in the ledger.
    pub name: String,
    /// What its holder may do.
    pub role: KeyRole,
    /// When it ends by itself, exclusive; never, when left out.
    pub expires_at: Option<Time>,
}

/// A key, shown this once.
pub struct NewKey {
    /// Its id.
    pub id: Uuid,
    /// The key itself.
    pub key: String,
    /// When it ends by itself.
    pub expires_at: Option<Time>,
}

/// Makes a key for one's own tenant; the operator names the tenant. Needs an admin key.
pub async fn create(call: &Call, slug: Option<&str>, wanted: Wanted) -> Result<NewKey, Refusal> {
    call.caller.require_admin()?;
    input::word("name", &wanted.name)?;
    let tenant = of_call(call, slug).await?;
    let made = make(&call.operations, &tenant, wanted).await?;
    call.note_done();
    Ok(made)
}

/// The tenant that a call about keys is for.
async fn of_call(call: &Call, slug: Option<&str>) -> Result<Tenant, Refusal> {
    match slug {
        Some(slug) => tenants::named(call, slug).await,
        None => tenants::row(&call.operations, call.tenant()?.id).await,
    }
}

/// The name under which `guerdon import` grants, as a key of this name would: no key may have it.
pub const OF_IMPORTS: &str = "import";

/// Makes a key for a tenant; BAD_USER_INPUT for a name that is taken by the server itself, and for an
/// end that is not to come.
pub async fn make(
    operations: &Operations,
    tenant: &Tenant,
    wanted: Wanted,
) -> Result<NewKey, Refusal> {
    if wanted.name == OF_IMPORTS {
        return Err(Refusal::bad_input(format!(
            "The name {OF_IMPORTS} is kept for what guerdon import grants: give the key another name."
        )));
    }
    let (row, made) = prepare(operations, tenant, wanted)?;
    operations.database.create_api_key(tenant.reference.id, &row).await.map_err(of_change)?;
    Ok(made)
}

/// A new key, and the row in which it is kept without its secret.
fn prepare(
    operations: &Operations,
    tenant: &Tenant,
    wanted: Wanted,
) -> Result<(ApiKey, NewKey), Refusal> {
    let Wanted { name, role, expires_at } = wanted;
    let now = operations.clock.now();
    if expires_at.is_some_and(|end| end <= now) {
        return Err(Refusal::bad_input("expiresAt is over already: give a time to come."));
    }
    let key = format!("gdn_{}_{}.{}", name_of(role), tenant.reference.slug, secrets::random_hex()?);
    let id = Uuid::now_v7();
    let row = ApiKey {
        id,
        name,
        role,
        hash: tenant.secret.digest("api key", &key),
        created_at: now,
        revoked_at: None,
        expires_at,
        last_used_at: None,
    };
    Ok((row, NewKey { id, key, expires_at }))
}

/// The tenant's keys, ended ones too, the oldest first; never the keys themselves. Needs an admin key.
pub async fn list(
    call: &Call,
    tenant: &Tenant,
    request: PageRequest,
) -> Result<Page<ApiKey>, Refusal> {
    call.caller.require_admin()?;
    let id_of = |spot: &Spot| Uuid::try_parse(spot.text.as_deref()?).ok();
    let page = request.keyed(id_of)?;
    let found = call.operations.database.api_keys_page(tenant.reference.id, page).await?;
    let place = |key: &ApiKey| Spot { numbers: Vec::new(), text: Some(key.id.to_string()) };
    Ok(Page::of(found, place, None))
}

/// Ends a key: it stops working here with this answer, elsewhere within the time that other servers
/// remember keys. Needs an admin key; the operator names the tenant by header.
pub async fn revoke(call: &Call, id: &str) -> Result<Uuid, Refusal> {
    call.caller.require_admin()?;
    let id = input::own_id("API key", id)?;
    end(&call.operations, call.tenant()?.id, id).await?;
    call.note_done();
    Ok(id)
}

/// Ends a key of a tenant; NOT_FOUND when the tenant has no such key.
pub async fn end(operations: &Operations, tenant_id: i64, id: Uuid) -> Result<(), Refusal> {
    let revoked = operations.database.revoke_api_key(tenant_id, id, operations.clock.now()).await;
    if !revoked.map_err(of_change)? {
        return Err(unknown(id));
    }
    operations.credentials.forget_keys();
    Ok(())
}

fn unknown(id: Uuid) -> Refusal {
    Refusal::not_found(format!("There is no API key with the id {id}."))
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

/// The rights of a key that the tenant has, whose use is noted; `None` when it has no such key, or it
/// has ended.
pub async fn check(
    operations: &Operations,
    tenant: &Tenant,
    key: &str,
) -> Result<Option<Role>, Refusal> {
    let Some((role, _)) = parts(key) else { return Ok(None) };
    let hash = tenant.secret.digest("api key", key);
    let id = tenant.reference.id;
    let found = operations.credentials.key(&operations.database, id, &hash).await?;
    let now = operations.clock.now();
    let holds = |found: &Arc<ApiKey>| found.role == role && found.is_valid_at(now);
    let Some(found) = found.filter(holds) else { return Ok(None) };
    operations.credentials.uses.note(id, &found, now);
    Ok(Some(match role {
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

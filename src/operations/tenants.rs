//! Tenants: made, found, and their settings.

use std::sync::Arc;

use serde_json::Value;

use super::page::{Page, PageRequest, Spot};
use super::programs::InForce;
use super::secrets::TenantSecret;
use super::submit::{Draft, submit};
use super::{Call, Operations, input, secrets};
use crate::domain::caller::{Role, TenantRef};
use crate::domain::command::Body;
use crate::domain::money;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Time;
use crate::store;

/// A product whose users are rewarded.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its number and slug.
    pub reference: TenantRef,
    /// Its name for people.
    pub name: String,
    /// Its secret.
    pub secret: TenantSecret,
    /// When it was made.
    pub created_at: Time,
}

impl From<store::Tenant> for Tenant {
    fn from(row: store::Tenant) -> Self {
        Self {
            reference: TenantRef { id: row.id, slug: row.slug },
            name: row.name,
            secret: TenantSecret::new(row.jwt_secret),
            created_at: row.created_at,
        }
    }
}

/// A tenant to be made.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each field is the field of the API's input with the same name")]
pub struct NewTenant {
    pub slug: String,
    pub name: String,
    pub currency: String,
    pub program: Option<String>,
}

/// Makes a tenant. Needs the operator key.
pub async fn create(call: &Call, new: NewTenant) -> Result<Tenant, Refusal> {
    call.caller.require_operator()?;
    make(&call.operations, new).await
}

/// Makes a tenant that runs a program; ALREADY_EXISTS when the slug is taken.
pub async fn make(operations: &Operations, new: NewTenant) -> Result<Tenant, Refusal> {
    check_slug(&new.slug)?;
    input::word("name", &new.name)?;
    if !money::is_currency(&new.currency) {
        return Err(Refusal::bad_input("currency must be a code of ISO 4217, as in USD."));
    }
    let program = operations.programs.for_new_tenant(new.program.as_deref()).await?;
    // What is no money in the program is none for its tenants either.
    let own = money::is_currency(&program.unit) && program.unit != new.currency;
    let row = store::NewTenant {
        slug: new.slug,
        name: new.name,
        currency: own.then_some(new.currency),
        program: program.name.clone(),
        program_hash: program.hash.clone(),
        jwt_secret: secrets::random_hex()?,
        created_at: operations.clock.now(),
    };
    match operations.database.create_tenant(row).await {
        Ok(made) => Ok(made.into()),
        Err(error) if error.is_unique() => {
            Err(Refusal::new(Code::AlreadyExists, "This slug is taken: choose another."))
        }
        Err(error) => Err(error.into()),
    }
}

fn check_slug(slug: &str) -> Result<(), Refusal> {
    let plain = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if (1..=40).contains(&slug.len()) && slug.bytes().all(plain) {
        return Ok(());
    }
    Err(Refusal::bad_input("slug must be 1 to 40 of a-z, 0-9 and -."))
}

/// The tenant with this number, who must be there.
pub async fn row(operations: &Operations, id: i64) -> Result<Tenant, Refusal> {
    let look_up = async {
        let found = operations.database.tenant_by_id(id).await?;
        found.map(Tenant::from).ok_or_else(|| Refusal::internal("a tenant is gone"))
    };
    let found = operations.credentials.tenants.try_get_with(id, look_up).await;
    found.map_err(|refusal| Refusal::clone(&refusal))
}

/// The tenant with this slug, if there is one.
pub async fn by_slug(operations: &Operations, slug: &str) -> Result<Option<Tenant>, Refusal> {
    if check_slug(slug).is_err() {
        return Ok(None);
    }
    if let Some(id) = operations.credentials.slugs.get(slug).await {
        return row(operations, id).await.map(Some);
    }
    let Some(found) = operations.database.tenant_by_slug(slug).await?.map(Tenant::from) else {
        return Ok(None);
    };
    operations.credentials.slugs.insert(slug.to_owned(), found.reference.id).await;
    Ok(Some(found))
}

/// The tenant that an administrator's call names: the own one. Another is FORBIDDEN to all but the
/// operator, to whom an unknown one is NOT_FOUND.
pub async fn named(call: &Call, slug: &str) -> Result<Tenant, Refusal> {
    let own = call.caller.tenant.as_ref().is_some_and(|tenant| tenant.slug == slug);
    if !own && call.caller.role != Role::Operator {
        return Err(Refusal::forbidden("A tenant's key speaks only for that tenant: leave tenant out."));
    }
    let found = by_slug(&call.operations, slug).await?;
    found.ok_or_else(|| Refusal::not_found(format!("There is no tenant {slug:?}.")))
}

/// The tenant of the credential. Needs an admin key.
pub async fn own(call: &Call) -> Result<Tenant, Refusal> {
    call.caller.require_admin()?;
    row(&call.operations, call.tenant()?.id).await
}

/// Every tenant, the oldest first. Needs the operator key.
pub async fn list(call: &Call, request: PageRequest) -> Result<Page<Tenant>, Refusal> {
    call.caller.require_operator()?;
    let found = call.operations.database.tenants_page(request.keyed(Spot::number)?).await?;
    let found = found.map(Tenant::from);
    let place = |tenant: &Tenant| Spot { numbers: vec![tenant.reference.id], text: None };
    Ok(Page::of(found, place, None))
}

/// What is in force for a tenant.
pub async fn in_force(call: &Call, tenant: &Tenant) -> Result<Arc<InForce>, Refusal> {
    call.operations.programs.of(&tenant.reference).await
}

/// Changes settings; null restores a default. Needs an admin key.
pub async fn update_settings(call: &Call, settings: Value) -> Result<Tenant, Refusal> {
    call.caller.require_admin()?;
    let settings = input::object("settings", Some(settings))?;
    submit(call, Draft::new(None, Body::UpdateSettings { settings })).await?;
    row(&call.operations, call.tenant()?.id).await
}

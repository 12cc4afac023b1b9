//! Tenants: made, found, and their settings.

use std::sync::Arc;

use super::failure::of_change;
use super::page::{Page, PageRequest, Spot};
use super::programs::InForce;
use super::secrets::TenantSecret;
use super::{Call, Operations, input, secrets};
use crate::domain::caller::{Role, TenantRef};
use crate::domain::money;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rules::RuleError;
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
    pub currency: Option<String>,
    pub program: Option<String>,
}

/// Makes a tenant. Needs the operator key.
pub async fn create(call: &Call, new: NewTenant) -> Result<Tenant, Refusal> {
    call.caller.require_operator()?;
    let made = make(&call.operations, new).await?;
    call.note_done();
    Ok(made)
}

/// Makes a tenant that runs a program; ALREADY_EXISTS when the slug is taken.
pub async fn make(operations: &Operations, new: NewTenant) -> Result<Tenant, Refusal> {
    check_slug(&new.slug)?;
    input::word("name", &new.name)?;
    if new.currency.as_deref().is_some_and(|code| !money::is_currency(code)) {
        return Err(Refusal::bad_input("currency must be a code of ISO 4217, as in USD."));
    }
    let program = operations.programs.for_new_tenant(new.program.as_deref()).await;
    let program = program.map_err(|refusal| match refusal.code {
        Code::NotFound => Refusal { code: Code::BadUserInput, ..refusal },
        _ => refusal,
    })?;
    // What is no money in the program is none for its tenants either.
    let own = |code: &String| money::is_currency(&program.unit) && *code != program.unit;
    let row = store::NewTenant {
        slug: new.slug,
        name: new.name,
        currency: new.currency.filter(own),
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
        Err(error) => Err(of_change(error)),
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
    Ok(operations.credentials.tenant(&operations.database, id).await?.into())
}

/// The tenant with this slug, if there is one.
pub async fn by_slug(operations: &Operations, slug: &str) -> Result<Option<Tenant>, Refusal> {
    if check_slug(slug).is_err() {
        return Ok(None);
    }
    let found = operations.credentials.tenant_by_slug(&operations.database, slug).await?;
    Ok(found.map(Tenant::from))
}

/// The secret of the call's tenant.
pub async fn secret(call: &Call) -> Result<TenantSecret, Refusal> {
    Ok(row(&call.operations, call.tenant()?.id).await?.secret)
}

/// The tenant that an administrator's call names: the own one. Another is FORBIDDEN to all but the
/// operator, to whom an unknown one is NOT_FOUND.
pub async fn named(call: &Call, slug: &str) -> Result<Tenant, Refusal> {
    let own = call.caller.tenant.as_ref().is_some_and(|tenant| tenant.slug == slug);
    if !own && call.caller.role != Role::Operator {
        return Err(Refusal::forbidden(
            "A tenant's key speaks only for that tenant: leave tenant out.",
        ));
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
    let place = |id| Spot { numbers: vec![id], text: None };
    let entries = found.rows.into_iter().map(|row| (place(row.id), row.into())).collect();
    Ok(Page { entries, has_next: found.has_next, has_previous: found.has_previous, total: None })
}

/// What is in force for a tenant.
pub async fn in_force(call: &Call, tenant: &Tenant) -> Result<Arc<InForce>, Refusal> {
    call.operations.programs.of(&tenant.reference).await
}

/// What is wrong with the tenant's program: a newer folder that was refused, or a setting that no
/// longer fits.
pub async fn program_error(call: &Call, in_force: &InForce) -> Result<Option<RuleError>, Refusal> {
    Ok(call.operations.programs.error_of(in_force).await?)
}

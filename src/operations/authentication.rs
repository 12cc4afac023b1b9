//! Who calls: credentials looked at.

use super::tenants::{self, Tenant};
use super::{Operations, identity, keys, tokens};
use crate::domain::caller::{Caller, Role};
use crate::domain::refusal::{Code, Refusal};

/// What a caller shows.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// What follows `Bearer` in the header Authorization.
    pub bearer: Option<String>,
    /// The tenant's slug in the header X-Tenant.
    pub tenant: Option<String>,
}

/// Finds out who calls. Nothing shown is anyone; something shown that does not hold is
/// UNAUTHENTICATED, and a tenant named beside a credential of another FORBIDDEN.
pub async fn authenticate(operations: &Operations, shown: &Shown) -> Result<Caller, Refusal> {
    let Some(bearer) = &shown.bearer else {
        let tenant = named(operations, shown.tenant.as_deref()).await?;
        return Ok(Caller { tenant: tenant.map(|tenant| tenant.reference), role: Role::Public });
    };
    if operations.credentials.is_operator(bearer) {
        let tenant = named(operations, shown.tenant.as_deref()).await?;
        return Ok(Caller { tenant: tenant.map(|tenant| tenant.reference), role: Role::Operator });
    }
    let (tenant, role) = if identity::may_be_a_providers(bearer) {
        of_provider(operations, shown, bearer).await?
    } else {
        own(operations, bearer).await?.ok_or_else(|| {
            Refusal::new(
                Code::Unauthenticated,
                "This credential does not hold: send a key or an unexpired user token in the header Authorization: Bearer.",
            )
        })?
    };
    match &shown.tenant {
        Some(slug) if *slug != tenant.reference.slug => Err(Refusal::forbidden(
            "The header X-Tenant names another tenant than the credential: leave it out.",
        )),
        _ => Ok(Caller { tenant: Some(tenant.reference), role }),
    }
}

/// The tenant and the rights of a key or a token of ours; `None` when it does not hold.
async fn own(operations: &Operations, bearer: &str) -> Result<Option<(Tenant, Role)>, Refusal> {
    let as_key = keys::parts(bearer);
    let slug = match as_key {
        Some((_, slug)) => slug.to_owned(),
        None => match tokens::named_tenant(bearer) {
            Some(slug) => slug,
            None => return Ok(None),
        },
    };
    let Some(tenant) = tenants::by_slug(operations, &slug).await? else { return Ok(None) };
    let role = match as_key {
        Some(_) => keys::check(operations, &tenant, bearer).await?,
        None => tokens::check(&tenant.secret, bearer, operations.clock.now())
            .filter(|claims| claims.tenant == slug)
            .map(|claims| Role::User(claims.sub)),
    };
    Ok(role.map(|role| (tenant, role)))
}

/// The tenant and the user of a token that the tenant's identity provider signed. Which tenant, the
/// caller says: the token does not.
async fn of_provider(
    operations: &Operations,
    shown: &Shown,
    token: &str,
) -> Result<(Tenant, Role), Refusal> {
    let unknown = |message| Refusal::new(Code::Unauthenticated, message);
    let tenant = named(operations, shown.tenant.as_deref()).await?.ok_or_else(|| {
        unknown(
            "This token is of an identity provider: name the tenant too, in the header X-Tenant.",
        )
    })?;
    let provider = operations.providers.of(&operations.programs, &tenant.reference).await?;
    let provider = provider.ok_or_else(|| {
        unknown("This tenant names no identity provider, in [auth] of its program: send a token of issueUserToken.")
    })?;
    let user = operations.providers.user(&provider, token, operations.clock.now()).await?;
    Ok((tenant, Role::User(user)))
}

/// The tenant that an anonymous caller or the operator names; NOT_FOUND when there is none.
async fn named(operations: &Operations, slug: Option<&str>) -> Result<Option<Tenant>, Refusal> {
    let Some(slug) = slug else { return Ok(None) };
    match tenants::by_slug(operations, slug).await? {
        Some(tenant) => Ok(Some(tenant)),
        None => {
            Err(Refusal::not_found("X-Tenant names no tenant of this server: check its spelling."))
        }
    }
}

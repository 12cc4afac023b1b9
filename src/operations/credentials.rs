//! Who calls: credentials looked at, with what was looked up remembered for a moment.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::tenants::{self, Tenant};
use super::{Operations, keys, tokens};
use crate::domain::caller::{Caller, Role};
use crate::domain::refusal::{Code, Refusal};
use crate::store::ApiKey;

/// How long a key that was looked up is remembered: an ended one works so long on other servers.
const KEY_SECONDS: u64 = 4;
/// How long a tenant that was looked up is remembered; what is kept of it does not change.
const TENANT_SECONDS: u64 = 60;
/// How many of each are remembered.
const CAPACITY: u64 = 10_000;

/// The operator's key, and what was looked up lately.
pub struct Credentials {
    /// SHA-256 of the operator's key.
    operator: Option<[u8; 32]>,
    keys: Cache<(i64, String), Option<Arc<ApiKey>>>,
    /// Tenants by number.
    pub(super) tenants: Cache<i64, Tenant>,
    /// Tenants' numbers by slug.
    pub(super) slugs: Cache<String, i64>,
}

/// What a caller shows.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// What follows `Bearer` in the header Authorization.
    pub bearer: Option<String>,
    /// The tenant's slug in the header X-Tenant.
    pub tenant: Option<String>,
}

impl Credentials {
    /// Without an operator key nobody is the operator.
    #[must_use]
    pub fn new(operator_key: Option<&str>) -> Self {
        let remember = |seconds| Duration::from_secs(seconds);
        Self {
            operator: operator_key.map(|key| Sha256::digest(key.as_bytes()).into()),
            keys: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(remember(KEY_SECONDS))
                .build(),
            tenants: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(remember(TENANT_SECONDS))
                .build(),
            slugs: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(remember(TENANT_SECONDS))
                .build(),
        }
    }

    /// Compared in constant time, and by digests, so that not even the length can be told.
    fn is_operator(&self, key: &str) -> bool {
        let shown: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        self.operator.is_some_and(|own| bool::from(own.ct_eq(&shown)))
    }

    /// Looks keys up anew from now on.
    pub fn forget_keys(&self) {
        self.keys.invalidate_all();
    }

    /// The tenant's key with this digest, unless it was ended.
    pub(super) async fn key(
        &self,
        operations: &Operations,
        tenant: &Tenant,
        hash: &str,
    ) -> Result<Option<Arc<ApiKey>>, Refusal> {
        let name = (tenant.reference.id, hash.to_owned());
        let database = &operations.database;
        let look_up = async {
            let found = database.api_key(tenant.reference.id, hash).await?;
            Ok::<_, Refusal>(found.filter(|key| key.revoked_at.is_none()).map(Arc::new))
        };
        let found = self.keys.try_get_with(name, look_up).await;
        found.map_err(|refusal| Refusal::clone(&refusal))
    }
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
    let (tenant, role) = own(operations, bearer).await?.ok_or_else(|| {
        Refusal::new(
            Code::Unauthenticated,
            "This credential does not hold: send a key or an unexpired user token in the header Authorization: Bearer.",
        )
    })?;
    match &shown.tenant {
        Some(slug) if *slug != tenant.reference.slug => Err(Refusal::forbidden(
            "The header X-Tenant names another tenant than the credential: leave it out.",
        )),
        _ => Ok(Caller { tenant: Some(tenant.reference), role }),
    }
}

/// The tenant and the rights of a key or a token; `None` when it does not hold.
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

/// The tenant that an anonymous caller or the operator names; NOT_FOUND when there is none.
async fn named(operations: &Operations, slug: Option<&str>) -> Result<Option<Tenant>, Refusal> {
    let Some(slug) = slug else { return Ok(None) };
    match tenants::by_slug(operations, slug).await? {
        Some(tenant) => Ok(Some(tenant)),
        None => Err(Refusal::not_found("X-Tenant names no tenant of this server: check its spelling.")),
    }
}

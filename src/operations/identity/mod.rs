//! Identity providers: whether a token is the provider's, and whom it names.
//!
//! Only what `program.toml` says decides how a token is checked: its own header can choose among the
//! algorithms that are listed there and the keys that were fetched, and brings nothing in.

mod claims;
mod fetch;
mod keys;
mod ring;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm as Alg, Header};
use moka::future::Cache;

use super::programs::Programs;
use crate::domain::caller::TenantRef;
use crate::domain::provider::{Algorithm, KeySource, Provider};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Time;
use claims::Claims;
use keys::{KeySet, Unproven};
use ring::Ring;

/// For how long it is remembered which provider a tenant has: sockets ask again and again.
const REMEMBERED: Duration = Duration::from_secs(1);
/// How many tenants' providers, and how many addresses' keys, are kept.
const CAPACITY: u64 = 10_000;
/// How long a token can be, in bytes.
const LONGEST_TOKEN: usize = 16 * 1_024;

/// The kinds of token that are taken (RFC 8725, section 3.11): not one, say, that ends a session.
const TYPES: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// The providers that were asked for lately, and their keys.
pub struct Providers {
    of_tenants: Cache<i64, Option<Arc<Provider>>>,
    rings: Cache<String, Arc<Ring>>,
}

impl Default for Providers {
    fn default() -> Self {
        let of_tenants = Cache::builder().max_capacity(CAPACITY).time_to_live(REMEMBERED).build();
        Self { of_tenants, rings: Cache::new(CAPACITY) }
    }
}

impl Providers {
    /// The tenant's provider, as its program names it, or named it a second ago.
    pub async fn of(
        &self,
        programs: &Programs,
        tenant: &TenantRef,
    ) -> Result<Option<Arc<Provider>>, Refusal> {
        let look_up = async { Ok::<_, Refusal>(programs.of(tenant).await?.program.auth.clone()) };
        let found = self.of_tenants.try_get_with(tenant.id, look_up).await;
        found.map_err(|refusal| Refusal::clone(&refusal))
    }

    /// The tenant's own id of the user whom a token of the provider's names at `now`. UNAUTHENTICATED
    /// when it does not hold, and OVERLOADED when that cannot be found out now.
    pub async fn user(
        &self,
        provider: &Provider,
        token: &str,
        now: Time,
    ) -> Result<String, Refusal> {
        let (header, algorithm) = admitted(provider, token).map_err(refused)?;
        let claims = match &provider.keys {
            KeySource::Pem { text, kind } => {
                KeySet::of_pem(text, *kind).claims(token, &header, algorithm)
            }
            KeySource::Jwks(address) => {
                let check = |keys: &KeySet| keys.claims(token, &header, algorithm);
                proven(&self.at(address).await, check, now).await?
            }
        };
        let claims = claims.map_err(|unproven| {
            refused(match unproven {
                Unproven::UnknownKey => "the identity provider has no key that signed it",
                Unproven::Forged => "its signature is wrong",
            })
        })?;
        claims::user(&claims, provider, now).map_err(refused)
    }

    async fn at(&self, address: &str) -> Arc<Ring> {
        let ring = async { Arc::new(Ring::new(address.to_owned())) };
        self.rings.get_with_by_ref(address, ring).await
    }
}

/// Checks a token with the keys at hand, and once more with newer ones when its own is not among them.
async fn proven(
    ring: &Arc<Ring>,
    check: impl Fn(&KeySet) -> Result<Claims, Unproven>,
    now: Time,
) -> Result<Result<Claims, Unproven>, Refusal> {
    let keys = ring.keys(now).await?;
    let claims = check(&keys);
    if claims != Err(Unproven::UnknownKey) {
        return Ok(claims);
    }
    Ok(match ring.newer(&keys, now).await {
        Some(keys) => check(&keys),
        None => claims,
    })
}

/// The header of a token that may be checked at all, and how it is signed.
fn admitted(provider: &Provider, token: &str) -> Result<(Header, Algorithm), &'static str> {
    if token.len() > LONGEST_TOKEN {
        return Err("it is too long");
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| "its header cannot be read")?;
    let listed = algorithm(header.alg).filter(|found| provider.algorithms.contains(found));
    let algorithm = listed.ok_or("its algorithm is none of the tenant's")?;
    let typ = header.typ.as_ref().map(|typ| typ.to_ascii_lowercase());
    if typ.is_some_and(|typ| !TYPES.contains(&typ.as_str())) {
        return Err("it is another kind of token, by typ");
    }
    if header.crit.is_some() {
        return Err("its header asks for what is not known here, by crit");
    }
    Ok((header, algorithm))
}

/// The algorithm as programs know it; `None` for those of shared secrets.
fn algorithm(named: Alg) -> Option<Algorithm> {
    Some(match named {
        Alg::RS256 => Algorithm::Rs256,
        Alg::RS384 => Algorithm::Rs384,
        Alg::RS512 => Algorithm::Rs512,
        Alg::PS256 => Algorithm::Ps256,
        Alg::PS384 => Algorithm::Ps384,
        Alg::PS512 => Algorithm::Ps512,
        Alg::ES256 => Algorithm::Es256,
        Alg::ES384 => Algorithm::Es384,
        Alg::EdDSA => Algorithm::EdDsa,
        _ => return None,
    })
}

/// Is this a token that an identity provider may have signed? Our own are signed otherwise.
#[must_use]
pub fn may_be_a_providers(token: &str) -> bool {
    jsonwebtoken::decode_header(token).is_ok_and(|header| algorithm(header.alg).is_some())
}

fn refused(why: impl std::fmt::Display) -> Refusal {
    let message = format!("This token does not hold: {why}.");
    Refusal::new(Code::Unauthenticated, message)
}

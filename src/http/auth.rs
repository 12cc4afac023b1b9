//! Who calls: from a request's headers to a call.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::answer::Refused;
use super::noted::Notes;
use super::passage::RequestId;
use super::proxies::Proxies;
use super::served::Served;
use crate::domain::refusal::{Code, Refusal};
use crate::operations::Call;
use crate::operations::authentication::{Shown, authenticate};

/// The header by which anonymous callers and the operator name a tenant.
const TENANT: &str = "x-tenant";

/// A call whose credential was checked.
pub struct Authenticated(pub Call);

impl FromRequestParts<Served> for Authenticated {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, served: &Served) -> Result<Self, Refused> {
        let origin = Origin::of(parts, &served.edge.proxies);
        let refused = |refusal| Refused::new(refusal, &origin.request_id, &parts.headers);
        let shown = shown(&parts.headers).map_err(refused)?;
        origin.clone().call(served, &shown).await.map(Self).map_err(refused)
    }
}

/// Where a request came from.
#[derive(Debug, Clone)]
pub struct Origin {
    request_id: String,
    address: Option<IpAddr>,
    notes: Notes,
}

impl Origin {
    /// Where this request came from, by what these proxies say.
    pub fn of(parts: &Parts, proxies: &Proxies) -> Self {
        let id = parts.extensions.get::<RequestId>();
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Self {
            request_id: id.map(|id| id.0.clone()).unwrap_or_default(),
            address: peer.map(|peer| proxies.client(peer.0.ip(), &parts.headers)),
            notes: Notes::of(parts),
        }
    }

    /// The request's id.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The address that it came from, as far as it is known.
    pub const fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// The call of who shows this credential. RATE_LIMITED when too many came from the same address
    /// without a credential, or with one that does not hold.
    pub async fn call(self, served: &Served, shown: &Shown) -> Result<Call, Refusal> {
        let rates = &served.operations.rates;
        let caller = match authenticate(&served.operations, shown).await {
            Err(refusal) if refusal.code == Code::Unauthenticated => {
                rates.admit_stranger(self.address)?;
                return Err(refusal);
            }
            known => known?,
        };
        self.notes.note_caller(&caller);
        rates.admit(&caller, self.address)?;
        Ok(Call::new(Arc::clone(&served.operations), caller, self.address, self.request_id))
    }
}

/// What a request's headers show.
fn shown(headers: &HeaderMap) -> Result<Shown, Refusal> {
    let read = |name: &str| match headers.get(name).map(|value| value.to_str()) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(text)),
        Some(Err(_)) => Err(Refusal::bad_input(format!("The header {name} is no plain text."))),
    };
    let bearer = read(header::AUTHORIZATION.as_str())?.map(bearer).transpose()?;
    let tenant = read(TENANT)?.map(str::to_owned);
    Ok(Shown { bearer, tenant })
}

/// What follows `Bearer`.
pub fn bearer(authorization: &str) -> Result<String, Refusal> {
    let (scheme, credential) = authorization.split_once(' ').unwrap_or((authorization, ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(credential.trim().to_owned());
    }
    Err(Refusal::new(
        Code::Unauthenticated,
        "Only Authorization: Bearer is known: send a key or a user token so.",
    ))
}

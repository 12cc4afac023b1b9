//! Guessing at codes. Whoever tries many codes that nobody has learns no more of any code for a
//! while. What was missed is counted in the lane, so it holds over all servers.

use super::rates::network;
use super::submit::{Draft, submit};
use super::{Call, tenants};
use crate::domain::caller::Role;
use crate::domain::command::Body;
use crate::domain::refusal::Refusal;

/// The network from which somebody visits, as far as it is known. A product's own back end calls
/// from its own, which says nothing of the visitor.
#[must_use]
pub fn visitor(call: &Call) -> Option<String> {
    call.address.filter(|_| !call.caller.is_service()).map(|address| network(address).to_string())
}

/// Who may be guessing: an end user's id, else the keyed hash of a visitor's network; `None` for a
/// back end, which asks for many people.
pub async fn guesser(call: &Call) -> Result<Option<String>, Refusal> {
    if let Role::User(id) = &call.caller.role {
        return Ok(Some(id.clone()));
    }
    let Some(network) = visitor(call) else { return Ok(None) };
    Ok(Some(tenants::secret(call).await?.digest("visit ip", &network)))
}

/// Notes a code that nobody has; RATE_LIMITED when too many were noted.
pub async fn note(call: &Call, guesser: String) -> Result<(), Refusal> {
    // Whoever guesses takes no room of others.
    submit(&call.in_bulk(), Draft::new(None, Body::MissCode { subject: guesser })).await.map(drop)
}

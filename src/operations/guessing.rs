//! Guessing at codes. Whoever tries many codes that nobody has learns no more of any code for a
//! while. What was missed is counted in the lane, so it holds over all servers.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::rates::network;
use super::submit::{Draft, submit};
use super::{Call, tenants};
use crate::domain::caller::Role;
use crate::domain::command::Body;
use crate::domain::refusal::Refusal;

/// How many of those who guess are told apart at once. Beyond, they take turns with nobody.
const CAPACITY: u64 = 100_000;
/// How long a turn is remembered that nobody takes.
const IDLE: Duration = Duration::from_secs(60);

/// Lets those who may guess take turns: a hundred guesses at once are then no more than one after
/// another, each of which sees what the ones before it missed.
#[derive(Clone)]
pub struct Guessing {
    turns: Cache<(i64, String), Arc<Mutex<()>>>,
}

impl Default for Guessing {
    fn default() -> Self {
        Self { turns: Cache::builder().max_capacity(CAPACITY).time_to_idle(IDLE).build() }
    }
}

impl Guessing {
    /// Waits for the turn of somebody of a tenant; it lasts until what is given is dropped.
    pub async fn turn(&self, tenant_id: i64, guesser: &str) -> OwnedMutexGuard<()> {
        let turn =
            self.turns.get_with((tenant_id, guesser.to_owned()), async { Arc::default() }).await;
        turn.lock_owned().await
    }
}

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

//! The keys at one address: kept, refreshed beside the requests that use them, and fetched at once
//! when a token names a key that is not known.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use tokio::sync::watch;

use super::fetch::{Fetched, Unfetched, fetch};
use super::keys::KeySet;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Time;

/// How often a provider is asked at most, whatever tokens come.
const PAUSE: TimeDelta = TimeDelta::seconds(30);
/// How often, as long as nothing is known of its keys.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(5);
/// How much older than fresh keys may be that were not asked for meanwhile: a withdrawn key does not
/// come back because nobody signed in for hours.
const LATE: TimeDelta = TimeDelta::minutes(5);
/// How long keys go on that cannot be refreshed.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// The keys at one address.
pub struct Ring {
    address: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    /// When it was last tried to fetch them.
    tried_at: Option<Time>,
    /// Did that fail?
    failed: bool,
    /// Closed when what is on its way has arrived, or failed.
    flight: Option<watch::Receiver<()>>,
}

impl State {
    /// How long until the provider may be asked again; nothing or less when it may be.
    fn pause(&self, now: Time) -> TimeDelta {
        let pause = if self.kept.is_some() { PAUSE } else { FIRST_PAUSE };
        self.tried_at.map_or(TimeDelta::zero(), |tried_at| pause - age(tried_at, now))
    }
}

struct Kept {
    keys: Arc<KeySet>,
    at: Time,
    fresh_for: TimeDelta,
}

/// What can be done with the keys as they are.
enum Stand {
    /// They are used.
    Good(Arc<KeySet>),
    /// They are used, and refreshed meanwhile.
    Due(Arc<KeySet>),
    /// There are none, or they are too old: they are waited for.
    Wanted,
}

impl Ring {
    /// Nothing is known yet of the keys at this address.
    pub fn new(address: String) -> Self {
        Self { address, state: Mutex::default() }
    }

    /// The keys, fetched first when there are none. OVERLOADED when they cannot be fetched.
    pub async fn keys(self: &Arc<Self>, now: Time) -> Result<Arc<KeySet>, Refusal> {
        match self.stand(now) {
            Stand::Good(keys) => return Ok(keys),
            Stand::Due(keys) => {
                self.refresh(now);
                return Ok(keys);
            }
            Stand::Wanted => landed(self.refresh(now)).await,
        }
        self.kept(now).ok_or_else(|| self.unknown(now))
    }

    /// Keys that are newer than those that were `seen`; `None` when there are none. The provider is asked
    /// unless it was a moment ago.
    pub async fn newer(self: &Arc<Self>, seen: &Arc<KeySet>, now: Time) -> Option<Arc<KeySet>> {
        let other = |keys: &Arc<KeySet>| !Arc::ptr_eq(keys, seen);
        if let Some(keys) = self.kept(now).filter(other) {
            return Some(keys);
        }
        landed(self.refresh(now)).await;
        self.kept(now).filter(other)
    }

    fn stand(&self, now: Time) -> Stand {
        let state = self.state();
        let Some(kept) = &state.kept else { return Stand::Wanted };
        let age = age(kept.at, now);
        if age < kept.fresh_for {
            return Stand::Good(Arc::clone(&kept.keys));
        }
        let late = age >= kept.fresh_for + LATE && !state.failed;
        if late || age >= LONGEST { Stand::Wanted } else { Stand::Due(Arc::clone(&kept.keys)) }
    }

    fn kept(&self, now: Time) -> Option<Arc<KeySet>> {
        let state = self.state();
        let kept = state.kept.as_ref().filter(|kept| age(kept.at, now) < LONGEST);
        kept.map(|kept| Arc::clone(&kept.keys))
    }

    /// Asks the provider, in a task of its own that no caller who goes away ends. Gives what to wait
    /// for; `None` when it was asked a moment ago.
    fn refresh(self: &Arc<Self>, now: Time) -> Option<watch::Receiver<()>> {
        let mut state = self.state();
        if let Some(flight) = state.flight.as_ref().filter(|flight| flight.has_changed().is_ok()) {
            return Some(flight.clone());
        }
        if state.pause(now) > TimeDelta::zero() {
            return None;
        }
        state.tried_at = Some(now);
        let (in_flight, flight) = watch::channel(());
        let ring = Arc::clone(self);
        tokio::spawn(async move {
            let fetched = fetch(&ring.address).await;
            ring.keep(fetched, now);
            drop(in_flight);
        });
        state.flight = Some(flight.clone());
        Some(flight)
    }

    fn keep(&self, fetched: Result<Fetched, Unfetched>, at: Time) {
        let mut state = self.state();
        state.failed = fetched.is_err();
        match fetched {
            Ok(Fetched { keys, fresh_for }) => {
                state.kept = Some(Kept { keys: Arc::new(keys), at, fresh_for });
            }
            Err(error) => {
                let address = &self.address;
                tracing::warn!(address, %error, "an identity provider's keys cannot be fetched");
            }
        }
    }

    /// What a caller is told whose token cannot be checked.
    fn unknown(&self, now: Time) -> Refusal {
        let wait = self.state().pause(now).num_seconds().max(1);
        let message = "The tenant's identity provider cannot be reached, so this token cannot be \
                       checked now: try again in a moment.";
        Refusal { retry_after_seconds: Some(wait), ..Refusal::new(Code::Overloaded, message) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long ago it was. A clock that was set back does not make it young for ever.
fn age(at: Time, now: Time) -> TimeDelta {
    (now - at).abs()
}

/// Waits until what is on its way has arrived, or failed.
async fn landed(flight: Option<watch::Receiver<()>>) {
    if let Some(mut flight) = flight {
        // Nothing is ever sent: it ends when the other end is dropped.
        drop(flight.changed().await);
    }
}

//! What the product can do, one noun a file, and the lane through which every change goes.

pub mod analytics;
pub mod audit;
pub mod authentication;
pub mod bulk;
pub mod clock;
pub mod credentials;
pub mod credits;
pub mod decisions;
pub mod ending;
pub mod forgetting;
pub mod guessing;
pub mod health;
pub mod identity;
pub mod keys;
pub mod lane;
pub mod leaderboard;
pub mod levels;
pub mod live;
pub mod measures;
pub mod notices;
pub mod onboarding;
pub mod page;
pub mod peek;
pub mod programs;
pub mod promos;
pub mod publish;
pub mod purchases;
pub mod rates;
pub mod referrals;
pub mod replay;
pub mod reviews;
pub mod rewards;
pub mod sealing;
pub mod secrets;
pub mod settings;
pub mod simulate;
pub mod tenants;
pub mod tokens;
pub mod users;
pub mod visits;
pub mod what_next;

mod call;
mod failure;
mod input;
mod seeding;
mod simulation;
mod submit;
mod turns;

pub use call::Call;
pub use submit::Done;

use std::sync::Arc;

use crate::store::Database;
use clock::Clock;
use credentials::Credentials;
use ending::Ending;
use identity::Providers;
use lane::Lanes;
use live::Hub;
use programs::Programs;
use rates::{RateLimits, Rates};
use turns::Turns;

/// Everything that the operations work with.
#[derive(Clone)]
pub struct Operations {
    /// The database.
    pub database: Database,
    /// The way of every change.
    pub lanes: Lanes,
    /// The programs in force.
    pub programs: Programs,
    /// The one clock.
    pub clock: Clock,
    /// Who calls: the operator's key, and keys and tenants that were looked up lately.
    pub credentials: Arc<Credentials>,
    /// The keys of tenants' identity providers.
    pub providers: Arc<Providers>,
    /// Who watches what on this server.
    pub hub: Hub,
    /// How often may be called.
    pub rates: Arc<Rates>,
    /// Those who guess at codes take turns.
    pub turns: Turns,
    /// The server's end.
    pub ending: Ending,
}

impl Operations {
    /// Operations on an open, migrated database, with an operator who is known by this key.
    #[must_use]
    pub fn new(database: Database, clock: Clock, operator_key: Option<&str>) -> Self {
        let programs = Programs::new(database.clone());
        let lanes = Lanes::new(database.clone(), programs.clone(), clock.clone());
        let credentials = Arc::new(Credentials::new(operator_key));
        let rates = Arc::new(Rates::new(RateLimits::none(), &clock));
        let (hub, turns, ending) = (Hub::default(), Turns::default(), Ending::default());
        let providers = Arc::default();
        Self { database, lanes, programs, clock, credentials, providers, hub, rates, turns, ending }
    }

    /// The same, where callers may call so often. Without this they may as often as they like.
    #[must_use]
    pub fn limited(mut self, limits: RateLimits) -> Self {
        self.rates = Arc::new(Rates::new(limits, &self.clock));
        self
    }
}

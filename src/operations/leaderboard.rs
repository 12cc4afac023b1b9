//! The leaderboard: the top referrers.

use super::{Call, input, users};
use crate::domain::amount::Amount;
use crate::domain::refusal::Refusal;
use crate::domain::time::{Time, day_of};

pub use crate::store::Metric;

/// Which top referrers.
#[derive(Debug, Clone)]
pub struct LeaderboardRequest {
    /// How many, 1 to 100.
    pub first: i64,
    /// From the day of this instant.
    pub from: Option<Time>,
    /// To the day of this instant.
    pub to: Option<Time>,
    /// By what.
    pub by: Metric,
}

/// A referrer's place.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The place, from 1; equals share a place.
    pub rank: i64,
    /// The referrer's id, for service and admin keys.
    pub user_id: Option<String>,
    /// The referrer's name.
    pub name: Option<String>,
    /// Referrals that paid the referrer.
    pub credited: i64,
    /// What the referrer earned.
    pub earned: Amount,
}

/// The top referrers of a range of whole days, or of all time. Needs a user's token or a key.
pub async fn top(call: &Call, request: LeaderboardRequest) -> Result<Vec<Entry>, Refusal> {
    call.caller.require_user()?;
    let size = input::size("first", request.first)?;
    todo!("{size}")
}

//! Attempts that are limited in a stretch of time: visits from an address, failed redemptions.

use crate::domain::time::Time;

/// Names what is attempted, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptsKey {
    /// What is attempted.
    pub action: String,
    /// By whom: a user's id, or the keyed hash of an address.
    pub subject: String,
}

/// When something was attempted lately; never more than its limit lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempts {
    /// What, and by whom.
    pub key: AttemptsKey,
    /// When, oldest first.
    pub times: Vec<Time>,
}

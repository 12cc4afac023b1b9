//! What is counted: caps, once-keys, fingerprints, daily and running totals.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::amount::Amount;
use crate::domain::time::Time;

/// Names the use of a cap: which cap, for whom, in which window.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CapKey {
    /// The cap; names that begin with `#` are the engine's own.
    pub cap: String,
    /// For whom: a user's id, or nothing for the whole program.
    pub subject: String,
    /// Which window, as [`crate::domain::time::Window::name_at`] names it.
    pub window: String,
}

/// How much of a cap is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapUse {
    /// Which cap, for whom, in which window.
    pub key: CapKey,
    /// In effects or in the unit's smallest part.
    pub used: i64,
}

/// Names a once-key of a user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OnceKey {
    /// Who.
    pub user_id: String,
    /// The key that the rule gave.
    pub key: String,
}

/// That a user had something that is given at most once, ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// Who, and which key.
    pub key: OnceKey,
    /// When.
    pub at: Time,
}

/// Names a fingerprint: an address, a device or a mailbox, as a keyed hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FingerprintKey {
    /// `ip`, `device` or `email`.
    pub kind: String,
    /// The keyed hash.
    pub hash: String,
}

/// The users who were seen with a fingerprint, the latest 100, with when they signed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Which fingerprint.
    pub key: FingerprintKey,
    /// Who was seen with it, and when, oldest first.
    pub seen: Vec<(String, Time)>,
}

/// One referrer's day, for the leaderboard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReferrerDay {
    /// Referrals credited that day, less those reversed that day.
    pub credited: i64,
    /// What was earned from referrals that day.
    pub earned: Amount,
}

/// Names a running total. Totals only ever grow by what is added to them, so they are written
/// without having been read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TallyKey {
    /// What it belongs to: nothing for the tenant, `day:2026-11-20`, `user:` and an id.
    pub scope: String,
    /// What is counted.
    pub name: String,
}

impl TallyKey {
    /// A total of the whole tenant.
    pub fn tenant(name: impl Into<String>) -> Self {
        Self { scope: String::new(), name: name.into() }
    }

    /// The accounts in a unit, those of partners not counted.
    #[must_use]
    pub fn accounts(unit: &str) -> Self {
        Self::tenant(format!("accounts:{unit}"))
    }

    /// A total of one day.
    pub fn day(day: NaiveDate, name: impl Into<String>) -> Self {
        Self { scope: format!("day:{day}"), name: name.into() }
    }

    /// A total of one user.
    pub fn user(user_id: &str, name: impl Into<String>) -> Self {
        Self { scope: format!("user:{user_id}"), name: name.into() }
    }
}

//! Referral codes, and the visits through them.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::domain::time::Time;

/// A referral code; once given, it is never given to anyone else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The code as it is compared: trimmed, upper case.
    pub matched: String,
    /// The code as it is shown.
    pub shown: String,
    /// Whose it is.
    pub user_id: String,
    /// When it was made.
    pub created_at: Time,
    /// When another took its place.
    pub retired_at: Option<Time>,
}

impl Code {
    /// A code as it is compared: trimmed, upper case.
    #[must_use]
    pub fn matching(text: &str) -> String {
        text.trim().to_uppercase()
    }
}

/// Names a visit: a device counts once a code and day; without a device each counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClickKey {
    /// The code as it is compared.
    pub code: String,
    /// The day in the program's time zone.
    pub day: NaiveDate,
    /// Keyed hash of the device, or an id of the visit's own.
    pub device: String,
}

/// A visit through a share link; kept 90 days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Click {
    /// The code, the day and the device.
    pub key: ClickKey,
    /// The visit's id.
    pub id: Uuid,
    /// The browser, as it names itself.
    pub user_agent: Option<String>,
    /// Keyed hash of the address.
    pub ip_hash: Option<String>,
    /// When.
    pub at: Time,
}

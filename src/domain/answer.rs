//! What a command answers, by id, so that a repetition can answer the same.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What an accepted command answers. Transactions, decisions and lots are found by the event's
/// number; the rest stands here.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// The user whom it is about, where one was made or changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The lot that it made by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot_id: Option<Uuid>,
    /// The transaction that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<Uuid>,
    /// The referral that it made or decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral_id: Option<Uuid>,
    /// What became of the code that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Validation>,
    /// The code that was made or found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Was something made, or was it there?
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub created: bool,
    /// Of a retry: the new decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision_id: Option<Uuid>,
    /// Of a retry: why it was not decided again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of a visit: was it counted?
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub counted: bool,
}

/// Whether a referral code can be used, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validation {
    /// The code as it is shown, or as it was given when nobody has it.
    pub code: String,
    /// Who shares it; never anything else of that person.
    pub referrer_id: Option<String>,
    /// How many uses are left; `None` is without a limit.
    pub remaining_uses: Option<i64>,
    /// Why it cannot be used; `None` when it can.
    pub reason: Option<String>,
}

impl Validation {
    /// Can it be used?
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.reason.is_none()
    }

    /// Has nobody this code?
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.referrer_id.is_none() && self.reason.as_deref() == Some("NOT_FOUND")
    }

    /// A sentence for people.
    #[must_use]
    pub fn message(&self) -> String {
        match self.reason.as_deref() {
            None => "Referral code is valid".to_owned(),
            Some("NOT_FOUND") => "Referral code was not found; check its spelling".to_owned(),
            Some("MAX_USES_REACHED") => "Referral code has reached maximum uses".to_owned(),
            Some("DISABLED") => "Referral code is not in use any more".to_owned(),
            Some("SELF_REFERRAL") => "You cannot use your own referral code".to_owned(),
            Some("ALREADY_REFERRED") => "You were referred already".to_owned(),
            Some("ALREADY_PURCHASED") => {
                "A referral code cannot be used after a purchase".to_owned()
            }
            Some("NOT_AVAILABLE") => "Referral code cannot be used now; try again later".to_owned(),
            Some(own) => format!("Referral code cannot be used: {own}"),
        }
    }
}

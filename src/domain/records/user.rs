//! Users, with what they count for as referrers and referees.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Position;
use crate::domain::amount::Amount;
use crate::domain::time::Time;

/// What is personal about a user: gone when the user is erased.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Personal {
    /// The name.
    pub name: Option<String>,
    /// The e-mail address as given.
    pub email: Option<String>,
    /// What the tenant says of the user.
    pub traits: Map<String, Value>,
    /// Keyed hash of the address that the user came from.
    pub ip_hash: Option<String>,
    /// Keyed hash of the device.
    pub device_hash: Option<String>,
    /// Keyed hash of the mailbox (the address without case and tag).
    pub email_hash: Option<String>,
}

impl Personal {
    /// The e-mail address as far as it tells persons apart: lower case, without a `+tag`.
    #[must_use]
    pub fn mailbox(&self) -> Option<String> {
        self.email.as_deref().map(mailbox)
    }
}

/// An e-mail address as far as it tells persons apart: trimmed, lower case, without a `+tag`.
#[must_use]
pub fn mailbox(email: &str) -> String {
    let lower = email.trim().to_lowercase();
    match lower.rsplit_once('@') {
        Some((local, host)) => {
            let plain = local.split_once('+').map_or(local, |(before, _)| before);
            format!("{plain}@{host}")
        }
        None => lower,
    }
}

/// An end user, or a partner who only refers.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// The tenant's own id.
    pub id: String,
    /// The n-th user of the tenant, from 1; 0 for a partner, who is not counted.
    pub number: i64,
    /// What is personal.
    pub personal: Personal,
    /// Is the e-mail address verified?
    pub email_verified: bool,
    /// The place of the sign-up in the tenant's order.
    pub created: Position,
    /// When the user signed up.
    pub created_at: Time,
    /// When the user was erased.
    pub erased_at: Option<Time>,

    /// Who referred this user; at most one, ever.
    pub referrer_id: Option<String>,
    /// The code that the user came in with.
    pub referred_by_code: Option<String>,
    /// The user's own referral, where a program has one for each user.
    pub referral_id: Option<Uuid>,

    /// How many purchases.
    pub purchase_count: i64,
    /// What they come to, refunds not taken off.
    pub purchase_total: Amount,

    /// The code that this user shares now.
    pub code: Option<String>,
    /// Visits through the user's codes.
    pub clicks: i64,
    /// Referrals that the user made.
    pub signups: i64,
    /// Of them, those who purchased.
    pub conversions: i64,
    /// Of them, those that paid this referrer.
    pub credited: i64,
    /// What the user earned from referrals.
    pub referral_earned: Amount,

    /// Onboarding steps done, and when.
    pub steps: BTreeMap<String, Time>,
    /// When the last step was done.
    pub onboarded_at: Option<Time>,
    /// Is the getting-started card hidden for good?
    pub onboarding_dismissed: bool,
    /// Is the invite prompt hidden for good?
    pub prompt_dismissed: bool,
    /// Unread notices.
    pub unread: i64,
    /// Notices of events up to this number count as read.
    pub read_through: i64,
}

impl User {
    /// A user of whom nothing is known but the id; number 0, until the product counts the user.
    #[must_use]
    pub fn new(id: &str, created: Position, created_at: Time) -> Self {
        Self {
            id: id.to_owned(),
            number: 0,
            personal: Personal::default(),
            email_verified: false,
            created,
            created_at,
            erased_at: None,
            referrer_id: None,
            referred_by_code: None,
            referral_id: None,
            purchase_count: 0,
            purchase_total: Amount::ZERO,
            code: None,
            clicks: 0,
            signups: 0,
            conversions: 0,
            credited: 0,
            referral_earned: Amount::ZERO,
            steps: BTreeMap::new(),
            onboarded_at: None,
            onboarding_dismissed: false,
            prompt_dismissed: false,
            unread: 0,
            read_through: 0,
        }
    }

    /// Does the product count this user? Partners are not counted.
    #[must_use]
    pub const fn is_partner(&self) -> bool {
        self.number == 0
    }
}

#[cfg(test)]
mod tests {
    use super::mailbox;

    #[test]
    fn a_tag_and_case_do_not_make_another_person() {
        assert_eq!(mailbox(" Ann+Promo@Example.COM "), "ann@example.com");
        assert_eq!(mailbox("ann"), "ann");
    }
}

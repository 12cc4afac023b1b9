//! Lots: one grant each, and what is left of it. Seen from the program, a lot is a reward.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AccountKey, CapKey, Position};
use crate::domain::amount::Amount;
use crate::domain::effect::OnRefund;
use crate::domain::time::Time;

/// What was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// Credit in the main unit.
    Credit,
    /// An allowance in a unit.
    Quota,
    /// A feature; it has no account and no amount.
    Feature,
    /// A balance at Stripe; it has no account.
    StripeBalance,
}

/// What is stored of a lot's state; the rest follows from its amounts and the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LotState {
    /// On hold: no transaction yet.
    Held,
    /// In force: a credit or a quota is booked.
    Booked,
    /// Cancelled during its hold, or taken back whole.
    Cancelled,
    /// A payment outside that could not be made.
    Failed,
}

/// A reward's status, as clients see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Not available yet.
    Pending,
    /// Usable now.
    Active,
    /// Used up, or paid.
    Redeemed,
    /// Its time ended with something left.
    Expired,
    /// Taken back.
    Cancelled,
    /// Could not be paid.
    Failed,
}

impl Status {
    /// The status's name, as clients read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Active => "ACTIVE",
            Self::Redeemed => "REDEEMED",
            Self::Expired => "EXPIRED",
            Self::Cancelled => "CANCELLED",
            Self::Failed => "FAILED",
        }
    }
}

/// That an administrator decided about a reward by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Who: `key:` and the API key's name, or `operator`.
    pub by: String,
    /// Why, as far as a reason was given.
    pub reason: Option<String>,
}

/// One grant and what is left of it.
/// remaining = amount − spent − expired − reversed, and is never negative.
#[derive(Debug, Clone, PartialEq)]
pub struct Lot {
    /// Its id.
    pub id: Uuid,
    /// Whose, in which unit (the feature's name for a feature).
    pub account: AccountKey,
    /// What was granted.
    pub kind: Kind,
    /// The stored state.
    pub state: LotState,
    /// What was granted.
    pub amount: Amount,
    /// What is left.
    pub remaining: Amount,
    /// What was spent of it, less what was given back; paid debt counts as spent.
    pub spent: Amount,
    /// What expired.
    pub expired: Amount,
    /// What reversals took from it.
    pub reversed: Amount,
    /// What reversals demanded but had to forgive, because it was spent already.
    pub forgiven: Amount,
    /// What reversals turned into a debt, because it was spent already.
    pub owed: Amount,
    /// What refunds and a reversal by hand demanded so far (never above the amount).
    pub demanded: Amount,
    /// What a refund does to it.
    pub on_refund: OnRefund,
    /// Where it came from.
    pub source: String,
    /// Lower is spent first.
    pub priority: i32,
    /// Its place in the ledger's order.
    pub created: Position,
    /// When it was made.
    pub created_at: Time,
    /// When it becomes available.
    pub available_from: Time,
    /// When it ends; exclusive.
    pub expires_at: Option<Time>,
    /// The transaction that booked it.
    pub transaction_id: Option<Uuid>,
    /// The purchase that made it.
    pub purchase_id: Option<String>,
    /// The referral that it rewards.
    pub referral_id: Option<Uuid>,
    /// The decision that made it.
    pub decision_id: Option<Uuid>,
    /// The cap that counted it, and how much it counted.
    pub cap: Option<(CapKey, i64)>,
    /// A text for people.
    pub description: Option<String>,
    /// An id of the caller's world.
    pub reference_id: Option<String>,
    /// The caller's space.
    pub space_id: Option<String>,
    /// Who gave it by hand: `key:` and the API key's name.
    pub granted_by: Option<String>,
    /// Why it could not be paid.
    pub failure: Option<String>,
    /// What an administrator decided about it last.
    pub review: Option<Review>,
}

impl Lot {
    /// Can it still change by the clock or by use in an account?
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.has_account()
            && matches!(self.state, LotState::Held | LotState::Booked)
            && self.remaining.is_positive()
    }

    /// Does it belong to an account? Features and payments outside do not.
    #[must_use]
    pub const fn has_account(&self) -> bool {
        matches!(self.kind, Kind::Credit | Kind::Quota)
    }

    /// The earliest instant at which it changes by the clock; `None` when it never does.
    #[must_use]
    pub fn due_at(&self) -> Option<Time> {
        if !self.is_open() {
            return None;
        }
        match self.state {
            LotState::Held => Some(
                self.expires_at.map_or(self.available_from, |end| end.min(self.available_from)),
            ),
            _ => self.expires_at,
        }
    }

    /// The order in which lots are spent: lower priority number, earlier expiry (never last), older.
    #[must_use]
    pub fn burn_order(&self) -> (i32, bool, Option<Time>, Position) {
        (self.priority, self.expires_at.is_none(), self.expires_at, self.created)
    }

    /// The reward's status at `now`.
    #[must_use]
    pub fn status_at(&self, now: Time) -> Status {
        match self.state {
            LotState::Cancelled => return Status::Cancelled,
            LotState::Failed => return Status::Failed,
            LotState::Held | LotState::Booked => {}
        }
        let ended = self.expires_at.is_some_and(|end| end <= now);
        match self.kind {
            Kind::StripeBalance if self.state == LotState::Booked => Status::Redeemed,
            _ if self.available_from > now => Status::Pending,
            Kind::StripeBalance => Status::Pending,
            Kind::Feature if ended => Status::Expired,
            Kind::Feature => Status::Active,
            Kind::Credit | Kind::Quota if self.remaining.is_positive() => {
                if ended {
                    Status::Expired
                } else {
                    Status::Active
                }
            }
            Kind::Credit | Kind::Quota if self.expired.is_positive() => Status::Expired,
            Kind::Credit | Kind::Quota => Status::Redeemed,
        }
    }

    /// Until when the status at `now` lasts, if the clock alone ends it.
    #[must_use]
    pub fn status_until(&self, now: Time) -> Option<Time> {
        let status = self.status_at(now);
        [Some(self.available_from), self.expires_at]
            .into_iter()
            .flatten()
            .filter(|at| *at > now && self.status_at(*at) != status)
            .min()
    }
}

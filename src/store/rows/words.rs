//! The words in which kinds, states and outcomes are kept.

use crate::domain::effect::OnRefund;
use crate::domain::records::{Kind, LotState, Operation, Outcome, ReferralStatus, Status, UseKind};
use crate::store::StoreError;

/// A choice that is kept as a word.
pub trait Word: Copy + PartialEq + Sized + 'static {
    /// Each choice with its word.
    const WORDS: &'static [(Self, &'static str)];

    /// The choice's word.
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(choice, _)| *choice == self).map_or("", |(_, word)| word)
    }

    /// The word's choice.
    fn of_word(word: &str) -> Result<Self, StoreError> {
        (Self::WORDS.iter().find(|(_, known)| *known == word))
            .map(|(choice, _)| *choice)
            .ok_or_else(|| StoreError::Corrupt(format!("an unknown word: {word}")))
    }
}

impl Word for Kind {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Credit, "CREDIT"),
        (Self::Quota, "QUOTA"),
        (Self::Feature, "FEATURE"),
        (Self::StripeBalance, "STRIPE_BALANCE"),
    ];
}

impl Word for LotState {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Held, "HELD"),
        (Self::Booked, "BOOKED"),
        (Self::Cancelled, "CANCELLED"),
        (Self::Failed, "FAILED"),
    ];
}

impl Word for Status {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Pending, "PENDING"),
        (Self::Active, "ACTIVE"),
        (Self::Redeemed, "REDEEMED"),
        (Self::Expired, "EXPIRED"),
        (Self::Cancelled, "CANCELLED"),
        (Self::Failed, "FAILED"),
    ];
}

impl Word for OnRefund {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Full, "full"), (Self::Proportion, "proportion"), (Self::Keep, "keep")];
}

impl Word for Outcome {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Rewarded, "REWARDED"), (Self::Skipped, "SKIPPED"), (Self::Failed, "FAILED")];
}

impl Word for UseKind {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Spend, "SPEND"),
        (Self::Expiry, "EXPIRY"),
        (Self::Reversal, "REVERSAL"),
        (Self::Return, "RETURN"),
        (Self::Debt, "DEBT"),
    ];
}

impl Word for ReferralStatus {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Pending, Self::Pending.name()),
        (Self::Held, Self::Held.name()),
        (Self::Paying, Self::Paying.name()),
        (Self::Credited, Self::Credited.name()),
        (Self::Failed, Self::Failed.name()),
        (Self::Rejected, Self::Rejected.name()),
        (Self::Reversed, Self::Reversed.name()),
    ];
}

/// The operation of a kept name.
pub fn operation(name: &str) -> Result<Operation, StoreError> {
    serde_json::from_value(serde_json::Value::from(name))
        .map_err(|_| StoreError::Corrupt(format!("an unknown operation: {name}")))
}

//! What a user can do next.

use async_graphql::SimpleObject;

use super::scalars::Amount;
use crate::domain::rules;

/// Something that a user can do now to earn, as the rules declare it.
#[derive(SimpleObject)]
pub struct NextStep {
    /// What kind it is, for the interface: a word of the rules' own.
    kind: String,
    /// The text for the user.
    message: String,
    /// How much or how many is missing; null where that cannot be said.
    remaining: Option<Amount>,
}

impl From<rules::NextStep> for NextStep {
    fn from(step: rules::NextStep) -> Self {
        let rules::NextStep { kind, message, remaining } = step;
        Self { kind, message, remaining: remaining.map(Amount) }
    }
}

//! What a rule may ask for.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::amount::Amount;
use super::time::{Span, Time};

/// One thing that a rule asks for. `user` is an id: of the event's user or of its referrer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Credit in the tenant's main unit.
    Credit {
        /// Who gets it.
        user: String,
        /// How much; 0 drops the effect.
        amount: Amount,
        /// Where it comes from: a known source.
        source: String,
        /// How it is given.
        #[serde(flatten)]
        options: Options,
    },
    /// An allowance in a unit of the program (messages, requests).
    Quota {
        /// Who gets it.
        user: String,
        /// A known unit.
        unit: String,
        /// How much; 0 drops the effect.
        amount: Amount,
        /// How it is given.
        #[serde(flatten)]
        options: Options,
    },
    /// A feature, for as long as its options say.
    Feature {
        /// Who gets it.
        user: String,
        /// The feature's name.
        name: String,
        /// How it is given.
        #[serde(flatten)]
        options: Options,
    },
    /// A balance at Stripe, paid outside.
    StripeBalance {
        /// Who gets it.
        user: String,
        /// How much, in the currency; 0 drops the effect.
        amount: Amount,
        /// How it is given.
        #[serde(flatten)]
        options: Options,
    },
    /// The referral is CREDITED, and counts for its referrer.
    CreditReferral,
    /// The referral waits for an administrator; the decision's other effects wait with it.
    HoldReferral {
        /// Why.
        reason: String,
    },
    /// The referral is refused.
    RejectReferral {
        /// Why.
        reason: String,
    },
    /// An onboarding step is done.
    CompleteStep {
        /// Whose.
        user: String,
        /// The step's key.
        key: String,
    },
    /// A notice in the product.
    Notify {
        /// Who reads it.
        user: String,
        /// What kind, for the interface.
        kind: String,
        /// The text.
        message: String,
    },
    /// A message to whoever listens outside.
    Emit {
        /// What happened.
        #[serde(rename = "type")]
        kind: String,
        /// More about it.
        data: Value,
    },
}

impl Effect {
    /// The effect without the words that the rule wrote, which may speak of a person: the texts of
    /// notices, what is sent outside, descriptions and references.
    #[must_use]
    pub fn without_words(mut self) -> Self {
        match &mut self {
            Self::Credit { options, .. }
            | Self::Quota { options, .. }
            | Self::Feature { options, .. }
            | Self::StripeBalance { options, .. } => {
                options.description = None;
                options.reference = None;
            }
            Self::Notify { message, .. } => message.clear(),
            Self::Emit { data, .. } => *data = Value::Object(Map::new()),
            Self::CreditReferral
            | Self::HoldReferral { .. }
            | Self::RejectReferral { .. }
            | Self::CompleteStep { .. } => {}
        }
        self
    }
}

/// How a credit, a quota, a feature or a payment is given. What is left out takes the default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Ends this long after it becomes available.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<Span>,
    /// Ends at this instant, which is exclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
    /// Becomes available this long after the decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_for: Option<Span>,
    /// Lower is spent first; 50 when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// A text for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// An id of the caller's world.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What a refund of the purchase does to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_refund: Option<OnRefund>,
    /// The cap that counts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<String>,
    /// A key: at most once per user, ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub once: Option<String>,
}

/// What a refund of the purchase that made a grant does to the grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRefund {
    /// Taken back when the whole purchase is refunded.
    #[default]
    Full,
    /// Taken back in the proportion in which the purchase is refunded.
    Proportion,
    /// Kept.
    Keep,
}

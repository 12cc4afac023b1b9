//! Purchases, and what was refunded of them.

use serde_json::Value;
use uuid::Uuid;

use super::Position;
use crate::domain::amount::Amount;
use crate::domain::time::Time;

/// A payment that the tenant recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Purchase {
    /// The payment's own id.
    pub id: String,
    /// Who paid.
    pub user_id: String,
    /// What was paid, in the tenant's currency.
    pub amount: Amount,
    /// What was refunded so far.
    pub refunded: Amount,
    /// The plan that was bought.
    pub plan: Option<String>,
    /// What else the tenant says of it.
    pub data: Value,
    /// Its place in the tenant's order.
    pub created: Position,
    /// When it happened, as the tenant says.
    pub occurred_at: Time,
    /// When it was recorded.
    pub created_at: Time,
    /// Was it the user's first?
    pub first: bool,
    /// Was it made by a referred user, and so counted as revenue from referrals?
    pub referred: bool,
    /// The referral that it decided or, where each purchase has one, its own.
    pub referral_id: Option<Uuid>,
    /// The lots that its decisions granted, in order.
    pub lots: Vec<Uuid>,
}

impl Purchase {
    /// Has all of it been refunded?
    #[must_use]
    pub fn is_fully_refunded(&self) -> bool {
        self.refunded >= self.amount
    }
}

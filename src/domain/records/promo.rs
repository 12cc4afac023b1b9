//! Promotion codes.

use serde_json::Value;

use super::Position;
use crate::domain::time::Time;

/// A promotion code.
#[derive(Debug, Clone, PartialEq)]
pub struct Promo {
    /// The code as it is compared: trimmed, upper case.
    pub matched: String,
    /// The code as it is shown.
    pub shown: String,
    /// Is it switched on?
    pub active: bool,
    /// How often it may be redeemed; `None` is without a limit.
    pub max_redemptions: Option<i64>,
    /// How often it was redeemed.
    pub redemptions: i64,
    /// How often one user may redeem it.
    pub per_user: i64,
    /// From when; inclusive.
    pub starts_at: Option<Time>,
    /// Until when; exclusive.
    pub ends_at: Option<Time>,
    /// What rules see as `event.data`.
    pub data: Value,
    /// Its place in the tenant's order.
    pub created: Position,
    /// When it was made.
    pub created_at: Time,
}

/// Names a user's use of a promotion code.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PromoUseKey {
    /// The code as it is compared.
    pub code: String,
    /// Who.
    pub user_id: String,
}

/// How often a user redeemed a promotion code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromoUse {
    /// The code and the user.
    pub key: PromoUseKey,
    /// How often.
    pub count: i64,
}

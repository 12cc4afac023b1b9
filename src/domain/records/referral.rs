//! Referrals: who brought whom.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{FactSheetKey, Position};
use crate::domain::amount::Amount;
use crate::domain::time::Time;

/// Where a referral stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReferralStatus {
    /// Made; the referrer has not been paid for it.
    Pending,
    /// Waits for an administrator.
    Held,
    /// A payment outside is on its way.
    Paying,
    /// The referrer was paid.
    Credited,
    /// A payment was owed and could not be made.
    Failed,
    /// Refused as abuse, or by the rules.
    Rejected,
    /// Was paid, then taken back.
    Reversed,
}

impl ReferralStatus {
    /// Every status, in the order of the contract.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Held,
        Self::Paying,
        Self::Credited,
        Self::Failed,
        Self::Rejected,
        Self::Reversed,
    ];

    /// The status's name, as clients and scripts read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Held => "HELD",
            Self::Paying => "PAYING",
            Self::Credited => "CREDITED",
            Self::Failed => "FAILED",
            Self::Rejected => "REJECTED",
            Self::Reversed => "REVERSED",
        }
    }
}

impl Referral {
    /// Did an administrator release it, and nothing hold or refuse it since?
    #[must_use]
    pub const fn is_approved(&self) -> bool {
        use ReferralStatus::{Held, Rejected};
        self.reviewed_by.is_some() && !matches!(self.status, Held | Rejected)
    }

    /// A PENDING referral, just made.
    #[must_use]
    pub fn new(
        id: Uuid,
        code: &str,
        (referrer_id, referee_id): (&str, &str),
        (created, now): (Position, Time),
    ) -> Self {
        Self {
            id,
            code: code.to_owned(),
            status: ReferralStatus::Pending,
            referrer_id: referrer_id.to_owned(),
            referee_id: referee_id.to_owned(),
            created,
            signed_up_at: now,
            converted_at: None,
            credited_at: None,
            bonus_earned: Amount::ZERO,
            failure_reason: None,
            purchase_id: None,
            purchase_type: None,
            purchase_amount: None,
            plan: None,
            signals: None,
            holds: Vec::new(),
            reviewed_by: None,
        }
    }
}

/// A decision that held a referral: it is made again when the referral is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The decision.
    pub decision_id: Uuid,
    /// The facts that it was made on.
    pub sheet: FactSheetKey,
}

/// That one user brought another.
#[derive(Debug, Clone, PartialEq)]
pub struct Referral {
    /// Its id.
    pub id: Uuid,
    /// The code that was used.
    pub code: String,
    /// Where it stands.
    pub status: ReferralStatus,
    /// Who referred.
    pub referrer_id: String,
    /// Who was referred.
    pub referee_id: String,
    /// Its place in the tenant's order.
    pub created: Position,
    /// When it was made.
    pub signed_up_at: Time,
    /// When the referee first purchased.
    pub converted_at: Option<Time>,
    /// When the referrer was paid.
    pub credited_at: Option<Time>,
    /// What the referrer earned from it.
    pub bonus_earned: Amount,
    /// Why a payment could not be made, or why it was held or rejected.
    pub failure_reason: Option<String>,
    /// The purchase that decided it.
    pub purchase_id: Option<String>,
    /// That purchase's `data.type`.
    pub purchase_type: Option<String>,
    /// What was paid.
    pub purchase_amount: Option<Amount>,
    /// The plan that was bought.
    pub plan: Option<String>,
    /// What spoke for abuse when it was decided.
    pub signals: Option<Value>,
    /// The decisions that hold it, in order.
    pub holds: Vec<Hold>,
    /// Who released or refused it by hand: `key:` and the API key's name, or `operator`.
    pub reviewed_by: Option<String>,
}

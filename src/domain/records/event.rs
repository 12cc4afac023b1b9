//! Events: the commands that were accepted, in order, for ever.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::answer::Answer;
use crate::domain::time::Time;

/// What a command did; with its key it tells repetitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the API's mutation of the same name")]
pub enum Operation {
    RegisterUser,
    UpdateUser,
    CreateReferrer,
    AddCredits,
    SpendCredits,
    ConsumeQuota,
    ReverseTransaction,
    GenerateCode,
    RegenerateCode,
    ApplyCode,
    RecordPurchase,
    RecordRefund,
    RecordEvent,
    CompleteStep,
    Dismiss,
    CreatePromo,
    CreatePromos,
    UpdatePromo,
    RedeemPromo,
    MarkRead,
    UpdateSettings,
    RetryDecision,
    RetryReward,
    ApproveReward,
    CancelReward,
    ApproveReferral,
    RejectReferral,
    EraseUser,
    Settle,
    ActivateProgram,
    MissCode,
    Click,
}

impl Operation {
    /// The operation's name as it is stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RegisterUser => "register_user",
            Self::UpdateUser => "update_user",
            Self::CreateReferrer => "create_referrer",
            Self::AddCredits => "add_credits",
            Self::SpendCredits => "spend_credits",
            Self::ConsumeQuota => "consume_quota",
            Self::ReverseTransaction => "reverse_transaction",
            Self::GenerateCode => "generate_code",
            Self::RegenerateCode => "regenerate_code",
            Self::ApplyCode => "apply_code",
            Self::RecordPurchase => "record_purchase",
            Self::RecordRefund => "record_refund",
            Self::RecordEvent => "record_event",
            Self::CompleteStep => "complete_step",
            Self::Dismiss => "dismiss",
            Self::CreatePromo => "create_promo",
            Self::CreatePromos => "create_promos",
            Self::UpdatePromo => "update_promo",
            Self::RedeemPromo => "redeem_promo",
            Self::MarkRead => "mark_read",
            Self::UpdateSettings => "update_settings",
            Self::RetryDecision => "retry_decision",
            Self::RetryReward => "retry_reward",
            Self::ApproveReward => "approve_reward",
            Self::CancelReward => "cancel_reward",
            Self::ApproveReferral => "approve_referral",
            Self::RejectReferral => "reject_referral",
            Self::EraseUser => "erase_user",
            Self::Settle => "settle",
            Self::ActivateProgram => "activate_program",
            Self::MissCode => "miss_code",
            Self::Click => "click",
        }
    }
}

/// Names an event by what the caller gave: the operation, and the idempotency key or the business
/// event's own id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventKey {
    /// What was done.
    pub operation: Operation,
    /// The caller's key.
    pub key: String,
}

/// A command that was accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its number in the tenant, from 1, without gaps.
    pub seq: i64,
    /// The command's id.
    pub id: Uuid,
    /// What was done.
    pub operation: Operation,
    /// The caller's key, unique in the tenant and operation.
    pub key: Option<String>,
    /// SHA-256 of the coerced input, in hex: the same key with another input is a conflict.
    pub input_hash: String,
    /// The user whom it is about.
    pub user_id: Option<String>,
    /// Who asked: `key:` and a name, `user:` and an id, `operator`, `system`.
    pub actor: String,
    /// The command's body, but for what is personal.
    pub body: Value,
    /// What is personal about it; kept apart, gone when the user is erased.
    pub personal: Option<Value>,
    /// The seed of its ids and codes.
    pub seed: Uuid,
    /// The lane's time.
    pub at: Time,
    /// SHA-256 of the program in force.
    pub program_hash: String,
    /// The version of the settings in force.
    pub settings_version: i64,
    /// What was answered, by id.
    pub answer: Answer,
}

impl Event {
    /// The name by which a repetition finds it.
    #[must_use]
    pub fn event_key(&self) -> Option<EventKey> {
        self.key.clone().map(|key| EventKey { operation: self.operation, key })
    }
}

//! Commands: what a caller asks to change, validated in itself, not yet against the state.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::amount::Amount;
use super::records::{AccountKey, EventKey, Operation};
use super::time::Time;

/// A command on its way to its tenant's lane.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// Its id, unique; it stands on the event.
    pub id: Uuid,
    /// 128 random bits from which ids and codes are derived.
    pub seed: Uuid,
    /// Who asks: `key:` and a name, `user:` and an id, `operator`, `system`.
    pub actor: String,
    /// The idempotency key, or the business event's own id.
    pub key: Option<String>,
    /// SHA-256 of the coerced input, in hex.
    pub input_hash: String,
    /// What is asked.
    pub body: Body,
    /// What is personal about it; kept apart from the body.
    pub personal: Option<PersonalChange>,
}

/// What is asked. Names and meanings are those of the API's mutations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each field is the field of the API's input with the same name")]
pub enum Body {
    /// Signs a user up. The personal part stands on the command.
    RegisterUser { user_id: String, email_verified: bool, referral_code: Option<String> },
    /// Changes a user. The personal part stands on the command.
    UpdateUser { user_id: String, email_verified: Option<bool> },
    /// Makes a partner, who only refers. The id is made by the caller of the lane.
    CreateReferrer { user_id: String },
    /// Grants credit by hand.
    AddCredits(Grant),
    /// Spends.
    SpendCredits(Spend),
    /// Uses up some of a quota.
    ConsumeQuota(Spend),
    /// Undoes a grant or a spend.
    ReverseTransaction { transaction_id: Uuid, reason: Option<String> },
    /// Gives the user's code; makes it on first use.
    GenerateCode { user_id: String },
    /// Gives the user a new code.
    RegenerateCode { user_id: String },
    /// A code typed in after sign-up.
    ApplyCode { user_id: String, code: String },
    /// A payment.
    RecordPurchase(Payment),
    /// A refund; without an amount, of all that is left.
    RecordRefund {
        refund_id: String,
        purchase_id: String,
        amount: Option<Amount>,
        reason: Option<String>,
    },
    /// Anything else that rules can react to.
    RecordEvent {
        event_id: String,
        user_id: String,
        event: String,
        occurred_at: Option<Time>,
        data: Value,
    },
    /// Marks an onboarding step done.
    CompleteStep { user_id: String, step: String },
    /// Hides a card for good.
    Dismiss { user_id: String, card: Card },
    /// Makes a promotion code; without `code` one is made up.
    CreatePromo(NewPromo),
    /// Makes so many promotion codes that share their terms, in which `code` is left out.
    CreatePromos { count: u32, prefix: String, terms: NewPromo },
    /// Switches a promotion code on or off.
    UpdatePromo { code: String, active: bool },
    /// Redeems a promotion code.
    RedeemPromo { user_id: String, code: String },
    /// Marks notices read; without ids all of them.
    MarkRead { user_id: String, ids: Option<Vec<Uuid>> },
    /// Merges values into the tenant's settings; null restores a default.
    UpdateSettings { settings: Map<String, Value> },
    /// Decides a FAILED decision's event again.
    RetryDecision { decision_id: Uuid },
    /// Tries a FAILED reward again.
    RetryReward { reward_id: Uuid, reason: Option<String> },
    /// Ends a hold early: the reward becomes usable.
    ApproveReward { reward_id: Uuid, reason: Option<String> },
    /// Ends a hold or a reward: what is left of it is gone.
    CancelReward { reward_id: Uuid, reason: Option<String> },
    /// Releases a HELD referral: what was held is decided again, with holds off.
    ApproveReferral { referral_id: Uuid, reason: Option<String> },
    /// Refuses a referral for good.
    RejectReferral { referral_id: Uuid, reason: Option<String> },
    /// Forgets what is personal about a user.
    EraseUser { user_id: String },
    /// Books what is due in quiet accounts, and notes rewards without an account that began or ended.
    Settle {
        accounts: Vec<SettledAccount>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        rewards: Vec<Uuid>,
    },
    /// Puts a program version in force.
    ActivateProgram { program: String, hash: String },
    /// Somebody, by a user's id or the keyed hash of an address, tried a code that nobody has. It is
    /// no event.
    MissCode { subject: String },
    /// A visit through a share link; hashes are keyed. It is no event.
    Click {
        code: String,
        user_agent: Option<String>,
        device_hash: Option<String>,
        ip_hash: Option<String>,
    },
}

/// A grant by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is the field of the API's input with the same name")]
pub struct Grant {
    pub user_id: String,
    /// The main unit when left out.
    pub unit: Option<String>,
    pub amount: Amount,
    pub source: String,
    pub description: Option<String>,
    pub reference_id: Option<String>,
    pub space_id: Option<String>,
    pub priority: i32,
    pub available_from: Option<Time>,
    pub expires_at: Option<Time>,
    /// `key:` and the API key's name.
    pub granted_by: Option<String>,
}

/// A spend, of credit or of a quota.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is the field of the API's input with the same name")]
pub struct Spend {
    pub user_id: String,
    /// The main unit when left out.
    pub unit: Option<String>,
    pub amount: Amount,
    pub description: Option<String>,
    pub reference_id: Option<String>,
    pub space_id: Option<String>,
}

/// A payment that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is the field of the API's input with the same name")]
pub struct Payment {
    pub purchase_id: String,
    pub user_id: String,
    pub amount: Amount,
    pub currency: Option<String>,
    pub plan: Option<String>,
    pub referral_code: Option<String>,
    pub occurred_at: Option<Time>,
    pub data: Value,
}

/// A promotion code to be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is the field of the API's input with the same name")]
pub struct NewPromo {
    pub code: Option<String>,
    pub max_redemptions: Option<i64>,
    pub per_user: i64,
    pub starts_at: Option<Time>,
    pub ends_at: Option<Time>,
    pub data: Value,
}

/// A card that a user can hide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Card {
    /// The getting-started card.
    Onboarding,
    /// The invite prompt.
    ReferralPrompt,
}

/// An account to settle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the two parts of an account's key")]
pub struct SettledAccount {
    pub user_id: String,
    pub unit: String,
}

impl From<&SettledAccount> for AccountKey {
    fn from(account: &SettledAccount) -> Self {
        Self { user_id: account.user_id.clone(), unit: account.unit.clone() }
    }
}

/// What is personal about a sign-up or a change of a user.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonalChange {
    /// The name.
    pub name: Patch<String>,
    /// The e-mail address as given.
    pub email: Patch<String>,
    /// What the tenant says of the user.
    pub traits: Patch<Map<String, Value>>,
    /// Keyed hash of the mailbox (the address without case and tag).
    pub email_hash: Option<String>,
    /// Keyed hash of the address that the user came from.
    pub ip_hash: Option<String>,
    /// Keyed hash of the device.
    pub device_hash: Option<String>,
}

/// A change of one field.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Patch<T> {
    /// It stays.
    #[default]
    Keep,
    /// It is emptied.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T: Clone> Patch<T> {
    /// The field after the change.
    #[must_use]
    pub fn over(&self, now: Option<T>) -> Option<T> {
        match self {
            Self::Keep => now,
            Self::Clear => None,
            Self::Set(value) => Some(value.clone()),
        }
    }
}

impl Body {
    /// What the command does.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        match self {
            Self::RegisterUser { .. } => Operation::RegisterUser,
            Self::UpdateUser { .. } => Operation::UpdateUser,
            Self::CreateReferrer { .. } => Operation::CreateReferrer,
            Self::AddCredits(_) => Operation::AddCredits,
            Self::SpendCredits(_) => Operation::SpendCredits,
            Self::ConsumeQuota(_) => Operation::ConsumeQuota,
            Self::ReverseTransaction { .. } => Operation::ReverseTransaction,
            Self::GenerateCode { .. } => Operation::GenerateCode,
            Self::RegenerateCode { .. } => Operation::RegenerateCode,
            Self::ApplyCode { .. } => Operation::ApplyCode,
            Self::RecordPurchase(_) => Operation::RecordPurchase,
            Self::RecordRefund { .. } => Operation::RecordRefund,
            Self::RecordEvent { .. } => Operation::RecordEvent,
            Self::CompleteStep { .. } => Operation::CompleteStep,
            Self::Dismiss { .. } => Operation::Dismiss,
            Self::CreatePromo(_) => Operation::CreatePromo,
            Self::CreatePromos { .. } => Operation::CreatePromos,
            Self::UpdatePromo { .. } => Operation::UpdatePromo,
            Self::RedeemPromo { .. } => Operation::RedeemPromo,
            Self::MarkRead { .. } => Operation::MarkRead,
            Self::UpdateSettings { .. } => Operation::UpdateSettings,
            Self::RetryDecision { .. } => Operation::RetryDecision,
            Self::RetryReward { .. } => Operation::RetryReward,
            Self::ApproveReward { .. } => Operation::ApproveReward,
            Self::CancelReward { .. } => Operation::CancelReward,
            Self::ApproveReferral { .. } => Operation::ApproveReferral,
            Self::RejectReferral { .. } => Operation::RejectReferral,
            Self::EraseUser { .. } => Operation::EraseUser,
            Self::Settle { .. } => Operation::Settle,
            Self::ActivateProgram { .. } => Operation::ActivateProgram,
            Self::MissCode { .. } => Operation::MissCode,
            Self::Click { .. } => Operation::Click,
        }
    }
}

impl Command {
    /// The name by which a repetition finds the event.
    #[must_use]
    pub fn event_key(&self) -> Option<EventKey> {
        self.key.clone().map(|key| EventKey { operation: self.body.operation(), key })
    }
}

//! What is put in and given back about credits.

use async_graphql::{ID, InputObject, SimpleObject};

use super::{CreditAccount, CreditLot, CreditTransaction};
use crate::graphql::scalars::{Amount, DateTime};
use crate::operations::credits;

/// A grant by hand.
#[derive(InputObject)]
pub struct AddCreditsInput {
    /// Who gets it.
    user_id: ID,
    /// How much, more than 0.
    amount: Amount,
    /// The unit; the tenant's main unit when null.
    unit: Option<String>,
    /// Where it comes from: a known source.
    #[graphql(default_with = "Some(\"manual\".to_owned())")]
    source: Option<String>,
    /// A text for people.
    description: Option<String>,
    /// An id of the caller's world.
    reference_id: Option<String>,
    /// The space of the caller's world that it belongs to.
    space_id: Option<String>,
    /// The lower, the sooner it is spent.
    #[graphql(default_with = "Some(50)")]
    priority: Option<i32>,
    /// From when it can be spent; until then it is on hold. At once when null.
    available_from: Option<DateTime>,
    /// When it ends; exclusive. Never when null.
    expires_at: Option<DateTime>,
    /// The same key again changes nothing and answers the same.
    idempotency_key: Option<String>,
}

impl From<AddCreditsInput> for credits::NewGrant {
    fn from(input: AddCreditsInput) -> Self {
        Self {
            user_id: input.user_id.0,
            amount: input.amount.0,
            unit: input.unit,
            source: input.source.unwrap_or_else(|| "manual".to_owned()),
            description: input.description,
            reference_id: input.reference_id,
            space_id: input.space_id,
            priority: input.priority.unwrap_or(50),
            available_from: input.available_from.map(|time| time.0),
            expires_at: input.expires_at.map(|time| time.0),
            idempotency_key: input.idempotency_key,
        }
    }
}

/// A spend.
#[derive(InputObject)]
pub struct SpendCreditsInput {
    /// Who spends.
    user_id: ID,
    /// How much, more than 0.
    amount: Amount,
    /// The unit; the tenant's main unit when null.
    unit: Option<String>,
    /// A text for people.
    description: Option<String>,
    /// An id of the caller's world.
    reference_id: Option<String>,
    /// The space of the caller's world that it belongs to.
    space_id: Option<String>,
    /// The same key again changes nothing and answers the same.
    idempotency_key: Option<String>,
}

impl From<SpendCreditsInput> for credits::NewSpend {
    fn from(input: SpendCreditsInput) -> Self {
        Self {
            user_id: input.user_id.0,
            amount: input.amount.0,
            unit: input.unit,
            description: input.description,
            reference_id: input.reference_id,
            space_id: input.space_id,
            idempotency_key: input.idempotency_key,
        }
    }
}

/// Which grant or spend to undo.
#[derive(InputObject)]
pub struct ReverseTransactionInput {
    /// The ledger entry.
    pub transaction_id: ID,
    /// Why, for people.
    pub reason: Option<String>,
    /// The same key again changes nothing and answers the same.
    pub idempotency_key: Option<String>,
}

/// An account after a grant, a spend or a reversal.
#[derive(SimpleObject)]
pub struct CreditPayload {
    /// The entry that was booked; null while the grant is on hold.
    transaction: Option<CreditTransaction>,
    /// The grant; null for a spend and a reversal.
    lot: Option<CreditLot>,
    /// The account, as it is now.
    account: CreditAccount,
    /// True when this answer repeats an earlier one.
    replayed: bool,
}

impl From<credits::Credited> for CreditPayload {
    fn from(credited: credits::Credited) -> Self {
        Self {
            transaction: credited.transaction.map(CreditTransaction),
            lot: credited.lot.map(CreditLot),
            account: CreditAccount(credited.account),
            replayed: credited.replayed,
        }
    }
}

/// How much of a quota is used up.
#[derive(InputObject)]
pub struct ConsumeQuotaInput {
    /// Whose quota.
    user_id: ID,
    /// The quota's unit (messages, requests).
    unit: String,
    /// How much, more than 0.
    amount: Amount,
    /// The same key again changes nothing and answers the same.
    idempotency_key: Option<String>,
}

impl From<ConsumeQuotaInput> for credits::NewSpend {
    fn from(input: ConsumeQuotaInput) -> Self {
        Self {
            user_id: input.user_id.0,
            amount: input.amount.0,
            unit: Some(input.unit),
            description: None,
            reference_id: None,
            space_id: None,
            idempotency_key: input.idempotency_key,
        }
    }
}

/// An account after some of a quota was used up.
#[derive(SimpleObject)]
pub struct ConsumeQuotaPayload {
    /// The account of the quota's unit.
    pub account: CreditAccount,
}

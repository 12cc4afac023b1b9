//! What happened in the product: purchases, refunds and events of the tenant's own.

use serde_json::Value;

use super::submit::{Done, Draft, submit};
use super::{Call, input};
use crate::domain::amount::Amount;
use crate::domain::command::{Body, Payment};
use crate::domain::refusal::Refusal;
use crate::domain::rules::ENGINE_EVENTS;
use crate::domain::time::Time;

/// A payment, as it came in.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each field is the field of the API's input with the same name")]
pub struct NewPurchase {
    pub id: String,
    pub user_id: String,
    pub amount: Amount,
    pub currency: Option<String>,
    pub plan: Option<String>,
    pub referral_code: Option<String>,
    pub occurred_at: Option<Time>,
    pub data: Option<Value>,
}

/// A refund, as it came in.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each field is the field of the API's input with the same name")]
pub struct NewRefund {
    pub id: String,
    pub purchase_id: String,
    pub amount: Option<Amount>,
    pub reason: Option<String>,
}

/// An event of the tenant's own, as it came in.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each field is the field of the API's input with the same name")]
pub struct NewEvent {
    pub id: String,
    pub user_id: String,
    pub kind: String,
    pub occurred_at: Option<Time>,
    pub data: Option<Value>,
}

/// Records a payment. Needs a service key.
pub async fn record(call: &Call, purchase: NewPurchase) -> Result<Done, Refusal> {
    call.caller.require_service()?;
    input::word("id", &purchase.id)?;
    input::word("userId", &purchase.user_id)?;
    input::positive("amount", purchase.amount)?;
    input::optional_word("currency", purchase.currency.as_deref())?;
    input::optional_word("plan", purchase.plan.as_deref())?;
    input::optional_code(purchase.referral_code.as_deref())?;
    let data = Value::Object(input::object("data", purchase.data)?);
    let body = Payment {
        purchase_id: purchase.id.clone(),
        user_id: purchase.user_id,
        amount: purchase.amount,
        currency: purchase.currency,
        plan: purchase.plan,
        referral_code: purchase.referral_code,
        occurred_at: purchase.occurred_at,
        data,
    };
    submit(call, Draft::new(Some(purchase.id), Body::RecordPurchase(body))).await
}

/// Records a refund. Needs a service key.
pub async fn refund(call: &Call, refund: NewRefund) -> Result<Done, Refusal> {
    call.caller.require_service()?;
    input::word("id", &refund.id)?;
    input::word("purchaseId", &refund.purchase_id)?;
    if let Some(amount) = refund.amount {
        input::positive("amount", amount)?;
    }
    input::optional_text("reason", refund.reason.as_deref())?;
    let body = Body::RecordRefund {
        refund_id: refund.id.clone(),
        purchase_id: refund.purchase_id,
        amount: refund.amount,
        reason: refund.reason,
    };
    submit(call, Draft::new(Some(refund.id), body)).await
}

/// Records an event of the tenant's own. Needs a service key.
pub async fn event(call: &Call, event: NewEvent) -> Result<Done, Refusal> {
    call.caller.require_service()?;
    input::word("id", &event.id)?;
    input::word("userId", &event.user_id)?;
    check_type(&event.kind)?;
    let data = Value::Object(input::object("data", event.data)?);
    let body = Body::RecordEvent {
        event_id: event.id.clone(),
        user_id: event.user_id,
        event: event.kind,
        occurred_at: event.occurred_at,
        data,
    };
    submit(call, Draft::new(Some(event.id), body)).await
}

/// A type of the tenant's own: lower-case words with underscores, none of the engine's.
fn check_type(kind: &str) -> Result<(), Refusal> {
    input::word("type", kind)?;
    if ENGINE_EVENTS.contains(&kind) {
        return Err(Refusal::bad_input(format!(
            "The engine makes {kind} events itself: give the event a type of your own."
        )));
    }
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'))
    };
    if kind.starts_with(|first: char| first.is_ascii_lowercase()) && kind.split('_').all(is_word) {
        return Ok(());
    }
    Err(Refusal::bad_input(
        "type must be lower-case words with underscores, as in campaign_joined.",
    ))
}

#[cfg(test)]
mod tests {
    use super::check_type;

    #[test]
    fn types_are_words_of_the_tenants_own() {
        assert!(check_type("campaign_joined").is_ok());
        for wrong in ["", "purchase", "Joined", "a__b", "_a", "a b", "1a"] {
            assert!(check_type(wrong).is_err(), "{wrong}");
        }
    }
}

//! The fact sheet of one event.

use serde_json::{Value, json};

use crate::domain::caps::Parties;
use crate::domain::ledger::settle;
use crate::domain::records::{AccountKey, Purchase, Referral, User};
use crate::domain::state::{Key, Stop};
use crate::domain::work::{Occurrence, Work};

use super::persons::{referrer_facts, user_facts};
use super::signals::{fingerprint_keys, signals};
use super::stand::{cap_facts, cap_keys};

/// The facts about an event, and whom its effects may name.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// What happened.
    pub occurrence: Occurrence,
    /// Who referred the event's user.
    pub referrer_id: Option<String>,
    /// The facts.
    pub facts: Value,
}

/// Gathers the facts about an event, with counts as they stand: call it before counting the event.
pub fn build(work: &mut Work<'_>, occurrence: Occurrence) -> Result<Sheet, Stop> {
    let user = work.user(&occurrence.user_id)?;
    let account = AccountKey { user_id: user.id.clone(), unit: work.program().unit.clone() };
    need_all(work, &occurrence, &user, &account)?;
    let referral = match occurrence.referral_id.or(user.referral_id) {
        Some(id) => work.state.get::<Referral>(&id)?.cloned(),
        None => None,
    };
    let referrer_id = referral
        .as_ref()
        .map(|referral| referral.referrer_id.clone())
        .or_else(|| user.referrer_id.clone());
    let referrer = match &referrer_id {
        Some(id) => work.state.get::<User>(id)?.cloned(),
        None => None,
    };
    let account = settle(work, &account)?;
    let program = work.program();
    let facts = json!({
        "event": event_facts(&occurrence, work),
        "user": user_facts(&user, &account),
        "referral": referral.as_ref().map(referral_facts),
        "referrer": referrer.as_ref().map(referrer_facts),
        "purchase": purchase_facts(work, &occurrence)?,
        "program": { "users": work.state.lane().users, "credited_referrals": work.state.lane().credited_referrals },
        "caps": cap_facts(work, Some(&user.id), referrer_id.as_deref())?,
        "signals": signals(work, &user, referrer.as_ref())?,
        "settings": program.settings,
        "now": work.now().timestamp_micros(),
    });
    Ok(Sheet { occurrence, referrer_id, facts })
}

/// Asks at once for everything that the facts are gathered from.
fn need_all(
    work: &Work<'_>,
    occurrence: &Occurrence,
    user: &User,
    account: &AccountKey,
) -> Result<(), Stop> {
    let mut keys: Vec<Key> = vec![Key::Account(account.clone())];
    keys.extend(user.referrer_id.clone().map(Key::User));
    keys.extend(occurrence.referral_id.or(user.referral_id).map(Key::Referral));
    keys.extend(occurrence.purchase_id.clone().map(Key::Purchase));
    keys.extend(fingerprint_keys(user).into_iter().map(Key::Fingerprint));
    let parties = Parties { user_id: Some(&user.id), referrer_id: user.referrer_id.as_deref() };
    keys.extend(cap_keys(work, parties).into_iter().map(Key::CapUse));
    work.state.need(keys)
}

fn event_facts(occurrence: &Occurrence, work: &Work<'_>) -> Value {
    json!({
        "type": occurrence.event,
        "id": occurrence.id,
        "at": occurrence.at.timestamp_micros(),
        "amount": occurrence.amount,
        "currency": occurrence.amount.map(|_| &work.program().unit),
        "plan": occurrence.plan,
        "data": occurrence.data,
    })
}

fn referral_facts(referral: &Referral) -> Value {
    json!({
        "id": referral.id,
        "code": referral.code,
        "status": referral.status,
        "converted": referral.converted_at.is_some(),
        "approved": referral.is_approved(),
        "signed_up_at": referral.signed_up_at.timestamp_micros(),
    })
}

fn purchase_facts(work: &Work<'_>, occurrence: &Occurrence) -> Result<Value, Stop> {
    let Some(id) = &occurrence.purchase_id else { return Ok(Value::Null) };
    Ok(work.state.get::<Purchase>(id)?.map_or(Value::Null, |purchase| {
        json!({
            "id": purchase.id,
            "amount": purchase.amount,
            "refunded": purchase.refunded,
            "fully_refunded": purchase.is_fully_refunded(),
            "plan": purchase.plan,
            "data": purchase.data,
        })
    }))
}

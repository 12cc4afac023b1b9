//! A world of a simulation's own, made from the facts that were given: in it is what they say, and
//! nothing else.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::simulation::SimulateRequest;
use crate::domain::caps::{Parties, cap_key};
use crate::domain::program::Program;
use crate::domain::records::{CapUse, Lane, Position, Referral, ReferralStatus, User};
use crate::domain::state::Slice;
use crate::domain::time::Time;

/// The facts with what a script surely reads filled in where they leave it out.
pub(super) fn whole(
    facts: &Map<String, Value>,
    request: &SimulateRequest,
    lane: &Lane,
    settings: &Map<String, Value>,
) -> Value {
    let mut whole = json!({
        "event": { "type": request.event, "id": "", "at": lane.last_at.timestamp_micros(), "amount": request.amount,
                   "currency": null, "plan": null, "data": request.data.clone().unwrap_or_else(|| json!({})) },
        "user": {}, "referral": null, "referrer": null, "purchase": null,
        "program": { "users": lane.users, "credited_referrals": lane.credited_referrals },
        "caps": {}, "signals": {}, "now": lane.last_at.timestamp_micros(),
    });
    for (name, value) in facts {
        whole[name] = value.clone();
    }
    // Settings are today's, or those of the draft, whatever the facts say.
    whole["settings"] = Value::Object(settings.clone());
    whole
}

/// A tenant in which the people, the referral and the caps are as the facts say.
pub(super) fn seeded(lane: Lane, program: &Program, facts: &Value, now: Time) -> Slice {
    let mut slice = Slice::in_memory(lane);
    let text = |pointer: &str| facts.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let (user_id, referrer_id) = (text("/user/id").unwrap_or_default(), text("/referrer/id"));
    let referral_id = text("/referral/id").and_then(|id| id.parse::<Uuid>().ok());
    let user = User {
        referrer_id: referrer_id.clone(),
        referral_id,
        ..User::new(&user_id, Position::default(), now)
    };
    slice.tables.users.insert(user_id.clone(), Some(user));
    if let Some(id) = &referrer_id {
        slice.tables.users.insert(id.clone(), Some(User::new(id, Position::default(), now)));
    }
    if let (Some(id), Some(referrer_id)) = (referral_id, referrer_id.clone()) {
        let referral = referral(id, (&referrer_id, &user_id), facts, now);
        slice.tables.referrals.insert(id, Some(referral));
    }
    let parties = Parties { user_id: Some(&user_id), referrer_id: referrer_id.as_deref() };
    for cap_use in cap_uses(program, parties, facts, now) {
        slice.tables.cap_uses.insert(cap_use.key.clone(), Some(cap_use));
    }
    slice
}

fn referral(id: Uuid, people: (&str, &str), facts: &Value, now: Time) -> Referral {
    let status = facts.pointer("/referral/status").and_then(Value::as_str);
    let status = ReferralStatus::ALL.into_iter().find(|known| Some(known.name()) == status);
    let code = facts.pointer("/referral/code").and_then(Value::as_str).unwrap_or_default();
    let made = Referral::new(id, code, people, (Position::default(), now));
    Referral { status: status.unwrap_or(made.status), ..made }
}

/// The caps as used as the facts say, counted now.
fn cap_uses(program: &Program, parties: Parties<'_>, facts: &Value, now: Time) -> Vec<CapUse> {
    let used = |name: &str| facts.pointer(&format!("/caps/{name}/used")).and_then(Value::as_i64);
    (program.caps.iter())
        .filter_map(|(name, cap)| {
            Some(CapUse { key: cap_key(program, now, (name, cap), parties)?, used: used(name)? })
        })
        .collect()
}

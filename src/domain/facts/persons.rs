//! Facts about the event's user and the referrer.

use serde_json::{Value, json};

use crate::domain::program::Program;
use crate::domain::records::{Account, User};

/// What rules see of a user, apart from the balance.
#[must_use]
pub fn person_facts(user: &User) -> Value {
    json!({
        "id": user.id,
        "name": user.personal.name,
        "email": user.personal.email,
        "email_verified": user.email_verified,
        "created_at": user.created_at.timestamp_micros(),
        "number": user.number,
        "traits": user.personal.traits,
        "purchase_count": user.purchase_count,
        "purchase_total": user.purchase_total,
        "first_purchase_done": user.purchase_count > 0,
        "steps_done": user.steps.len(),
    })
}

/// What rules see of the event's user; `account` is the one in the main unit, settled.
pub(super) fn user_facts(program: &Program, user: &User, account: &Account) -> Value {
    let mut facts = person_facts(user);
    let left = program.steps.iter().filter(|step| !user.steps.contains_key(&step.key));
    facts["steps_left"] = json!(left.count());
    facts["onboarded"] = json!(user.onboarded_at.is_some());
    facts["balance"] = json!(account.balance);
    facts["total_earned"] = json!(account.earned);
    facts
}

/// What rules see of a referrer.
#[must_use]
pub fn referrer_facts(referrer: &User) -> Value {
    json!({
        "id": referrer.id,
        "clicks": referrer.clicks,
        "signups": referrer.signups,
        "conversions": referrer.conversions,
        "credited": referrer.credited,
        "total_earned": referrer.referral_earned,
    })
}

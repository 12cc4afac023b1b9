//! Whether a referral code can be used now, and why not.

use serde_json::{Value, json};

use crate::domain::answer::Validation;
use crate::domain::facts::{cap_facts, person_facts, referrer_facts};
use crate::domain::records::{Code, User};
use crate::domain::state::{Key, Stop};
use crate::domain::work::Work;

/// How a code comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Nobody in particular asks.
    Look,
    /// At sign-up.
    SignUp,
    /// Typed in after sign-up.
    TypedIn,
    /// With a purchase.
    Purchase,
    /// With a purchase of a customer who has a referrer already, where each purchase has a referral
    /// of its own: it goes to that referrer.
    LaterPurchase,
}

/// The code with its owner, while it works: nobody retired it, and its owner was not erased.
pub fn working<'s>(work: &'s Work<'_>, code: &str) -> Result<Option<(&'s Code, &'s User)>, Stop> {
    let found = work.state.get::<Code>(&Code::matching(code))?;
    let Some(code) = found.filter(|found| found.retired_at.is_none()) else { return Ok(None) };
    let owner = work.state.get::<User>(&code.user_id)?;
    Ok(owner.filter(|owner| owner.erased_at.is_none()).map(|owner| (code, owner)))
}

/// Says whether `code` can be used now by `user` (`None`: by somebody new). A bad code is an answer,
/// never a refusal.
pub fn validate(
    work: &Work<'_>,
    code: &str,
    user: Option<&User>,
    attempt: Attempt,
) -> Result<Validation, Stop> {
    let found = work.state.get::<Code>(&Code::matching(code))?;
    let Some(found) = found.filter(|found| found.retired_at.is_none()) else {
        return Ok(unusable(code, "NOT_FOUND"));
    };
    let first = user
        .filter(|_| attempt == Attempt::LaterPurchase)
        .and_then(|user| user.referrer_id.as_ref())
        .unwrap_or(&found.user_id);
    work.state.need([first, &found.user_id].map(|id| Key::User(id.clone())))?;
    let (Some(owner), Some(referrer)) = (active(work, &found.user_id)?, active(work, first)?)
    else {
        return Ok(unusable(code, "DISABLED"));
    };
    let remaining = (work.program().codes.max_uses).map(|limit| (limit - referrer.credited).max(0));
    let reason = match objection(owner, user, attempt, remaining) {
        Some(reason) => Some(reason.to_owned()),
        None => ask_rules(work, &found.shown, referrer, user)?,
    };
    Ok(Validation {
        code: found.shown.clone(),
        referrer_id: Some(owner.id.clone()),
        remaining_uses: remaining,
        reason,
    })
}

/// The user, unless erased.
fn active<'w>(work: &'w Work<'_>, user_id: &String) -> Result<Option<&'w User>, Stop> {
    Ok(work.state.get::<User>(user_id)?.filter(|user| user.erased_at.is_none()))
}

fn unusable(code: &str, reason: &str) -> Validation {
    Validation {
        code: code.trim().to_owned(),
        referrer_id: None,
        remaining_uses: None,
        reason: Some(reason.to_owned()),
    }
}

fn objection(
    owner: &User,
    user: Option<&User>,
    attempt: Attempt,
    remaining: Option<i64>,
) -> Option<&'static str> {
    if let Some(user) = user {
        let mailbox = user.personal.mailbox();
        if user.id == owner.id || (mailbox.is_some() && mailbox == owner.personal.mailbox()) {
            return Some("SELF_REFERRAL");
        }
        if user.referrer_id.is_some() && attempt != Attempt::LaterPurchase {
            return Some("ALREADY_REFERRED");
        }
        if attempt == Attempt::TypedIn && user.purchase_count > 0 {
            return Some("ALREADY_PURCHASED");
        }
    }
    (remaining == Some(0)).then_some("MAX_USES_REACHED")
}

fn ask_rules(
    work: &Work<'_>,
    code: &str,
    referrer: &User,
    user: Option<&User>,
) -> Result<Option<String>, Stop> {
    let caps = cap_facts(work, user.map(|user| user.id.as_str()), Some(&referrer.id))?;
    let facts = json!({
        "code": code,
        "referrer": referrer_facts(referrer),
        "user": user.map_or(Value::Null, person_facts),
        "caps": caps,
        "settings": work.program().settings,
        "now": work.now().timestamp_micros(),
    });
    Ok(work.in_force.rules.can_use_code(&facts).err())
}

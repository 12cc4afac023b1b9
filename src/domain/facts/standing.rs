//! How everything stands for one user now: what the rules see when they say what the user can do next.

use serde_json::{Value, json};

use crate::domain::caps::Parties;
use crate::domain::invites::{may_invite, remaining_uses};
use crate::domain::program::{Scope, Step};
use crate::domain::records::User;
use crate::domain::state::{Key, Stop};
use crate::domain::work::Work;

use super::persons::referrer_facts;
use super::scene::{Scene, scene};
use super::stand::{cap_facts, cap_keys};

/// Gathers what the rules see when they say what a user can do next: the facts of an event without
/// the event, the onboarding steps, and the user as one who invites. `None` of an erased user, who can
/// do nothing any more.
pub fn standing(work: &mut Work<'_>, user_id: &str) -> Result<Option<Value>, Stop> {
    if work.user(user_id)?.erased_at.is_some() {
        return Ok(None);
    }
    let Scene { user, mut facts, .. } = scene(work, (user_id, None), |work, user| {
        let inviting = Parties { user_id: None, referrer_id: Some(&user.id) };
        cap_keys(work, inviting).into_iter().map(Key::CapUse).collect()
    })?;
    facts["event"] = Value::Null;
    facts["purchase"] = Value::Null;
    facts["steps"] = steps(work, &user);
    facts["invites"] = invites(work, &user)?;
    Ok(Some(facts))
}

/// The onboarding steps, in the program's order.
fn steps(work: &Work<'_>, user: &User) -> Value {
    let step = |step: &Step| {
        json!({
            "key": step.key,
            "title": step.title,
            "done": user.steps.contains_key(&step.key),
        })
    };
    work.program().steps.iter().map(step).collect()
}

/// The user as one who invites others; the caps are those that count for a referrer.
fn invites(work: &Work<'_>, user: &User) -> Result<Value, Stop> {
    let program = work.program();
    let mut caps = cap_facts(work, None, Some(&user.id))?;
    if let Some(caps) = caps.as_object_mut() {
        let of_referrers =
            |name: &str| program.caps.get(name).is_some_and(|cap| cap.scope == Scope::Referrer);
        caps.retain(|name, _| of_referrers(name));
    }
    let mut facts = referrer_facts(user);
    facts["open"] = json!(may_invite(program, user));
    facts["code"] = json!(user.code);
    facts["link"] = json!(user.code.as_ref().map(|code| program.link_for(code)));
    facts["limit"] = json!(program.codes.max_uses);
    facts["remaining"] = json!(remaining_uses(program, user));
    facts["caps"] = caps;
    Ok(facts)
}

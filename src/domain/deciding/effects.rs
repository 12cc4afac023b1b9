//! Applying a decision's effects, all or none.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Value, json};

use crate::domain::effect::Effect;
use crate::domain::records::{Emission, Hold, Notice, Referral, ReferralStatus};
use crate::domain::referral;
use crate::domain::state::Stop;
use crate::domain::time::Time;
use crate::domain::work::{Occurrence, Work};

use super::cause::{Cause, Obstacle, named, own_referral, referral_of};
use super::grants::give;

/// How many events the effects of one command may cause.
const MAX_CAUSED: usize = 8;

/// Applies the effects; gives those that were. None of them is when one meets an obstacle: then the
/// caller returns to its mark.
pub(super) fn apply_all(
    work: &mut Work<'_>,
    cause: &mut Cause<'_>,
    effects: Vec<Effect>,
) -> Result<Vec<Effect>, Obstacle> {
    let (mut applied, mut missing) = (Vec::new(), BTreeSet::new());
    for effect in waiting_apart(held_back(work, cause, effects)?) {
        match apply(work, cause, &effect) {
            Ok(true) => applied.push(effect),
            Ok(false) => {}
            // The others may lack something too: better to find it in the same round.
            Err(Obstacle::Stop(Stop::Missing(keys))) => missing.extend(keys),
            Err(_) if !missing.is_empty() => break,
            Err(obstacle) => return Err(obstacle),
        }
    }
    if !missing.is_empty() {
        return Err(Obstacle::Stop(Stop::Missing(missing)));
    }
    match (applied.is_empty(), cause.once_used) {
        (false, _) => Ok(applied),
        (true, true) => Err(Obstacle::Skipped("once".to_owned())),
        (true, false) => Err(Obstacle::Skipped("nothing_to_give".to_owned())),
    }
}

/// While the referral waits for an administrator, an answer that credits it waits as well.
fn held_back(
    work: &Work<'_>,
    cause: &Cause<'_>,
    effects: Vec<Effect>,
) -> Result<Vec<Effect>, Obstacle> {
    let Some(id) = own_referral(work, cause)?.filter(|_| cause.credits) else { return Ok(effects) };
    let referral = work.state.get::<Referral>(&id)?;
    Ok(match referral.filter(|referral| referral.status == ReferralStatus::Held) {
        Some(held) => {
            let reason = held.failure_reason.clone().unwrap_or_default();
            vec![Effect::HoldReferral { reason }]
        }
        None => effects,
    })
}

/// What of a decision can be applied now. A hold keeps everything else for the administrator's word;
/// a payment outside keeps the credit of the referral and the notices until it is made.
fn waiting_apart(effects: Vec<Effect>) -> Vec<Effect> {
    if let Some(hold) = effects.iter().find(|effect| matches!(effect, Effect::HoldReferral { .. }))
    {
        return vec![hold.clone()];
    }
    let pays_outside = effects.iter().any(
        |effect| matches!(effect, Effect::StripeBalance { amount, .. } if amount.is_positive()),
    );
    let waits = |effect: &Effect| {
        pays_outside && matches!(effect, Effect::CreditReferral | Effect::Notify { .. })
    };
    effects.into_iter().filter(|effect| !waits(effect)).collect()
}

/// Applies one effect; `false` when it was dropped.
fn apply(work: &mut Work<'_>, cause: &mut Cause<'_>, effect: &Effect) -> Result<bool, Obstacle> {
    match effect {
        Effect::Credit { .. }
        | Effect::Quota { .. }
        | Effect::Feature { .. }
        | Effect::StripeBalance { .. } => give(work, cause, effect),
        Effect::CreditReferral => {
            let purchase_id = cause.sheet.occurrence.purchase_id.as_deref();
            let credited = referral::credit(work, referral_of(work, cause)?, purchase_id)?;
            credited.map(|()| true).map_err(Obstacle::Skipped)
        }
        Effect::HoldReferral { reason } => {
            open_referral(work, cause)?;
            let hold = Hold { decision_id: cause.decision_id, sheet: cause.sheet_key };
            referral::hold(work, referral_of(work, cause)?, (hold, reason), signals_of(cause))?;
            Ok(true)
        }
        Effect::RejectReferral { reason } => {
            open_referral(work, cause)?;
            referral::reject(work, referral_of(work, cause)?, reason, signals_of(cause))?;
            Ok(true)
        }
        Effect::CompleteStep { user, key } => complete_step(work, cause, user, key),
        Effect::Notify { user, kind, message } => {
            notify(work, cause, user, (kind, message))?;
            Ok(true)
        }
        Effect::Emit { kind, data } => {
            emit(work, cause, kind, data);
            Ok(true)
        }
    }
}

/// Only a referral that nobody has decided yet can be held or rejected.
fn open_referral(work: &Work<'_>, cause: &Cause<'_>) -> Result<(), Obstacle> {
    let id = referral_of(work, cause)?;
    let status = work.state.get::<Referral>(&id)?.map(|referral| referral.status);
    match status {
        Some(ReferralStatus::Pending | ReferralStatus::Held) | None => Ok(()),
        Some(decided) => Err(Obstacle::Skipped(format!("referral:{}", decided.name()))),
    }
}

fn signals_of(cause: &Cause<'_>) -> Value {
    cause.sheet.facts.get("signals").cloned().unwrap_or(Value::Null)
}

fn complete_step(
    work: &mut Work<'_>,
    cause: &Cause<'_>,
    user: &str,
    key: &str,
) -> Result<bool, Obstacle> {
    let user_id = named(cause, user)?.to_owned();
    if work.program().steps.iter().all(|step| step.key != key) {
        return Err(Obstacle::Failed(format!(
            "The program has no onboarding step {key:?}: add it to program.toml."
        )));
    }
    let now = work.now();
    let mut caused = mark_step(work, &user_id, key, now)?;
    work.made.caused += caused.len();
    if work.made.caused > MAX_CAUSED {
        return Err(Obstacle::Failed(format!(
            "Effects of one command may cause at most {MAX_CAUSED} events."
        )));
    }
    let done = !caused.is_empty();
    work.caused.append(&mut caused);
    Ok(done)
}

/// Marks a step done; gives the events that follow from it, none when it was done already.
pub(crate) fn mark_step(
    work: &mut Work<'_>,
    user_id: &str,
    key: &str,
    at: Time,
) -> Result<VecDeque<Occurrence>, Stop> {
    let mut user = work.user(user_id)?;
    let mut caused = VecDeque::new();
    if user.steps.contains_key(key) {
        return Ok(caused);
    }
    user.steps.insert(key.to_owned(), at);
    let event = |event: &str, id: String, data: Value| Occurrence {
        event: event.to_owned(),
        id,
        user_id: user_id.to_owned(),
        at,
        amount: None,
        plan: None,
        data,
        purchase_id: None,
        referral_id: None,
    };
    caused.push_back(event("step_completed", format!("{user_id}:{key}"), json!({ "step": key })));
    let all_done = work.program().steps.iter().all(|step| user.steps.contains_key(&step.key));
    if all_done && user.onboarded_at.is_none() {
        user.onboarded_at = Some(at);
        caused.push_back(event("onboarding_completed", user_id.to_owned(), json!({})));
    }
    work.state.put(user);
    Ok(caused)
}

fn notify(
    work: &mut Work<'_>,
    cause: &Cause<'_>,
    user: &str,
    (kind, message): (&str, &str),
) -> Result<(), Obstacle> {
    let mut user = work.user(named(cause, user)?)?;
    user.unread += 1;
    let notice = Notice {
        id: work.id(),
        position: work.position(),
        user_id: user.id.clone(),
        about_id: Some(cause.sheet.occurrence.user_id.clone()),
        kind: kind.to_owned(),
        message: message.to_owned(),
        read: false,
        created_at: work.now(),
    };
    work.state.put(user);
    work.state.put(notice);
    Ok(())
}

fn emit(work: &mut Work<'_>, cause: &Cause<'_>, kind: &str, data: &Value) {
    let emission = Emission {
        id: work.id(),
        position: work.position(),
        user_id: cause.sheet.occurrence.user_id.clone(),
        kind: kind.to_owned(),
        data: data.clone(),
        created_at: work.now(),
    };
    work.state.change.tables.emissions.push(emission);
}

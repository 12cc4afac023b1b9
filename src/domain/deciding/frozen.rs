//! Events whose facts were frozen, looked at again.

use serde_json::Value;

use crate::domain::effect::Effect;
use crate::domain::facts::Sheet;
use crate::domain::records::{Decision, FactSheet, Purchase, Referral, ReferralStatus};
use crate::domain::refusal::Refusal;
use crate::domain::rules::{Answer, Verdict};
use crate::domain::state::Stop;
use crate::domain::time::from_micros;
use crate::domain::work::{Occurrence, Work};

/// Why there is nothing to be decided any more.
pub(super) fn moot(work: &Work<'_>, kept: &FactSheet) -> Result<Option<&'static str>, Stop> {
    let user = work.user(&kept.user_id)?;
    if user.erased_at.is_some() {
        return Ok(Some("user_erased"));
    }
    if let Some(id) = &kept.purchase_id
        && work.state.get::<Purchase>(id)?.is_some_and(Purchase::is_fully_refunded)
    {
        return Ok(Some("purchase_refunded"));
    }
    let Some(id) = kept.referral_id.or(user.referral_id) else { return Ok(None) };
    let Some(referral) = work.state.get::<Referral>(&id)? else { return Ok(None) };
    Ok(match referral.status {
        ReferralStatus::Rejected => Some("referral_rejected"),
        ReferralStatus::Reversed => Some("referral_reversed"),
        _ if work.user(&referral.referrer_id)?.erased_at.is_some() => Some("referrer_erased"),
        _ => None,
    })
}

/// The sheet as it was, with today's settings.
pub(super) fn reopen(work: &Work<'_>, kept: &FactSheet) -> Result<Sheet, Stop> {
    let mut facts = kept.whole();
    facts["settings"] = Value::Object(work.program().settings.clone());
    let user = work.user(&kept.user_id)?;
    let text = |pointer: &str| facts.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let at = facts.pointer("/event/at").and_then(Value::as_i64).and_then(from_micros);
    let occurrence = Occurrence {
        event: kept.event.clone(),
        id: text("/event/id").unwrap_or_default(),
        user_id: kept.user_id.clone(),
        at: at.unwrap_or_else(|| work.now()),
        amount: None,
        plan: text("/event/plan"),
        data: facts.pointer("/event/data").cloned().unwrap_or_default(),
        purchase_id: kept.purchase_id.clone(),
        referral_id: kept.referral_id.or(user.referral_id),
    };
    Ok(Sheet { occurrence, referrer_id: text("/referrer/id"), facts })
}

/// The facts that a decision was made on.
pub(super) fn facts_of(work: &Work<'_>, decision: &Decision) -> Result<FactSheet, Stop> {
    (work.state.get::<FactSheet>(&decision.sheet)?.cloned())
        .ok_or_else(|| Refusal::internal("A decision's facts are not there.").into())
}

/// What the rule file of an earlier decision answers now; `None` when the file is gone. Where an
/// administrator has released the referral, nothing is held any more.
pub(super) fn verdict_again(work: &Work<'_>, old: &Decision, sheet: &Sheet) -> Option<Verdict> {
    let verdicts = work.in_force.rules.decide(&old.event, &sheet.facts);
    let mut verdict = verdicts.into_iter().find(|verdict| verdict.rule == old.rule)?;
    let approved = sheet.facts.pointer("/referral/approved") == Some(&Value::Bool(true));
    if let (true, Answer::Effects(effects)) = (approved, &mut verdict.answer) {
        effects.retain(|effect| !matches!(effect, Effect::HoldReferral { .. }));
    }
    Some(verdict)
}

//! Asking the rules about an event, and keeping what they decided.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::domain::effect::Effect;
use crate::domain::facts::{Sheet, build};
use crate::domain::records::{Decision, FactSheet, FactSheetKey, Outcome};
use crate::domain::rules::{Answer, Verdict};
use crate::domain::state::Stop;
use crate::domain::work::{Occurrence, Work};

use super::cause::{Cause, Obstacle};
use super::effects::apply_all;

/// Gathers the facts about an event if any rule handles it. Between this and [`decide`] the caller
/// counts the event, so that rules see the counts as they stood before it.
pub fn occur(work: &mut Work<'_>, occurrence: Occurrence) -> Result<Option<Sheet>, Stop> {
    if !work.in_force.rules.handles(&occurrence.event) {
        return Ok(None);
    }
    let frozen = work.in_force.rules.frozen(&occurrence.event);
    let built = build(work, occurrence);
    let sheet = work.or_missing(built)?;
    Ok(sheet.map(|sheet| match frozen {
        Some(facts) => Sheet { facts, ..sheet },
        None => sheet,
    }))
}

/// Lets every rule file that handles the event decide, one after another, and then the events that
/// their effects caused.
pub fn decide(work: &mut Work<'_>, sheet: Option<Sheet>) -> Result<(), Stop> {
    decide_one(work, sheet)?;
    while let Some(caused) = work.caused.pop_front() {
        let sheet = foresee(work, caused)?;
        decide_one(work, sheet)?;
    }
    Ok(())
}

/// Gathers the facts about an event that was caused, with counts as they stood before it: the step
/// that it tells of was not done then.
fn foresee(work: &mut Work<'_>, caused: Occurrence) -> Result<Option<Sheet>, Stop> {
    let step = caused.data.get("step").and_then(Value::as_str).map(str::to_owned);
    let Some(step) = step.filter(|_| caused.event == "step_completed") else {
        return occur(work, caused);
    };
    let after = work.mark();
    let mut user = work.user(&caused.user_id)?;
    user.steps.remove(&step);
    work.state.put(user);
    let sheet = occur(work, caused)?;
    work.return_to(after);
    Ok(sheet)
}

fn decide_one(work: &mut Work<'_>, sheet: Option<Sheet>) -> Result<(), Stop> {
    let Some(sheet) = sheet else { return Ok(()) };
    let key = FactSheetKey { seq: work.seq, n: work.sheet() };
    let mut verdicts = work.in_force.rules.decide(&sheet.occurrence.event, &sheet.facts);
    hold_together(&mut verdicts);
    keep_facts(work, key, &sheet);
    let mut given = 0;
    for verdict in verdicts {
        let judged = judge(work, Case { key, sheet: &sheet, given, retries: None }, verdict);
        given = work.or_missing(judged)?.map_or(given, |(_, given)| given);
    }
    Ok(())
}

/// A hold by one file holds what another would credit, whichever comes first: the referral waits, and
/// so does every answer that decides it.
fn hold_together(verdicts: &mut [Verdict]) {
    let hold = verdicts.iter().find_map(|verdict| match &verdict.answer {
        Answer::Effects(effects) => {
            effects.iter().find(|effect| matches!(effect, Effect::HoldReferral { .. })).cloned()
        }
        _ => None,
    });
    let Some(hold) = hold else { return };
    for verdict in verdicts {
        if let Answer::Effects(effects) = &mut verdict.answer
            && effects.contains(&Effect::CreditReferral)
        {
            *effects = vec![hold.clone()];
        }
    }
}

/// One verdict's case.
pub(super) struct Case<'a> {
    pub key: FactSheetKey,
    pub sheet: &'a Sheet,
    /// What the event's decisions gave so far.
    pub given: i64,
    /// The FAILED decision that is decided again.
    pub retries: Option<Uuid>,
}

/// Applies one rule file's verdict and keeps the decision. Gives the decision's id and what the
/// event's decisions gave so far.
pub(super) fn judge(
    work: &mut Work<'_>,
    case: Case<'_>,
    verdict: Verdict,
) -> Result<(Uuid, i64), Stop> {
    let mut cause = Cause {
        sheet: case.sheet,
        decision_id: work.id(),
        sheet_key: case.key,
        given: case.given,
        credits: false,
        once_used: false,
    };
    let (outcome, reason, effects) = match verdict.answer {
        Answer::Skip(reason) => (Outcome::Skipped, Some(reason), Vec::new()),
        Answer::Failed(error) => (Outcome::Failed, Some(error.to_string()), Vec::new()),
        Answer::Effects(effects) => {
            cause.credits = effects.contains(&Effect::CreditReferral);
            attempt(work, &mut cause, effects)?
        }
    };
    let given = if outcome == Outcome::Rewarded { cause.given } else { case.given };
    let decision = Decision {
        id: cause.decision_id,
        position: work.position(),
        sheet: case.key,
        event: case.sheet.occurrence.event.clone(),
        user_id: case.sheet.occurrence.user_id.clone(),
        rule: verdict.rule,
        outcome,
        reason,
        effects,
        program_hash: work.program().hash.clone(),
        settings_version: work.state.settings_version(),
        duration_micros: i64::try_from(verdict.duration_micros).unwrap_or(i64::MAX),
        created_at: work.now(),
        retries: case.retries,
        retried_by: None,
    };
    let id = decision.id;
    work.state.put(decision);
    Ok((id, given))
}

type Judged = (Outcome, Option<String>, Vec<Effect>);

fn attempt(
    work: &mut Work<'_>,
    cause: &mut Cause<'_>,
    effects: Vec<Effect>,
) -> Result<Judged, Stop> {
    let mark = work.mark();
    match apply_all(work, cause, effects) {
        Ok(applied) => Ok((Outcome::Rewarded, None, applied)),
        Err(Obstacle::Stop(stop)) => Err(stop),
        Err(Obstacle::Skipped(reason)) => {
            work.return_to(mark);
            Ok((Outcome::Skipped, Some(reason), Vec::new()))
        }
        Err(Obstacle::Failed(reason)) => {
            work.return_to(mark);
            Ok((Outcome::Failed, Some(reason), Vec::new()))
        }
    }
}

/// Keeps the facts once for the event, what is personal apart.
pub(super) fn keep_facts(work: &mut Work<'_>, key: FactSheetKey, sheet: &Sheet) {
    let mut facts = sheet.facts.clone();
    let mut personal = Map::new();
    if let Some(Value::Object(user)) = facts.get_mut("user") {
        for name in ["name", "email", "traits"] {
            personal.extend(user.remove(name).map(|value| (name.to_owned(), value)));
        }
    }
    work.state.put(FactSheet {
        key,
        event: sheet.occurrence.event.clone(),
        user_id: sheet.occurrence.user_id.clone(),
        facts,
        personal: Some(Value::Object(personal)),
        purchase_id: sheet.occurrence.purchase_id.clone(),
        referral_id: sheet.occurrence.referral_id,
    });
}

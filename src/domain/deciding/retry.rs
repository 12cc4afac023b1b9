//! Deciding again: today's rules on the facts that were frozen with the event, effects at the present.

use serde_json::Value;
use uuid::Uuid;

use crate::domain::records::{AccountKey, Decision, FactSheet, Outcome};
use crate::domain::refusal::Refusal;
use crate::domain::state::{Key, Stop};
use crate::domain::work::Work;

use super::decide::{Case, judge};
use super::frozen::{facts_of, moot, reopen, verdict_again};

/// Decides a FAILED decision's event again, by the rule file that failed. Gives the new decision's
/// id, or why it is not decided again.
pub fn retry(work: &mut Work<'_>, decision_id: Uuid) -> Result<Result<Uuid, String>, Stop> {
    let old = (work.state.get::<Decision>(&decision_id)?.cloned())
        .ok_or_else(|| Refusal::not_found("There is no such decision."))?;
    if old.outcome != Outcome::Failed || old.retried_by.is_some() {
        return Ok(Err("not_failed".to_owned()));
    }
    let kept = facts_of(work, &old)?;
    need_all(work, &kept)?;
    if let Some(reason) = moot(work, &kept)? {
        return Ok(Err(reason.to_owned()));
    }
    let sheet = reopen(work, &kept)?;
    let Some(verdict) = verdict_again(work, &old, &sheet) else {
        return Ok(Err("rule_gone".to_owned()));
    };
    let case = Case { key: old.sheet, sheet: &sheet, given: 0, retries: Some(old.id) };
    let (id, _) = judge(work, case, verdict)?;
    work.state.put(Decision { retried_by: Some(id), ..old });
    Ok(Ok(id))
}

/// Asks at once for everybody and everything that the facts name.
fn need_all(work: &Work<'_>, kept: &FactSheet) -> Result<(), Stop> {
    let referrer = kept.facts.pointer("/referrer/id").and_then(Value::as_str);
    let people = [Some(kept.user_id.as_str()), referrer].into_iter().flatten();
    let unit = &work.program().unit;
    let mut keys: Vec<Key> = people
        .flat_map(|id| {
            let account = AccountKey { user_id: id.to_owned(), unit: unit.clone() };
            [Key::User(id.to_owned()), Key::Account(account)]
        })
        .collect();
    keys.extend(kept.purchase_id.clone().map(Key::Purchase));
    keys.extend(kept.referral_id.map(Key::Referral));
    work.state.need(keys)
}

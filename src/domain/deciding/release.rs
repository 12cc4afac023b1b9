//! Deciding what a hold kept back: the rule file that held the referral decides again, on the facts
//! of then and with today's settings, as if nothing had spoken for abuse.

use serde_json::{Value, json};

use crate::domain::facts::Sheet;
use crate::domain::records::{AccountKey, Decision, FactSheetKey, Hold, Referral};
use crate::domain::refusal::Refusal;
use crate::domain::state::{Key, Stop};
use crate::domain::work::Work;

use super::decide::{Case, judge, keep_facts};
use super::frozen::{facts_of, moot, reopen, verdict_again};

/// Makes the decisions again that held the referral. One whose event is moot by now (the purchase
/// was refunded, the user erased, the rule file is gone) is left as it is.
pub fn release_held(work: &mut Work<'_>, referral: &Referral) -> Result<(), Stop> {
    need_all(work, referral)?;
    let (mut given, mut sheet) = (0, None);
    for hold in &referral.holds {
        // The ceiling of an event is one event's.
        if sheet.replace(hold.sheet) != Some(hold.sheet) {
            given = 0;
        }
        let decided = decide_again(work, hold, given);
        given = work.or_missing(decided)?.unwrap_or(given);
    }
    Ok(())
}

/// Asks at once for all that the held decisions were made on.
fn need_all(work: &Work<'_>, referral: &Referral) -> Result<(), Stop> {
    let unit = &work.program().unit;
    let users = [&referral.referrer_id, &referral.referee_id];
    let mut keys: Vec<Key> = users
        .into_iter()
        .map(|id| Key::Account(AccountKey { user_id: id.clone(), unit: unit.clone() }))
        .collect();
    for hold in &referral.holds {
        keys.extend([Key::Decision(hold.decision_id), Key::FactSheet(hold.sheet)]);
    }
    keys.extend(referral.purchase_id.clone().map(Key::Purchase));
    work.state.need(keys)
}

/// Gives what the decisions gave so far.
fn decide_again(work: &mut Work<'_>, hold: &Hold, given: i64) -> Result<i64, Stop> {
    let old = (work.state.get::<Decision>(&hold.decision_id)?.cloned())
        .ok_or_else(|| Refusal::internal("A decision that a referral names is not there."))?;
    let kept = facts_of(work, &old)?;
    work.state.need(kept.purchase_id.clone().map(Key::Purchase))?;
    if moot(work, &kept)?.is_some() {
        return Ok(given);
    }
    let mut sheet = reopen(work, &kept)?;
    acquit(&mut sheet);
    let Some(verdict) = verdict_again(work, &old, &sheet) else { return Ok(given) };
    let key = FactSheetKey { seq: work.seq, n: work.sheet() };
    keep_facts(work, key, &sheet);
    let case = Case { key, sheet: &sheet, given, retries: Some(old.id) };
    let (id, given) = judge(work, case, verdict)?;
    work.state.put(Decision { retried_by: Some(id), ..old });
    Ok(given)
}

/// The administrator has looked at what spoke for abuse: rules see none of it any more, whichever
/// way they ask.
fn acquit(sheet: &mut Sheet) {
    sheet.facts["signals"] = crate::domain::facts::no_signals();
    if let Some(referral) = sheet.facts.get_mut("referral").and_then(Value::as_object_mut) {
        referral.insert("approved".to_owned(), json!(true));
    }
}

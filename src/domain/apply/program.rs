//! Running a program: settings, versions, deciding again.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::domain::deciding::{decide, retry};
use crate::domain::settings::check_change;
use crate::domain::state::Stop;
use crate::domain::work::Work;

use super::kept::Kept;
use super::purchases::follow_refunds;

/// Merges values into the tenant's settings; null restores a default. They hold from the next batch.
pub(super) fn update_settings(
    work: &mut Work<'_>,
    change: &Map<String, Value>,
) -> Result<Kept, Stop> {
    check_change(&work.program().default_settings, change)?;
    let lane = work.state.lane_mut();
    let before = lane.settings.clone();
    for (name, value) in change {
        if value.is_null() {
            lane.settings.remove(name);
        } else {
            lane.settings.insert(name.clone(), value.clone());
        }
    }
    if lane.settings == before {
        return Ok(Kept::Noted);
    }
    lane.settings_version += 1;
    Ok(Kept::Event)
}

pub(super) fn retry_decision(work: &mut Work<'_>, decision_id: Uuid) -> Result<Kept, Stop> {
    match retry(work, decision_id)? {
        Ok(new) => work.answer.decision_id = Some(new),
        Err(reason) => {
            work.answer.reason = Some(reason);
            return Ok(Kept::Noted);
        }
    }
    decide(work, None)?;
    follow_refunds(work)?;
    Ok(Kept::Event)
}

/// Notes which program version is in force from the next batch on.
pub(super) fn activate(work: &mut Work<'_>, program: &str, hash: &str) -> Result<Kept, Stop> {
    let lane = work.state.lane_mut();
    if lane.program == program && lane.program_hash == hash {
        return Ok(Kept::Noted);
    }
    program.clone_into(&mut lane.program);
    hash.clone_into(&mut lane.program_hash);
    Ok(Kept::Event)
}

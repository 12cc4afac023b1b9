//! Frozen facts beside those that history tells: what was frozen must have been so.

use serde_json::Value;

use super::alike::{Difference, Proof};
use super::forgotten::Forgotten;
use crate::domain::records::FactSheet;

/// How frozen facts differ from those that were gathered again, if they do. Facts that an earlier
/// version did not freeze are not missed.
pub(super) fn facts_unlike(
    sheet: &FactSheet,
    (frozen, gathered): (&Value, &Value),
    forgotten: &Forgotten,
) -> Option<Difference> {
    let mut unlike = Vec::new();
    compare("", (frozen, gathered), &mut unlike);
    unlike.retain(|name| forgotten.tells(&sheet.user_id, name) && !counted_itself(sheet, name));
    if unlike.is_empty() {
        return None;
    }
    let row = format!("fact sheet {} {}", sheet.key.seq, sheet.key.n);
    let detail = format!("its facts {} differ", unlike.join(", "));
    Some(Difference { proof: Proof::Books, row, detail })
}

/// The first version counted the very step that an event tells of among those that were done.
fn counted_itself(sheet: &FactSheet, name: &str) -> bool {
    let of_step = matches!(sheet.event.as_str(), "step_completed" | "onboarding_completed");
    of_step && name == "user.steps_done"
}

/// Notes the facts that differ, by the way to them.
fn compare(name: &str, (frozen, gathered): (&Value, &Value), unlike: &mut Vec<String>) {
    match (frozen, gathered) {
        (Value::Object(frozen), Value::Object(gathered)) => {
            for (key, value) in frozen {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                compare(&name, (value, gathered.get(key).unwrap_or(&Value::Null)), unlike);
            }
        }
        _ if frozen == gathered => {}
        _ => unlike.push(name.to_owned()),
    }
}

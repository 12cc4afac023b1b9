//! Facts about where the caps stand.

use serde_json::{Map, Value, json};

use crate::domain::caps::{Parties, cap_key, used};
use crate::domain::records::CapKey;
use crate::domain::state::Stop;
use crate::domain::work::Work;

/// The keys of all caps of the program that count for these parties.
#[must_use]
pub fn cap_keys(work: &Work<'_>, parties: Parties<'_>) -> Vec<CapKey> {
    (work.program().caps.iter())
        .filter_map(|(name, cap)| cap_key(work.program(), work.now(), (name, cap), parties))
        .collect()
}

/// `{name: {limit, used, remaining}}` of every cap, as it stands now.
pub fn cap_facts(
    work: &Work<'_>,
    user_id: Option<&str>,
    referrer_id: Option<&str>,
) -> Result<Value, Stop> {
    let parties = Parties { user_id, referrer_id };
    work.state.need(cap_keys(work, parties).into_iter().map(crate::domain::state::Key::CapUse))?;
    let mut facts = Map::new();
    for (name, cap) in &work.program().caps {
        let limit = cap.measure.limit();
        let used = match cap_key(work.program(), work.now(), (name, cap), parties) {
            Some(key) => used(work, &key)?,
            None => 0,
        };
        facts.insert(
            name.clone(),
            json!({ "limit": limit, "used": used, "remaining": (limit - used).max(0) }),
        );
    }
    Ok(Value::Object(facts))
}

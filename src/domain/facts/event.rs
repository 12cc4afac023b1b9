//! The fact sheet of one event.

use serde_json::{Value, json};

use crate::domain::records::Purchase;
use crate::domain::state::{Key, Stop};
use crate::domain::work::{Occurrence, Work};

use super::scene::{Scene, scene};

/// The facts about an event, and whom its effects may name.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// What happened.
    pub occurrence: Occurrence,
    /// Who referred the event's user.
    pub referrer_id: Option<String>,
    /// The facts.
    pub facts: Value,
}

/// Gathers the facts about an event, with counts as they stand: call it before counting the event.
pub fn build(work: &mut Work<'_>, occurrence: Occurrence) -> Result<Sheet, Stop> {
    let about = (occurrence.user_id.as_str(), occurrence.referral_id);
    let purchase = occurrence.purchase_id.clone().map(Key::Purchase);
    let Scene { referrer_id, mut facts, .. } =
        scene(work, about, |_, _| purchase.into_iter().collect())?;
    facts["event"] = event_facts(&occurrence, work);
    facts["purchase"] = purchase_facts(work, &occurrence)?;
    Ok(Sheet { occurrence, referrer_id, facts })
}

fn event_facts(occurrence: &Occurrence, work: &Work<'_>) -> Value {
    json!({
        "type": occurrence.event,
        "id": occurrence.id,
        "at": occurrence.at.timestamp_micros(),
        "amount": occurrence.amount,
        "currency": occurrence.amount.map(|_| &work.program().unit),
        "plan": occurrence.plan,
        "data": occurrence.data,
    })
}

fn purchase_facts(work: &Work<'_>, occurrence: &Occurrence) -> Result<Value, Stop> {
    let Some(id) = &occurrence.purchase_id else { return Ok(Value::Null) };
    Ok(work.state.get::<Purchase>(id)?.map_or(Value::Null, |purchase| {
        json!({
            "id": purchase.id,
            "amount": purchase.amount,
            "refunded": purchase.refunded,
            "fully_refunded": purchase.is_fully_refunded(),
            "plan": purchase.plan,
            "data": purchase.data,
        })
    }))
}

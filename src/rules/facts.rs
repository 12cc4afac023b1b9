//! Facts on their way into a script: plain JSON becomes plain Rhai values. Never a float: a number
//! that is not whole, in a tenant's own data, becomes a text.

use rhai::{Array, Dynamic, Map};
use serde_json::{Number, Value};

/// The parts of facts that hold a tenant's own data; when absent they are empty maps, so that a
/// rule may ask what is in them.
const OWN_DATA: [(&str, &str); 3] = [("event", "data"), ("purchase", "data"), ("user", "traits")];

/// Turns facts (a JSON object) into what a rule gets as `ctx`.
pub fn read(facts: &Value) -> Dynamic {
    let mut ctx = value(facts);
    for (part, data) in OWN_DATA {
        fill(&mut ctx, part, data);
    }
    ctx
}

/// Turns any JSON into a Rhai value.
pub fn value(json: &Value) -> Dynamic {
    match json {
        Value::Null => Dynamic::UNIT,
        Value::Bool(truth) => (*truth).into(),
        Value::Number(amount) => number(amount),
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(value).collect::<Array>().into(),
        Value::Object(entries) => entries
            .iter()
            .map(|(name, entry)| (name.as_str().into(), value(entry)))
            .collect::<Map>()
            .into(),
    }
}

fn number(number: &Number) -> Dynamic {
    match number.as_i64() {
        Some(whole) => whole.into(),
        None => number.to_string().into(),
    }
}

fn fill(ctx: &mut Dynamic, part: &str, data: &str) {
    let Ok(mut ctx) = ctx.as_map_mut() else { return };
    let Some(part) = ctx.get_mut(part) else { return };
    let Ok(mut part) = part.as_map_mut() else { return };
    if let Some(data) = part.get_mut(data).filter(|data| data.is_unit()) {
        *data = Map::new().into();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_float_ever_reaches_a_script() {
        let read = value(&json!({"a": 1, "b": 1.5, "c": 18_446_744_073_709_551_615_u64}));
        let map = read.cast::<Map>();
        assert_eq!(map["a"].as_int(), Ok(1));
        assert_eq!(map["b"].to_string(), "1.5");
        assert!(map["c"].is_string());
    }

    #[test]
    fn data_that_nobody_sent_is_an_empty_map() {
        let ctx = read(&json!({"event": {"data": null}, "user": {"traits": {"a": 1}}}));
        let ctx = ctx.cast::<Map>();
        assert!(ctx["event"].clone().cast::<Map>()["data"].is_map());
        assert_eq!(ctx["user"].clone().cast::<Map>()["traits"].clone().cast::<Map>().len(), 1);
    }
}

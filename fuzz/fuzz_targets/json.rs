//! Any bytes as JSON: no value is missed when they are counted before it is read.
#![no_main]

use guerdon::graphql::most_values;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fn values(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(values).sum(),
        Value::Object(fields) => fields.values().map(values).sum::<usize>(),
        _ => 0,
    }
}

fuzz_target!(|text: &[u8]| {
    let most = most_values(text);
    if let Ok(value) = serde_json::from_slice::<Value>(text) {
        assert!(values(&value) <= most);
    }
});

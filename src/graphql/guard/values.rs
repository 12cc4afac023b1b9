//! How much the values of arguments and variables weigh: one for each, and one more for each 32 bytes
//! of a text. What they hold is copied wherever it is used.

use std::collections::HashMap;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Name, Value as ConstValue, Variables};
use async_graphql_value::Value;

/// So many bytes of a text weigh as much as a value.
const BYTES: usize = 32;

/// What each variable weighs: what was given for it, or its greatest default.
pub fn of_variables<'a>(
    document: &'a ExecutableDocument,
    variables: &'a Variables,
) -> HashMap<&'a Name, usize> {
    let mut weights: HashMap<_, _> =
        variables.iter().map(|(name, value)| (name, of_const(value))).collect();
    let operations = document.operations.iter();
    for defined in operations.flat_map(|(_, operation)| &operation.node.variable_definitions) {
        let default = defined.node.default_value.as_ref().map_or(0, |value| of_const(&value.node));
        let weight = weights.entry(&defined.node.name.node).or_default();
        *weight = default.max(*weight);
    }
    weights
}

/// What a value in a document weighs.
pub fn of(value: &Value, variables: &HashMap<&Name, usize>) -> usize {
    let below = match value {
        Value::Variable(name) => return variables.get(name).copied().unwrap_or(0).max(1),
        Value::List(items) => items.iter().fold(0, |sum, item| of(item, variables) + sum),
        Value::Object(fields) => {
            fields.values().fold(0, |sum, value| of(value, variables).saturating_add(sum))
        }
        Value::String(text) => text.len() / BYTES,
        _ => 0,
    };
    below.saturating_add(1)
}

/// What a value without variables weighs.
pub fn of_const(value: &ConstValue) -> usize {
    let below = match value {
        ConstValue::List(items) => items.iter().map(of_const).sum(),
        ConstValue::Object(fields) => fields.values().map(of_const).sum(),
        ConstValue::String(text) => text.len() / BYTES,
        ConstValue::Enum(name) => name.len() / BYTES,
        _ => 0,
    };
    below + 1
}

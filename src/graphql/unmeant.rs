//! Operations that a document defines beside the one that is meant. What they would cost is worked
//! out too, and needs a value for each of their variables, which nobody gives.

use async_graphql::parser::types::{ExecutableDocument, VariableDefinition};
use async_graphql::{Value, Variables};

use super::meant::is_meant;

/// Gives those of their variables that were left out the default that the operation that is meant has
/// for them; null to those that it does not define.
pub fn give_values(document: &ExecutableDocument, wanted: Option<&str>, variables: &mut Variables) {
    let defined = |by_the_meant: bool| {
        let operations = document.operations.iter();
        operations
            .filter(move |(name, _)| is_meant(*name, wanted) == by_the_meant)
            .flat_map(|(_, operation)| &operation.node.variable_definitions)
            .map(|definition| &definition.node)
    };
    for name in defined(false).map(|definition| &definition.name.node) {
        let own = defined(true).find(|own| own.name.node == *name);
        // One that is defined and was left out without a default is used nowhere any more.
        if let Some(value) = own.map_or(Some(Value::Null), default) {
            variables.entry(name.clone()).or_insert(value);
        }
    }
}

fn default(definition: &VariableDefinition) -> Option<Value> {
    definition.default_value.as_ref().map(|default| default.node.clone())
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_of_other_operations_have_a_value() {
        let text = "query A($a: Int!, $b: Int!, $c: Int!, $d: Int!) { f } \
                    query B($b: Int, $c: Int = 3, $e: Int) { f }";
        let mut variables = Variables::from_json(json!({ "d": 4 }));
        give_values(&parse_query(text).unwrap(), Some("B"), &mut variables);
        assert_eq!(variables, Variables::from_json(json!({ "a": null, "c": 3, "d": 4 })));
        let mut variables = Variables::default();
        give_values(&parse_query(text).unwrap(), None, &mut variables);
        assert_eq!(variables, Variables::default());
    }
}

//! Operations that a document defines beside the one that is meant. What they would cost is worked
//! out too, and needs a value for each of their variables, which nobody gives.

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Value, Variables};

/// Gives null to the variables that only those operations define.
pub fn give_null(document: &ExecutableDocument, meant: Option<&str>, variables: &mut Variables) {
    let operations = || document.operations.iter();
    let is_meant = |name: Option<&str>| meant.is_none() || name == meant;
    let names_of = |which: bool| {
        operations()
            .filter(move |(name, _)| is_meant(name.map(|name| name.as_str())) == which)
            .flat_map(|(_, operation)| &operation.node.variable_definitions)
            .map(|definition| &definition.node.name.node)
    };
    for name in names_of(false).filter(|name| names_of(true).all(|own| own != *name)) {
        variables.entry(name.clone()).or_insert(Value::Null);
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_no_operation_that_is_meant_defines_becomes_null() {
        let text = "query A($a: Int!, $b: Int!) { f } query B($b: Int, $c: Int) { f }";
        let mut variables = Variables::from_json(json!({ "c": 1 }));
        give_null(&parse_query(text).unwrap(), Some("B"), &mut variables);
        assert_eq!(variables, Variables::from_json(json!({ "a": null, "c": 1 })));
        give_null(&parse_query(text).unwrap(), None, &mut variables);
        assert_eq!(variables, Variables::from_json(json!({ "a": null, "c": 1 })));
    }
}

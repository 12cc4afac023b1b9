//! Values of variables that have to be given. The executor would find out only when it comes to a field
//! that uses one, with other fields done already; by the specification nothing is executed then.

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Response, Value, Variables};

use super::error::document_error;
use super::meant::meant;
use crate::domain::refusal::Code;

/// Refuses a request that leaves out, or gives null for, a variable that cannot be null.
pub fn check_given(
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    variables: &Variables,
) -> Result<(), Box<Response>> {
    let mut meant = meant(document, operation_name);
    // Where it is not clear which is meant, none will be executed.
    let (Some(operation), None) = (meant.next(), meant.next()) else { return Ok(()) };
    for definition in &operation.variable_definitions {
        let definition = &definition.node;
        let (name, kind) = (&definition.name.node, &definition.var_type.node);
        let lacks = match variables.get(name) {
            Some(value) => *value == Value::Null,
            None => definition.default_value.is_none(),
        };
        if lacks && !kind.nullable {
            let message = format!("Give a value to the variable ${name}: it is of type {kind}.");
            return Err(Box::new(document_error(Code::BadUserInput.name(), message)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::{Value as Json, json};

    use super::*;

    fn check(text: &str, operation_name: Option<&str>, variables: Json) -> Option<String> {
        let document = parse_query(text).unwrap();
        let checked = check_given(&document, operation_name, &Variables::from_json(variables));
        checked.err().map(|answer| answer.errors[0].message.clone())
    }

    #[test]
    fn what_cannot_be_null_has_to_be_given() {
        let text = "query A($id: ID!, $n: Int! = 1, $x: Int) { a } query B($list: [ID!]!) { b }";
        let id = Some("Give a value to the variable $id: it is of type ID!.".to_owned());
        assert_eq!(check(text, Some("A"), json!({})), id);
        assert_eq!(check(text, Some("A"), json!({ "id": null })), id);
        assert_eq!(check(text, Some("A"), json!({ "id": "ann" })), None);
        let n = check(text, Some("A"), json!({ "id": "ann", "n": null })).unwrap();
        assert!(n.contains("$n"), "{n}");
        let list = check(text, Some("B"), json!({})).unwrap();
        assert!(list.contains("$list: it is of type [ID!]!"), "{list}");
        assert_eq!(check(text, None, json!({})), None, "nobody knows which is meant");
        assert_eq!(check(text, Some("C"), json!({})), None);
        assert!(check("query ($id: ID!) { a }", None, json!({})).is_some());
    }
}

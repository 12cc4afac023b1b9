//! Variables that were not given. To the specification an input field whose variable was not given
//! is absent; the executor would read it as null, and an update would empty what should stay. So
//! such fields and arguments are taken out of the document before it is validated.

use std::collections::HashSet;

use async_graphql::parser::types::{
    Directive, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Variables};
use async_graphql_value::Value;

use super::meant::meant;

/// Takes out what depends on variables that may be left out and were.
pub fn leave_out_absent(
    document: &mut ExecutableDocument,
    operation_name: Option<&str>,
    variables: &Variables,
) {
    let absent = absent_variables(document, operation_name, variables);
    if absent.is_empty() {
        return;
    }
    let mut pass = Pass { absent: &absent, used: HashSet::new() };
    for operation in operations(document) {
        pass.directives(&operation.directives);
        pass.selections(&mut operation.selection_set.node);
    }
    for fragment in document.fragments.values_mut() {
        pass.directives(&fragment.node.directives);
        pass.selections(&mut fragment.node.selection_set.node);
    }
    let used = pass.used;
    for operation in operations(document) {
        // A variable that nothing uses any more would be refused as unused.
        operation.variable_definitions.retain(|definition| {
            let name = &definition.node.name.node;
            !absent.contains(name) || used.contains(name)
        });
    }
}

fn operations(document: &mut ExecutableDocument) -> Vec<&mut OperationDefinition> {
    use async_graphql::parser::types::DocumentOperations;
    match &mut document.operations {
        DocumentOperations::Single(operation) => vec![&mut operation.node],
        DocumentOperations::Multiple(operations) => {
            operations.values_mut().map(|operation| &mut operation.node).collect()
        }
    }
}

/// The variables of the operation to be executed that may be left out and were.
fn absent_variables(
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    variables: &Variables,
) -> HashSet<Name> {
    meant(document, operation_name)
        .flat_map(|operation| &operation.variable_definitions)
        .map(|definition| &definition.node)
        .filter(|definition| {
            definition.var_type.node.nullable && definition.default_value.is_none()
        })
        .map(|definition| definition.name.node.clone())
        .filter(|name| !variables.contains_key(name))
        .collect()
}

struct Pass<'a> {
    absent: &'a HashSet<Name>,
    /// The absent ones that something still uses (an entry of a list, which is null then).
    used: HashSet<Name>,
}

impl Pass<'_> {
    fn selections(&mut self, set: &mut SelectionSet) {
        for item in &mut set.items {
            self.directives(item.node.directives());
            match &mut item.node {
                Selection::Field(field) => {
                    field.node.arguments.retain(|(_, value)| !self.is_absent(&value.node));
                    for (_, value) in &mut field.node.arguments {
                        self.value(&mut value.node);
                    }
                    self.selections(&mut field.node.selection_set.node);
                }
                Selection::InlineFragment(inline) => {
                    self.selections(&mut inline.node.selection_set.node);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn is_absent(&self, value: &Value) -> bool {
        matches!(value, Value::Variable(name) if self.absent.contains(name))
    }

    fn value(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|_, value| !self.is_absent(value));
                fields.values_mut().for_each(|value| self.value(value));
            }
            Value::List(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Variable(name) => {
                self.used.insert(name.clone());
            }
            _ => {}
        }
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        for (_, value) in directives.iter().flat_map(|directive| &directive.node.arguments) {
            self.value(&mut value.node.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn argument_after(text: &str, variables: serde_json::Value) -> (String, usize) {
        let mut document = parse_query(text).unwrap();
        leave_out_absent(&mut document, None, &Variables::from_json(variables));
        let (_, operation) = document.operations.iter().next().unwrap();
        let Selection::Field(field) = &operation.node.selection_set.node.items[0].node else {
            return (String::new(), 0);
        };
        let argument = field.node.arguments.first().map(|(_, value)| value.node.to_string());
        (argument.unwrap_or_default(), operation.node.variable_definitions.len())
    }

    #[test]
    fn what_was_not_given_is_absent_and_null_is_null() {
        let text = "query($a: Int, $b: Int) { f(x: {a: $a, b: [$b]}) }";
        let none = argument_after(text, serde_json::json!({}));
        assert_eq!(none, ("{b: [$b]}".to_owned(), 1));
        let null = argument_after(text, serde_json::json!({"a": null}));
        assert_eq!(null, ("{a: $a, b: [$b]}".to_owned(), 2));
    }

    #[test]
    fn a_variable_with_a_default_stays() {
        let text = "query($a: Int = 1, $c: Int!) { f(x: $a, y: $c) }";
        assert_eq!(argument_after(text, serde_json::json!({})), ("$a".to_owned(), 2));
    }
}

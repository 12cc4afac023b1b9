//! What is looked at before a document is parsed, and before it is validated: parser and validator
//! both work off a hostile document before any limit of theirs is asked.

mod introspection;
mod json;
mod pass;
mod tally;
mod text;

mod values;
mod variables;

use async_graphql::Variables;
use async_graphql::parser::types::ExecutableDocument;

pub use json::most_values;
pub use text::check_text;
pub use variables::check_types;

use super::limits::Limits;
use introspection::Scope;
use pass::{Pass, Widest};
use tally::Tally;

/// How often one object may be asked for its `__typename`: clients ask for it in each fragment.
const TYPENAMES: usize = 24;

/// What was seen of a document that is within the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// Does it ask for the schema itself?
    pub introspects: bool,
}

/// Refuses, with a sentence for people, a document that asks for too much, or brings too much along.
pub fn check_document(
    document: &ExecutableDocument,
    variables: &Variables,
    limits: &Limits,
) -> Result<Looked, String> {
    let brought = variables.values().map(values::of_const).sum::<usize>();
    within(brought, limits.values, "values in its variables")?;
    let operations = || document.operations.iter().map(|(_, operation)| &operation.node);
    let defined = operations().map(|operation| operation.variable_definitions.len()).sum();
    within(defined, limits.variables, "variables")?;
    let definitions = operations().count() + document.fragments.len();
    within(definitions, limits.definitions, "operations and fragments")?;

    let weights = values::of_variables(document, variables);
    let mut pass = Pass::new(document, &weights, limits);
    let asked = operations().map(|operation| pass.operation(operation));
    let asked = asked.fold(Tally::default(), |sum, more| sum + more);
    // A fragment is validated too where nothing spreads it.
    let fragments = document.fragments.keys().map(|name| pass.fragment(name, Scope::Data));
    let all = fragments.fold(asked, |sum, more| sum + more);
    check_widest(pass.widest, limits)?;
    check_sums(all, limits)?;
    within(pass.compared, limits.selections, "fields in fragments in one another")?;
    within(asked.introspected, limits.introspected, "questions about the schema itself")?;
    Ok(Looked { introspects: asked.introspected > 0 })
}

fn check_widest(widest: Widest, limits: &Limits) -> Result<(), String> {
    within(widest.depth, limits.nesting, "selections in one another")?;
    within(widest.arguments, limits.arguments, "arguments of one field")?;
    within(widest.mutations, limits.mutations, "changes")?;
    within(widest.typenames, TYPENAMES, "times __typename of one object")
}

fn check_sums(all: Tally, limits: &Limits) -> Result<(), String> {
    within(all.spreads, limits.spreads, "spread fragments")?;
    within(all.selections, limits.selections, "fields and fragments")?;
    within(all.aliases, limits.aliases, "aliases")?;
    within(all.directives, limits.directives, "directives")?;
    within(all.values, limits.values, "values in its arguments")
}

fn within(has: usize, most: usize, what: &str) -> Result<(), String> {
    if has <= most {
        return Ok(());
    }
    Err(format!("The document has more than {most} {what}: send less at once."))
}

#[cfg(test)]
mod tests;

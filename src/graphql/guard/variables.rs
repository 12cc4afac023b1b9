//! The types of variables. The validator falls over a list of a type that there is not, when it has a
//! default.

use std::collections::HashSet;
use std::sync::LazyLock;

use async_graphql::parser::types::{BaseType, ExecutableDocument, Type};

/// What variables can be of, besides GraphQL's own scalars.
static INPUTS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let schema = crate::graphql::sdl();
    let named = schema.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        words.next().filter(|kind| !line.starts_with('\t') && KINDS.contains(kind))?;
        words.next().map(str::to_owned)
    });
    named.chain(SCALARS.map(str::to_owned)).collect()
});

const KINDS: [&str; 3] = ["input", "enum", "scalar"];
const SCALARS: [&str; 5] = ["Boolean", "Float", "ID", "Int", "String"];

/// Refuses, with a sentence for people, a variable of a type that is none of the schema's inputs.
pub fn check_types(document: &ExecutableDocument) -> Result<(), String> {
    let operations = document.operations.iter();
    for defined in operations.flat_map(|(_, operation)| &operation.node.variable_definitions) {
        let name = base(&defined.node.var_type.node);
        if !INPUTS.contains(name) {
            let variable = &defined.node.name.node;
            return Err(format!(
                "The schema has no input of type {name} for the variable ${variable}."
            ));
        }
    }
    Ok(())
}

fn base(mut kind: &Type) -> &str {
    loop {
        match &kind.base {
            BaseType::Named(name) => return name,
            BaseType::List(inner) => kind = inner,
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn variables_are_of_inputs() {
        let refused = |kind: &str| {
            let text = format!("query($v: {kind} = 1) {{ a }}");
            check_types(&parse_query(text).unwrap()).is_err()
        };
        for good in ["Int", "[ID!]!", "Amount", "[[AddCreditsInput]]", "RewardStatus", "JSON"] {
            assert!(!refused(good), "{good}");
        }
        for wrong in ["Nothing", "[Nothing]", "[User!]", "__Type", "balance"] {
            assert!(refused(wrong), "{wrong}");
        }
    }
}

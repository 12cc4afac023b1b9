//! What attackers send: documents and bodies that are short to write and long to work off.

use serde_json::{Value, json};

/// `of` so many times over.
pub fn many(count: usize, of: impl Fn(usize) -> String) -> String {
    (0..count).map(of).collect()
}

/// The opening, so many times over, what is inside, and the closing as often.
pub fn nested(levels: usize, opening: &str, inside: &str, closing: &str) -> String {
    format!("{}{inside}{}", opening.repeat(levels), closing.repeat(levels))
}

/// Fragments each of which spreads the next twice.
pub fn doubling(fragments: usize) -> String {
    let chain =
        many(fragments, |n| format!("fragment F{n} on Query {{ ...F{} ...F{} }} ", n + 1, n + 1));
    format!("{{ ...F0 }} {chain} fragment F{fragments} on Query {{ __typename }}")
}

/// Fragments each of which spreads the next, the last of them the first.
pub fn circle(fragments: usize, operation: &str) -> String {
    let round = many(fragments, |n| {
        format!("fragment F{n} on Query {{ __typename ...F{} }} ", (n + 1) % fragments)
    });
    format!("{operation} {round}")
}

/// Inline fragments in one another, with fields at every level that cannot be merged.
pub fn conflicts(levels: usize, fields: usize) -> String {
    let fields = many(fields, |n| format!("u: user(id: {n}) {{ id }} "));
    format!("{{ {} }}", nested(levels, &format!("{fields} ... {{ "), "__typename", "}"))
}

/// Pages in one another: the users' entries, their users' entries, ...
pub fn pages(levels: usize) -> String {
    let page = "transactions(first: 100) { nodes { user { ";
    format!(
        "{{ users(first: 100) {{ nodes {{ {} }} }} }}",
        nested(levels - 1, page, "id ", "} } } ")
    )
}

/// What a type's fields are of, what the fields of those are of, ...
pub fn types_of_types(levels: usize) -> String {
    let inner = nested(levels, "fields { type { ofType { ", "name ", "} } } ");
    format!("{{ __type(name: \"Mutation\") {{ {inner} }} }}")
}

/// What GraphiQL, Apollo's and other tools ask of the schema.
pub const INTROSPECTION: &str = include_str!("introspection.graphql");

/// A body with this document.
pub fn asking(document: &str) -> Vec<u8> {
    body(document, json!({}))
}

/// A body with this document and these variables.
pub fn body(document: &str, variables: Value) -> Vec<u8> {
    json!({ "query": document, "variables": variables }).to_string().into_bytes()
}

/// A body whose variables are this text.
pub fn with_variables(document: &str, variables: &str) -> Vec<u8> {
    let document = Value::from(document);
    format!("{{\"query\":{document},\"variables\":{variables}}}").into_bytes()
}

/// An address with this query string.
pub fn address(parameters: &[(&str, &str)]) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    let encoded = parameters
        .iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
    format!("/graphql?{}", encoded.collect::<Vec<_>>().join("&"))
}

//! The server's schema against the contract, and against the committed `schema.graphql`.

mod compare;
mod connections;
mod descriptions;
mod server;

use compare::{compare, read};

const CONTRACT: &str = include_str!("../../contract.graphql");
#[test]
fn a_schema_contains_itself() {
    let found = compare(&read(CONTRACT), &read(CONTRACT));
    assert!(found.missing.is_empty() && found.wrong.is_empty(), "{found:?}");
}

/// Compares a small contract with a server's schema: what is missing and what is wrong.
fn differences(contract: &str, ours: &str) -> (Vec<String>, Vec<String>) {
    let found = compare(&read(contract), &read(ours));
    (found.missing.into_iter().collect(), found.wrong)
}

#[test]
fn what_is_absent_is_missing() {
    let contract = "type Q { a(x: Int): Int b: Int } enum E { A B } input I { a: Int } scalar S";
    let ours = "type Q { a: Int } enum E { A } input I { c: Int }";
    let (missing, wrong) = differences(contract, ours);
    assert_eq!(missing, ["E.B", "I.a", "Q.a(x)", "Q.b", "S"]);
    assert!(wrong.is_empty());
}

#[test]
fn an_output_may_become_non_null_but_not_null() {
    assert!(differences("type Q { a: [Int] }", "type Q { a: [Int!]! }").1.is_empty());
    assert_eq!(differences("type Q { a: Int! }", "type Q { a: Int }").1.len(), 1);
    assert_eq!(differences("type Q { a: [Int!]! }", "type Q { a: [Int]! }").1.len(), 1);
    assert_eq!(differences("type Q { a: Int }", "type Q { a: String }").1.len(), 1);
}

#[test]
fn an_input_may_ask_for_less_but_not_for_more() {
    assert!(differences("input I { a: Int! }", "input I { a: Int }").1.is_empty());
    assert_eq!(differences("input I { a: Int }", "input I { a: Int! }").1.len(), 1);
    assert!(differences("input I { a: Int = 1 }", "input I { a: Int! = 1 }").1.is_empty());
    assert_eq!(differences("input I { a: Int = 1 }", "input I { a: Int! = 2 }").1.len(), 1);
    assert_eq!(differences("input I { a: Int = 1 }", "input I { a: Int }").1.len(), 1);
}

#[test]
fn what_is_new_must_be_optional() {
    assert!(differences("type Q { a: Int }", "type Q { a(x: Int): Int b: Int! }").1.is_empty());
    assert!(differences("input I { a: Int }", "input I { a: Int b: Int! = 1 }").1.is_empty());
    assert_eq!(differences("type Q { a: Int }", "type Q { a(x: Int!): Int }").1.len(), 1);
    assert_eq!(differences("input I { a: Int }", "input I { a: Int b: Int! }").1.len(), 1);
}

#[test]
fn what_is_not_described_is_seen() {
    let seen = |schema: &str| descriptions::undescribed(schema);
    let good = "\"A type.\" type Q { \"A field; null when x.\" a(\"An argument.\" x: Int): Int } \
                \"An enum.\" enum E { \"A value.\" A } \"A scalar.\" scalar S \
                \"An input.\" input I { \"A field.\" a: Int }";
    assert_eq!(seen(good), Vec::<String>::new());
    for (bad, place) in [
        ("\"A type.\"", "Q has no description"),
        ("\"A field; null when x.\"", "Q.a has no description"),
        ("\"An argument.\"", "Q.a(x) has no description"),
        ("\"An enum.\"", "E has no description"),
        ("\"A value.\"", "E.A has no description"),
        ("\"A scalar.\"", "S has no description"),
        ("\"An input.\"", "I has no description"),
        ("\"A field.\"", "I(a) has no description"),
    ] {
        assert_eq!(seen(&good.replace(bad, ""))[0], place);
        let small = bad.to_lowercase();
        assert!(seen(&good.replace(bad, &small))[0].contains("does not begin with a capital"));
        assert!(seen(&good.replace(bad, &bad.replace('.', "")))[0].contains("end its sentence"));
    }
    let silent = seen(&good.replace("; null when x", ""));
    assert_eq!(silent, ["Q.a does not say when it is null"]);
    assert_eq!(
        seen("\"A directive.\" directive @d(x: Int) on FIELD"),
        ["@d(x) has no description"]
    );
}

#[test]
fn a_connection_that_is_none_of_relays_is_seen() {
    let good = "type Q { as(first: Int, after: String, last: Int, before: String): AConnection! } \
                type AConnection { edges: [AEdge!]! pageInfo: PageInfo! } \
                type AEdge { cursor: String! node: A! } type A { a: Int } \
                type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }";
    assert_eq!(connections::unlike_relay(good), Vec::<String>::new());
    for (part, other) in [
        ("last: Int", "last: String"),
        (", before: String", ""),
        ("[AEdge!]!", "[A!]!"),
        ("pageInfo: PageInfo!", "pageInfo: PageInfo"),
        ("cursor: String!", "cursor: String"),
        ("node: A!", "nodes: A!"),
        ("hasNextPage: Boolean!", "hasNextPage: Boolean"),
        ("endCursor: String", "endCursor: Int"),
    ] {
        assert_eq!(connections::unlike_relay(&good.replace(part, other)).len(), 1, "{other}");
    }
}

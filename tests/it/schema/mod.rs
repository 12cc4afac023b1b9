//! The server's schema against the contract, and against the committed `schema.graphql`.

mod compare;
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

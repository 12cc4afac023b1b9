//! The server's own schema.

use std::collections::BTreeSet;

use super::CONTRACT;
use super::compare::{compare, read};

const COMMITTED: &str = include_str!("../../../schema.graphql");

/// What the contract has and the server has not yet: operations, and the types only they use.
const NOT_YET: [&str; 2] = ["Query.referralTotals", "ReferralTotals"];

#[test]
fn the_server_has_all_of_the_contract() {
    let found = compare(&read(CONTRACT), &read(COMMITTED));
    assert!(found.wrong.is_empty(), "{}", found.wrong.join("\n"));
    let expected: BTreeSet<String> = NOT_YET.map(str::to_owned).into();
    let lacking: Vec<_> = found.missing.difference(&expected).collect();
    let there_by_now: Vec<_> = expected.difference(&found.missing).collect();
    assert!(lacking.is_empty(), "the contract has, and the server lacks: {lacking:?}");
    assert!(there_by_now.is_empty(), "to be taken off the list: {there_by_now:?}");
}

#[test]
fn the_committed_schema_is_that_of_the_code() {
    let ours = guerdon::graphql::sdl();
    assert!(ours.trim() == COMMITTED.trim(), "run `cargo run -- schema > schema.graphql`");
}

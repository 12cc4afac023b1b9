//! The server's own schema.

use super::CONTRACT;
use super::compare::{compare, read};

const COMMITTED: &str = include_str!("../../../schema.graphql");

#[test]
fn the_server_has_all_of_the_contract() {
    let found = compare(&read(CONTRACT), &read(COMMITTED));
    assert!(found.wrong.is_empty(), "{}", found.wrong.join("\n"));
    assert!(found.missing.is_empty(), "the server lacks: {:?}", found.missing);
}

#[test]
fn the_committed_schema_is_that_of_the_code() {
    let ours = guerdon::graphql::sdl();
    assert!(ours.trim() == COMMITTED.trim(), "run `cargo run -- schema > schema.graphql`");
}

//! The server's own schema.

use super::CONTRACT;
use super::compare::{compare, read};
use super::connections::unlike_relay;
use super::descriptions::undescribed;

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

#[test]
fn everything_is_described() {
    let wrong = undescribed(&guerdon::graphql::sdl());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn connections_are_relays() {
    let wrong = unlike_relay(&guerdon::graphql::sdl());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

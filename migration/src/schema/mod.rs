//! The tables, in an order in which each comes after those that it refers to.
//!
//! Times are microseconds since 1970 in UTC, in a BIGINT: exact, and ordered alike, on every
//! database. `seq` and `n` are a place in the tenant's order. JSON is kept as text. `{uuid}`,
//! `{number}` (a number that the database gives) and `{bytewise}` (text that is ordered by its bytes)
//! are put in the database's own words.

mod counting;
mod events;
mod ledger;
mod rewards;
mod tenants;
mod users;

/// Every statement that makes the schema, in order.
pub fn statements() -> impl Iterator<Item = &'static str> {
    [
        tenants::TABLES,
        events::TABLES,
        users::TABLES,
        ledger::TABLES,
        rewards::TABLES,
        counting::TABLES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The names of the tables, in the order in which they are made.
pub fn tables() -> Vec<&'static str> {
    statements()
        .filter_map(|statement| statement.strip_prefix("CREATE TABLE "))
        .filter_map(|rest| rest.split_whitespace().next())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{statements, tables};

    const SHARED: [&str; 3] = ["tenants", "program_versions", "active_programs"];

    #[test]
    fn every_key_and_index_of_a_tenants_table_begins_with_the_tenant() {
        for statement in statements() {
            if SHARED.iter().any(|table| statement.contains(&format!("CREATE TABLE {table} "))) {
                continue;
            }
            let words = ["PRIMARY KEY (", "UNIQUE (", "FOREIGN KEY ("];
            for key in words.iter().flat_map(|word| statement.split(word).skip(1)) {
                assert!(key.starts_with("tenant_id"), "{statement}");
            }
            if statement.contains(" INDEX ") {
                assert!(statement.contains(" (tenant_id"), "{statement}");
            } else {
                assert!(statement.contains("PRIMARY KEY (tenant_id"), "{statement}");
            }
        }
    }

    #[test]
    fn every_statement_makes_a_table_or_an_index() {
        assert_eq!(tables().len(), 30);
        for statement in statements() {
            let makes = ["CREATE TABLE ", "CREATE INDEX ", "CREATE UNIQUE INDEX "];
            assert!(makes.iter().any(|start| statement.starts_with(start)), "{statement}");
        }
    }
}

//! Seals by which a changed event is seen, and what is marked of the database as a whole: under which
//! key it is sealed, and whether it is one for tests.

pub const ADDED: &[&str] = &[
    "ALTER TABLE lanes ADD COLUMN seal TEXT",
    "ALTER TABLE lanes ADD COLUMN sealed_seq BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE events ADD COLUMN seal TEXT",
    "CREATE TABLE marks (
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (name)
    )",
];

//! Databases that an earlier version left, taken over by this one.
//!
//! `first.sql` and `second.sql` hold what servers of the versions with one and with two migrations
//! had written when they were stopped (the first by a clock set back a year), after some users of
//! their `tests/programs/harbour` had lived there; `first.json` and `second.json`, what they had
//! answered to `asked.graphql` a moment before.

mod starting;
mod taking_over;

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database};

use crate::harness::{Kind, PrivateDatabase};

const BOTH: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

/// What an earlier version left.
struct Version {
    /// So many migrations had made its tables.
    migrations: u32,
    /// The rows in them.
    rows: &'static str,
    /// What it had answered.
    answered: &'static str,
}

const VERSIONS: [Version; 2] = [
    Version {
        migrations: 1,
        rows: include_str!("first.sql"),
        answered: include_str!("first.json"),
    },
    Version {
        migrations: 2,
        rows: include_str!("second.sql"),
        answered: include_str!("second.json"),
    },
];

/// A database as a version left it.
async fn left_by(version: &Version, kind: Kind) -> PrivateDatabase {
    let database = PrivateDatabase::empty(kind).await;
    println!("played on {}", database.prove().await);
    let connection = Database::connect(&database.url).await.unwrap();
    Migrator::up(&connection, Some(version.migrations)).await.unwrap();
    connection.execute_unprepared(&with_ids(version.rows, kind)).await.unwrap();
    connection.close().await.unwrap();
    database
}

/// The statements with each id, `{32 hexadecimal digits}`, in the words of the database.
fn with_ids(statements: &str, kind: Kind) -> String {
    let mut parts = statements.split('{');
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (id, rest) = part.split_once('}').unwrap_or((part, ""));
        let is_id = id.len() == 32 && id.chars().all(|digit| digit.is_ascii_hexdigit());
        match kind {
            _ if !is_id => text.extend(["{", part]),
            Kind::Sqlite => text.extend(["x'", id, "'", rest]),
            Kind::Postgres => text.extend(["CAST('", id, "' AS UUID)", rest]),
        }
    }
    text
}

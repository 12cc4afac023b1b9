//! Two processes that start at the same moment: the schema is made once, and both serve.

use std::path::Path;

use super::{BOTH, VERSIONS, left_by};
use crate::harness::{Kind, PrivateDatabase, Process, copy_program, guerdon};

/// Starts two servers at once, and looks at what they made; gives the migrations that were made.
async fn start_two(database: &PrivateDatabase, users: &[&str]) -> Vec<String> {
    let rules = tempfile::tempdir().unwrap();
    copy_program(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/harbour"),
        rules.path(),
    );
    let serve = || Process::serve_at_once(&database.url, rules.path());
    let (one, two) = tokio::join!(serve(), serve());
    let (left, right) = (one.shop("harbour"), two.shop("harbour"));
    for user in users {
        assert_eq!(left.balance(user).await, right.balance(user).await);
    }
    left.register("newcomer").await;
    assert_eq!(right.balance("newcomer").await, left.balance("newcomer").await);
    let done = guerdon().arg("audit").env("DATABASE_URL", &database.url).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    drop((one, two));
    database.find("SELECT version AS name FROM seaql_migrations ORDER BY version").await
}

fn all_migrations() -> Vec<String> {
    use migration::{Migrator, MigratorTrait};
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_that_start_at_once_make_the_schema_once() {
    for kind in BOTH {
        let database = PrivateDatabase::empty(kind).await;
        println!("played on {}", database.prove().await);
        assert_eq!(start_two(&database, &[]).await, all_migrations());
        database.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_that_start_at_once_take_an_old_database_over_once() {
    for kind in BOTH {
        let database = left_by(&VERSIONS[0], kind).await;
        assert_eq!(start_two(&database, &["ann", "bob"]).await, all_migrations());
        database.remove().await;
    }
}

/// Without a key that is given, the first makes one beside the file, and the other takes it.
#[tokio::test(flavor = "multi_thread")]
async fn two_servers_that_start_at_once_make_one_key() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    for _ in 0..3 {
        let database = PrivateDatabase::empty(Kind::Sqlite).await;
        let serve = || {
            let mut command = guerdon();
            command.env("DATABASE_URL", &database.url).env("GUERDON_RULES", &rules);
            command.env_remove("GUERDON_OPERATOR_KEY");
            Process::strictly(command)
        };
        drop(tokio::join!(serve(), serve()));
        database.remove().await;
    }
}

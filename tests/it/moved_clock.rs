//! Servers whose clocks are moved, as processes of their own, on databases for tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};
use guerdon::operations::clock::Clock;
use serde_json::json;

use crate::harness::{Kind, PrivateDatabase, Process, Shop, guerdon};

fn rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}

/// A command that serves, with its clock moved unless that is empty.
fn serve(database: &PrivateDatabase, offset: &str) -> Command {
    let mut command = guerdon();
    command.arg("serve").env("DATABASE_URL", &database.url).env("GUERDON_RULES", rules());
    if !offset.is_empty() {
        command.args(["--clock-offset", offset]);
    }
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    command
}

/// What the machine's clock says.
fn now() -> DateTime<Utc> {
    Clock::machine().now()
}

async fn grant(shop: &Shop, amount: i64) {
    shop.add(json!({ "userId": "ann", "amount": amount })).await.ok();
}

fn audit(database: &PrivateDatabase) {
    let done = guerdon().arg("audit").env("DATABASE_URL", &database.url).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_days_later_lots_have_expired() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = PrivateDatabase::make(kind).await;
        println!("played on {}", database.prove().await);
        let today = Process::start(serve(&database, "0s")).await;
        let shop = today.shop("gatewayz");
        shop.register("ann").await;
        let ends = now() + TimeDelta::days(30);
        let lot = json!({ "userId": "ann", "amount": 500, "expiresAt": ends.to_rfc3339() });
        shop.add(lot).await.ok();
        grant(&shop, 7).await;
        assert_eq!(shop.balance("ann").await, 507);
        today.kill();

        let later = Process::start(serve(&database, "40d")).await;
        let shop = later.shop("gatewayz");
        assert_eq!(shop.balance("ann").await, 7);
        grant(&shop, 1).await;
        assert!(shop.entries("ann").await.contains(&("expiry".to_owned(), -500)));
        later.kill();

        // Without the option it is served too, by a clock that is now far behind.
        let behind = Process::start_unready(serve(&database, "")).await;
        assert_eq!(behind.ready().await.0, 503);
        drop(behind);
        audit(&database);
        database.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_test_database_takes_a_clock_that_is_moved() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = PrivateDatabase::make(kind).await;
        println!("played on {}", database.prove().await);
        drop(Process::start(serve(&database, "")).await);
        let mut command = serve(&database, "30d");
        let refused =
            command.env("GUERDON_LISTEN", "127.0.0.1:0").stderr(std::process::Stdio::piped());
        let refused = refused.output().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains("test database"), "{said}");
        let marks = database.find("SELECT name FROM marks").await;
        assert_eq!(marks, ["ledger_key"], "it is none yet");
        database.remove().await;

        // Once a test database, always one; at every start it says so.
        let database = PrivateDatabase::make(kind).await;
        drop(Process::start(serve(&database, "-1h")).await);
        for offset in ["-30m", ""] {
            let log = tempfile::NamedTempFile::new().unwrap();
            let mut command = serve(&database, offset);
            command.stderr(log.reopen().unwrap());
            let process = Process::start(command).await;
            grant_to_somebody(&process, offset).await;
            drop(process);
            let said = std::fs::read_to_string(log.path()).unwrap();
            assert!(said.contains("this is a test database"), "{said}");
        }
        database.remove().await;
    }
}

async fn grant_to_somebody(process: &Process, offset: &str) {
    let shop = process.shop("gatewayz");
    let id = format!("user{offset}");
    shop.register(&id).await;
    shop.add(json!({ "userId": id, "amount": 5 })).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clocks_two_seconds_apart_keep_the_times_in_order() {
    let database = PrivateDatabase::make(Kind::Postgres).await;
    println!("played on {}", database.prove().await);
    let right = Process::start(serve(&database, "0s")).await;
    let ahead = Process::start(serve(&database, "2s")).await;
    let shops = [right.shop("gatewayz"), ahead.shop("gatewayz")];
    shops[0].register("ann").await;
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..8_usize {
        let service = shops[client % 2].service.clone();
        tasks.spawn(async move {
            for _ in 0..40 {
                let input = json!({ "userId": "ann", "amount": 1 });
                service.mutate("addCredits", input, "replayed").await.ok();
            }
        });
    }
    tasks.join_all().await;
    let micros = async |column: &str, table: &str, order: &str| {
        let query = format!("SELECT CAST({column} AS TEXT) AS name FROM {table} ORDER BY {order}");
        let found = database.find(&query).await;
        found.iter().map(|micros| micros.parse::<i64>().unwrap()).collect::<Vec<_>>()
    };
    let booked = micros("created_at", "transactions", "seq, n").await;
    assert_eq!(booked.len(), 8 * 40);
    assert!(booked.is_sorted(), "times go back");
    assert!(micros("at", "events", "seq").await.is_sorted());
    // Both had their say: the one's time is ahead of the machine's, and the other kept up with it.
    let last = DateTime::from_timestamp_micros(*booked.last().unwrap()).unwrap();
    assert!(last > now(), "{last}");
    audit(&database);
    drop((right, ahead));
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_ten_seconds_behind_changes_nothing_and_another_goes_on() {
    let database = PrivateDatabase::make(Kind::Postgres).await;
    println!("played on {}", database.prove().await);
    let right = Process::start(serve(&database, "0s")).await;
    let shop = right.shop("gatewayz");
    shop.register("ann").await;
    let behind = Process::start_unready(serve(&database, "-10s")).await;
    let late = behind.shop("gatewayz");
    for n in 1..=5 {
        grant(&shop, 1).await;
        let (status, body) = behind.ready().await;
        assert_eq!(status, 503);
        assert!(body.contains("clock is behind"), "{body}");
        let input = json!({ "userId": "ann", "amount": 100 });
        late.add(input).await.refused("OVERLOADED");
        assert_eq!(shop.balance("ann").await, n);
        assert_eq!(right.ready().await.0, 200);
    }
    assert_eq!(database.find("SELECT id AS name FROM users WHERE id <> 'ann'").await.len(), 0);
    audit(&database);
    drop((right, behind));
    database.remove().await;
}

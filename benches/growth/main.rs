//! What a growing ledger costs those who read it: loads some transactions through the API, times
//! every list, count and report, loads a hundred times as many, and times them again. Each must cost
//! the same within a factor of two; else the bench ends with 1.
//!
//! `cargo bench --bench growth` loads 10,000 and then 1,000,000. `GROWTH_SMALL`, `GROWTH_LARGE` and
//! `GROWTH_RUNS` (50) change the sizes and how often each is timed; `GROWTH_DATABASE=sqlite` takes
//! SQLite instead of a PostgreSQL made for this run.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a measurement may fall over")]

#[path = "../../tests/it/packages.rs"]
mod packages;

#[expect(dead_code, reason = "made for the tests, which use more of it")]
#[path = "../../tests/it/postgres.rs"]
mod postgres;

#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
#[path = "../../tests/it/harness/mod.rs"]
mod harness;

mod load;
mod questions;
mod timing;

use std::process::ExitCode;
use std::time::Instant;

use guerdon::operations::replay::A_PAGE;
use harness::{Kind, PrivateDatabase, Server};
use load::Load;
use sea_orm::ConnectionTrait;
use timing::{Timed, compare, time};

fn main() -> ExitCode {
    let kind = match std::env::var("GROWTH_DATABASE").as_deref() {
        Ok("sqlite") => Kind::Sqlite,
        _ => Kind::Postgres,
    };
    let sizes = [setting("GROWTH_SMALL", 10_000), setting("GROWTH_LARGE", 1_000_000)];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if runtime.block_on(run(kind, sizes)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a whole number"))
}

/// Has the database look at what its tables hold, as it does by itself from time to time.
async fn refresh_statistics(database: &PrivateDatabase) {
    let statement = match database.kind {
        Kind::Sqlite => "PRAGMA wal_checkpoint(TRUNCATE)",
        Kind::Postgres => "VACUUM (ANALYZE)",
    };
    let connection = sea_orm::Database::connect(&database.url).await.unwrap();
    connection.execute_unprepared(statement).await.unwrap();
    connection.close().await.unwrap();
}

async fn run(kind: Kind, sizes: [u64; 2]) -> bool {
    let server = Server::start(kind, &["benches/growth/orchard"]).await;
    println!("{}", server.database.prove().await);
    let mut load = Load::begin(&server).await;
    let mut timed: Vec<Vec<Timed>> = Vec::new();
    for size in sizes {
        load.until(&server, size).await;
        let began = Instant::now();
        assert_eq!(server.app.audit().await.unwrap(), []);
        println!("audited clean in {:.1} s", began.elapsed().as_secs_f64());
        let began = Instant::now();
        server.assert_retold(A_PAGE).await;
        println!("told again in {:.1} s", began.elapsed().as_secs_f64());
        refresh_statistics(&server.database).await;
        timed.push(time(&server, setting("GROWTH_RUNS", 50)).await);
    }
    let all_flat = compare(sizes, &timed[0], &timed[1]);
    server.app.stop().await;
    server.database.remove().await;
    all_flat
}

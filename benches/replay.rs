//! How many events a second `guerdon audit --replay` tells again: loads a tenant through the API,
//! then makes its decisions and books again, some times over. Below 20,000 a second, or with any
//! difference, it ends with 1.
//!
//! `cargo bench --bench replay` loads 100,000 transactions; `REPLAY_SIZE` and `REPLAY_ROUNDS` (3)
//! change that; `REPLAY_DATABASE=sqlite` takes SQLite instead of a PostgreSQL made for this run.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a measurement may fall over")]

#[path = "../tests/it/packages.rs"]
mod packages;

#[expect(dead_code, reason = "made for the tests, which use more of it")]
#[path = "../tests/it/postgres.rs"]
mod postgres;

#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
#[path = "../tests/it/harness/mod.rs"]
mod harness;

#[path = "growth/load.rs"]
mod load;

use std::process::ExitCode;

use guerdon::operations::replay::{A_PAGE, replay};
use harness::{Kind, Server};
use load::Load;

/// Events a second that are wanted.
const WANTED: f64 = 20_000.0;

fn main() -> ExitCode {
    let kind = match std::env::var("REPLAY_DATABASE").as_deref() {
        Ok("sqlite") => Kind::Sqlite,
        _ => Kind::Postgres,
    };
    let setting = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |value| value.parse().expect("a whole number"))
    };
    let (size, rounds) = (setting("REPLAY_SIZE", 100_000), setting("REPLAY_ROUNDS", 3));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if runtime.block_on(run(kind, size, rounds)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn run(kind: Kind, size: u64, rounds: u64) -> bool {
    let server = Server::start(kind, &["benches/growth/orchard"]).await;
    println!("{}", server.database.prove().await);
    Load::begin(&server).await.until(&server, size).await;
    let database = &server.app.operations.database;
    let tenant = database.tenant_by_slug("orchard").await.unwrap().unwrap();
    let (mut rates, mut differences) = (Vec::new(), 0);
    for round in 1..=rounds {
        let told = replay(database, &tenant, A_PAGE, |_| {}).await.unwrap();
        let rate = told.events as f64 / told.took.as_secs_f64();
        differences += told.differences;
        println!(
            "round {round}: {} events told again, {rate:.0}/s, with {} decisions and {} rows; {} differences",
            told.events,
            told.decisions,
            told.rows,
            told.findings.len()
        );
        rates.push(rate);
    }
    server.app.stop().await;
    server.database.remove().await;
    rates.sort_by(f64::total_cmp);
    let median = rates[rates.len() / 2];
    println!("median: {median:.0}/s (wanted: {WANTED:.0})");
    differences == 0 && median >= WANTED
}

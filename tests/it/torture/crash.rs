//! The server is killed while it works, and started again on what it left behind.

use std::time::Instant;

use rand::Rng;
use tokio::sync::watch;

use super::clients::Clients;
use super::{CLIENTS, TENANT, audit, books, choices, moment, prepare, rounds, rules, seed};
use crate::harness::{Kind, PrivateDatabase, Process};

#[tokio::test(flavor = "multi_thread")]
async fn killed_on_sqlite_it_loses_nothing_and_doubles_nothing() {
    killed_again_and_again(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_on_postgres_it_loses_nothing_and_doubles_nothing() {
    killed_again_and_again(Kind::Postgres).await;
}

async fn killed_again_and_again(kind: Kind) {
    let (seed, began) = (seed(), Instant::now());
    let mut random = choices(seed, u64::MAX);
    let database = PrivateDatabase::make(kind).await;
    println!("played on {}", database.prove().await);
    let rules = rules();
    let mut process = Process::serve(&database.url, rules.path()).await;
    prepare(&process.shop(TENANT)).await;
    let (place, seen) = watch::channel(Some(process.shop(TENANT)));
    let clients = Clients::start(seed, &[seen]);
    for _ in 0..rounds() {
        clients.wait_for(random.random_range(40..400)).await;
        tokio::time::sleep(moment(&mut random, 0, 50)).await;
        process.kill();
        place.send_replace(None);
        process = Process::serve(&database.url, rules.path()).await;
        place.send_replace(Some(process.shop(TENANT)));
    }
    clients.wait_for(CLIENTS).await;
    let report = clients.finish().await;
    println!(
        "{} kills in {:.1?}: {} commands, {} sent again because nobody had answered, longest answer {:.1?}",
        rounds(),
        began.elapsed(),
        report.sent.len(),
        report.broken,
        report.longest,
    );
    assert!(report.broken >= rounds(), "nothing was under way when it was killed");
    books::check(&database, &report.sent).await;
    drop(process);
    audit(&database, rules.path());
    database.remove().await;
}

//! The line to the database breaks while the server works: just when a commit was done and nobody
//! knows of it, and just when an answer is put together.

use std::time::Instant;

use tokio::sync::watch;

use super::clients::{Clients, Fate, Sent};
use super::line::Line;
use super::{CLIENTS, TENANT, audit, books, choices, prepare, rounds, rules, seed};
use crate::harness::{Kind, PrivateDatabase, Process};

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_found_again() {
    let (seed, began) = (seed(), Instant::now());
    let database = PrivateDatabase::make(Kind::Postgres).await;
    println!("played on {}", database.prove().await);
    let (line, rules) = (Line::lay(&database.url, choices(seed, u64::MAX)).await, rules());
    let process = Process::serve(&line.url, rules.path()).await;
    prepare(&process.shop(TENANT)).await;
    let (_place, seen) = watch::channel(Some(process.shop(TENANT)));
    let clients = Clients::start(seed, &[seen]);
    line.breaks(true);
    while line.broken().0 < rounds() * 5 {
        clients.wait_for(CLIENTS).await;
    }
    line.breaks(false);
    let report = clients.finish().await;
    let (commits, others) = line.broken();
    println!(
        "{commits} commits without an answer and {others} breaks else in {:.1?}: {} commands, {} times OVERLOADED, {} times OUTCOME_UNKNOWN, longest answer {:.1?}",
        began.elapsed(),
        report.sent.len(),
        report.overloaded,
        report.unknown,
        report.longest,
    );
    assert_eq!(report.broken, 0, "a connection to the server broke");
    // No grant without a key was done twice, and of none it remained unknown whether it was.
    let unknown = report.sent.iter().find(|sent| sent.fate == Fate::Unknown);
    assert!(unknown.is_none(), "its commit was not found again: {unknown:?}");
    let keyless = |sent: &&Sent| sent.order.is_keyless() && matches!(sent.fate, Fate::Done(_));
    assert!(report.sent.iter().any(|sent| keyless(&sent)), "none was without a key");
    books::check(&database, &report.sent).await;
    drop(process);
    audit(&database, rules.path());
    database.remove().await;
}

//! The database's server stops at once while the server works, and comes back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::clients::Clients;
use super::probes::{Look, Probes, Seen, Watcher};
use super::{TENANT, audit, books, choices, moment, prepare, rounds, rules, seed};
use crate::harness::{PrivateDatabase, Process};
use crate::postgres::{self, Durability, Running};

/// How soon after the database's return the server is ready, and reads are answered, again.
const SOON: Duration = Duration::from_secs(5);

/// No read takes longer.
const READ_BOUND: Duration = Duration::from_secs(10);

/// When the database was away for sure, and when it was back.
struct Outage {
    began: Instant,
    ended: Instant,
    back: Instant,
}

#[tokio::test(flavor = "multi_thread")]
async fn while_its_database_is_away_it_says_so_and_then_goes_on() {
    let (seed, began) = (seed(), Instant::now());
    let mut random = choices(seed, u64::MAX);
    let cluster = spawn_blocking(|| postgres::launch(Durability::Full)).await.unwrap();
    let (cluster, rules) = (Arc::new(cluster), rules());
    let database = PrivateDatabase::at(cluster.url());
    println!("played on {}", database.prove().await);
    let process = Process::serve(&database.url, rules.path()).await;
    let shop = process.shop(TENANT);
    prepare(&shop).await;
    let (_place, seen) = watch::channel(Some(shop.clone()));
    let clients = Clients::start(seed, &[seen]);
    let probes = Probes::start(&shop, &process.address);
    let watcher = Watcher::start(&shop, &process.address).await;
    let mut outages = Vec::new();
    for round in 0..rounds() {
        clients.wait_for(random.random_range(40..400)).await;
        outages.push(take_away(&cluster, span(round, &mut random)).await);
        // Long enough that readiness must have come back.
        tokio::time::sleep(SOON).await;
    }
    let report = clients.finish().await;
    let seen = probes.finish().await;
    watcher.finish(&shop).await;
    println!(
        "{} outages in {:.1?}: {} commands, {} times OVERLOADED, {} times OUTCOME_UNKNOWN, longest answer {:.1?}",
        rounds(),
        began.elapsed(),
        report.sent.len(),
        report.overloaded,
        report.unknown,
        report.longest,
    );
    assert_eq!(report.broken, 0, "a connection to the server broke");
    assert!(report.overloaded > 0 || rounds() < 2, "nobody was told that the server is overloaded");
    check(&outages, &seen);
    books::check(&database, &report.sent).await;
    drop(process);
    audit(&database, rules.path());
}

/// How long an outage lasts: a moment, longer than a batch is tried, or something between.
fn span(round: u64, random: &mut StdRng) -> Duration {
    match round % 4 {
        0 => moment(random, 0, 500),
        1 => moment(random, 16_000, 18_000),
        2 => moment(random, 1_000, 5_000),
        _ => moment(random, 5_000, 17_000),
    }
}

async fn take_away(cluster: &Arc<Running>, span: Duration) -> Outage {
    let stopping = Arc::clone(cluster);
    spawn_blocking(move || stopping.stop_at_once()).await.unwrap();
    let began = Instant::now();
    tokio::time::sleep(span).await;
    let (ended, starting) = (Instant::now(), Arc::clone(cluster));
    spawn_blocking(move || starting.start_again()).await.unwrap();
    Outage { began, ended, back: Instant::now() }
}

fn check(outages: &[Outage], seen: &Seen) {
    assert!(seen.life.iter().all(|look| look.well), "the process itself lived all the time");
    let longest = |looks: &[Look]| looks.iter().map(|look| look.answered - look.asked).max();
    println!(
        "{} reads, the longest {:.1?}; {} questions for readiness, the longest {:.1?}",
        seen.reads.len(),
        longest(&seen.reads).unwrap(),
        seen.readiness.len(),
        longest(&seen.readiness).unwrap(),
    );
    assert!(longest(&seen.reads).unwrap() < READ_BOUND, "a read took too long");
    assert!(longest(&seen.readiness).unwrap() < SOON, "readiness took too long to be told");
    let mut away = 0;
    for outage in outages {
        let during = |look: &&Look| look.asked > outage.began && look.answered < outage.ended;
        let (ready, read) = (seen.readiness.iter(), seen.reads.iter());
        assert!(ready.filter(during).all(|look| !look.well), "ready without a database");
        away += seen.readiness.iter().filter(during).count();
        assert!(read.filter(during).all(|look| !look.well), "read without a database");
        for (what, looks) in [("ready", &seen.readiness), ("reads", &seen.reads)] {
            let mut after = looks.iter().filter(|look| look.well && look.answered > outage.back);
            let soon = after.any(|look| look.answered < outage.back + SOON);
            assert!(soon, "{what}: not well within {SOON:?} of the database's return");
        }
    }
    assert!(away > 0, "nobody asked for readiness while the database was away");
}

//! Two servers on one database do what one does, and about as much of it.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::clients::{Clients, Place, Sent};
use super::{TENANT, audit, books, is_long, prepare, rounds, rules, seed};
use crate::harness::{PrivateDatabase, Process};
use crate::postgres::{self, Durability};

/// How long a round is measured.
const SPAN: Duration = Duration::from_secs(2);
/// How much two servers do at least of what one does.
const SHARE: f64 = 0.8;
/// The same on a machine that does other things meanwhile, in a short run.
const SHARE_BY_FAR: f64 = 0.4;

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_do_as_much_as_one() {
    let (seed, began) = (seed(), Instant::now());
    let cluster = spawn_blocking(|| postgres::launch(Durability::Full)).await.unwrap();
    let (database, rules) = (PrivateDatabase::at(cluster.url()), rules());
    println!("played on {}", database.prove().await);
    let one = Process::serve(&database.url, rules.path()).await;
    let two = Process::serve(&database.url, rules.path()).await;
    prepare(&one.shop(TENANT)).await;
    let place = |process: &Process| watch::channel(Some(process.shop(TENANT))).1;
    let places = [place(&one), place(&two)];
    // Both get warm first.
    let (_, mut sent) = round(seed, &places).await;
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for n in 1..=rounds() {
        let (rate, done) = round(seed + 2 * n, &places[..1]).await;
        alone.push(rate);
        sent.extend(done);
        let (rate, done) = round(seed + 2 * n + 1, &places).await;
        together.push(rate);
        sent.extend(done);
    }
    println!("one: {alone:.0?} commands a second, two: {together:.0?}, in {:.1?}", began.elapsed());
    let share = together.iter().sum::<f64>() / alone.iter().sum::<f64>();
    println!("{} commands; two do {share:.2} of what one does", sent.len());
    books::check(&database, &sent).await;
    books::limits_were_reached(&sent);
    drop((one, two));
    audit(&database, rules.path());
    let least = if is_long() { SHARE } else { SHARE_BY_FAR };
    assert!(share >= least, "two servers do {share:.2} of what one does");
}

/// All clients at these servers for a while: how many commands a second, and what was sent.
async fn round(seed: u64, places: &[Place]) -> (f64, Vec<Sent>) {
    let clients = Clients::start(seed, places);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let from = Instant::now();
    tokio::time::sleep(SPAN).await;
    let to = Instant::now();
    let report = clients.finish().await;
    assert_eq!((report.broken, report.unknown, report.overloaded), (0, 0, 0), "nothing broke");
    let counted = report.sent.iter().filter(|sent| (from..to).contains(&sent.at)).count();
    (counted as f64 / (to - from).as_secs_f64(), report.sent)
}

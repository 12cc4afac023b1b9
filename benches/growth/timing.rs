//! Timing the questions, and comparing two sizes.

use std::time::{Duration, Instant};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use serde_json::json;

use crate::harness::Server;
use crate::questions::{Cost, Moments, all};

/// Times that differ by less are the same: what else the machine does weighs more.
const NOISE: Duration = Duration::from_micros(300);
/// A question may take so many times as long.
const FACTOR: f64 = 2.0;
/// A question is asked so often before it is timed.
const WARM_UP: u64 = 8;

/// A question with the times that it took.
pub struct Timed {
    name: String,
    cost: Cost,
    median: Duration,
    p95: Duration,
}

/// Times every question. What else the machine does comes in bursts: of two passes over all of them
/// the quieter one counts, for each.
pub async fn time(server: &Server, runs: u64) -> Vec<Timed> {
    let (first, second) = (pass(server, runs).await, pass(server, runs).await);
    let quieter = |(a, b): (Timed, Timed)| if a.median <= b.median { a } else { b };
    first.into_iter().zip(second).map(quieter).collect()
}

/// Asks every question so many times, one after another.
async fn pass(server: &Server, runs: u64) -> Vec<Timed> {
    let admin = server.admin("orchard").await;
    let mut timed = Vec::new();
    for question in all(&moments(server.now())) {
        let mut times = Vec::new();
        for run in 0..WARM_UP + runs {
            let began = Instant::now();
            let answer = admin.gql(&question.document, json!({})).await;
            let took = began.elapsed();
            answer.ok();
            if run >= WARM_UP {
                times.push(took);
            }
        }
        times.sort();
        let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
        let (median, p95) = (at(50), at(95));
        timed.push(Timed { name: question.name, cost: question.cost, median, p95 });
    }
    timed
}

/// The calendar month before this one, and other times at which lists are cut.
fn moments(now: DateTime<Utc>) -> Moments {
    let this = now.date_naive().with_day(1).unwrap();
    let last = this.pred_opt().unwrap();
    let at_noon = |day: NaiveDate| format!("{day}T17:00:00Z");
    Moments {
        lately: (now - TimeDelta::hours(6)).to_rfc3339(),
        before: (now - TimeDelta::days(20)).to_rfc3339(),
        month: [at_noon(last.with_day(1).unwrap()), at_noon(last)],
        days: [at_noon(last.with_day(11).unwrap()), at_noon(last.with_day(20).unwrap())],
    }
}

/// Prints both sizes beside each other; tells whether each question that must is as cheap as before.
pub fn compare(sizes: [u64; 2], small: &[Timed], large: &[Timed]) -> bool {
    println!(
        "{:64} {:>9} {:>9} {:>9} {:>9} {:>6}",
        "median and 95th percentile in ms, at", sizes[0], "p95", sizes[1], "p95", "ratio"
    );
    let mut grown = Vec::new();
    for (small, large) in small.iter().zip(large) {
        let ratio = large.median.as_secs_f64() / small.median.as_secs_f64();
        let more = large.median.saturating_sub(small.median);
        let verdict = match large.cost {
            Cost::Bounded => "bounded",
            Cost::Flat if ratio > FACTOR && more > NOISE => "GROWS",
            Cost::Flat => "",
        };
        if verdict == "GROWS" {
            grown.push(large.name.as_str());
        }
        let [a, b, c, d] = [small.median, small.p95, large.median, large.p95].map(millis);
        println!(
            "{:64} {a:>9.2} {b:>9.2} {c:>9.2} {d:>9.2} {ratio:>6.2} {verdict}",
            short(&large.name)
        );
    }
    match grown.as_slice() {
        [] => println!("every list, count and report costs the same within a factor of {FACTOR}"),
        some => println!("{} cost more than that: {}", some.len(), some.join("; ")),
    }
    grown.is_empty()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn short(name: &str) -> String {
    name.chars().take(64).collect()
}

//! What each of a table of attacks costs the server: time and memory. Each is sent to a server of its
//! own, in a process of its own, whose memory nothing else has touched; the best of three counts.
//! Where one takes more than 50 ms before it is refused, or more than 20 MB, or is answered otherwise
//! than it should be, it ends with 1.
//!
//! `cargo bench --bench attacks`; a part of an attack's name runs only those that have it.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a measurement may fall over")]

#[path = "../tests/it/packages.rs"]
mod packages;

#[expect(dead_code, reason = "made for the tests, which use more of it")]
#[path = "../tests/it/postgres.rs"]
mod postgres;

#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
#[path = "../tests/it/harness/mod.rs"]
mod harness;

#[path = "../tests/it/attacks/play.rs"]
mod play;
#[path = "../tests/it/attacks/table.rs"]
mod table;
#[path = "../tests/it/attacks/texts.rs"]
mod texts;

use std::process::{Command, ExitCode};
use std::time::Duration;

use harness::{Kind, Server};
use serde_json::{Value, json};
use table::{Attack, Outcome};

/// How long an attack may take before it is refused.
const LONGEST: Duration = Duration::from_millis(50);
/// How much memory an attack may take, in KB.
const MOST: u64 = 20 * 1024;
/// Says to a process of its own which attack it is to measure.
const WHICH: &str = "ATTACK";

fn main() -> ExitCode {
    let attacks = table::all();
    if let Ok(which) = std::env::var(WHICH) {
        let attack = &attacks[which.parse::<usize>().expect("an attack's number")];
        println!("{}", measure(attack));
        return ExitCode::SUCCESS;
    }
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    println!("| attack | sent | answer | time | memory |\n|---|---:|---|---:|---:|");
    let mut failed = 0;
    for (number, attack) in attacks.iter().enumerate() {
        if wanted.as_ref().is_none_or(|wanted| attack.name.contains(wanted)) {
            failed += usize::from(!is_held(number, attack));
        }
    }
    println!("{failed} failed of {}", attacks.len());
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures an attack in a process of its own, and prints its line.
fn is_held(number: usize, attack: &Attack) -> bool {
    let this = std::env::current_exe().unwrap();
    let output = Command::new(this).env(WHICH, number.to_string()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    let Ok(seen) = serde_json::from_str::<Value>(last) else {
        println!("| {} | the process ended: {} |", attack.name, output.status);
        return false;
    };
    let number = |name: &str| seen[name].as_u64().unwrap();
    let (micros, kilobytes) = (number("micros"), number("kilobytes"));
    let in_time = Duration::from_micros(micros) <= LONGEST || attack.outcome == Outcome::Answered;
    let held = seen["as_it_should"] == true && in_time && kilobytes <= MOST;
    println!(
        "| {} | {} B | {} | {:.1} ms | {:.1} MB |{}",
        attack.name,
        number("sent"),
        seen["answer"].as_str().unwrap(),
        micros as f64 / 1_000.0,
        kilobytes as f64 / 1_024.0,
        if held { "" } else { " FAILED" }
    );
    held
}

fn measure(attack: &Attack) -> Value {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(async {
        let server = Server::start(Kind::Sqlite, &["rules/productready"]).await;
        play::prepare(&server).await;
        let mut best: Option<play::Seen> = None;
        let mut kilobytes = 0;
        let mut as_it_should = true;
        for _ in 0..3 {
            let before = forget_peak();
            let seen = play::play(&server, attack).await;
            kilobytes = kilobytes.max(memory("VmHWM").saturating_sub(before));
            as_it_should &= seen.is(attack.outcome);
            best = Some(best.filter(|best| best.took < seen.took).unwrap_or(seen));
        }
        server.finish().await;
        let seen = best.unwrap();
        let status = if seen.status == 0 { String::new() } else { format!("{} ", seen.status) };
        json!({
            "sent": seen.bytes.0,
            "answer": format!("{status}{}", seen.code),
            "micros": u64::try_from(seen.took.as_micros()).unwrap(),
            "kilobytes": kilobytes,
            "as_it_should": as_it_should,
        })
    })
}

/// Lets the process's peak begin anew where it stands now: so many KB.
fn forget_peak() -> u64 {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    memory("VmRSS")
}

/// How much memory this process has, in KB, by this name.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

//! The whole program under torture: killed while it works, its database taken away while it works,
//! two of it on one database. Whatever it answered must be true afterwards.
//!
//! `TORTURE_ROUNDS` (3) makes it longer: `TORTURE_ROUNDS=50 cargo test --release --test it torture::`.
//! What the clients send follows from `TORTURE_SEED`, which is printed; when they are answered does not.

mod books;
mod clients;
mod crash;
mod line;
mod orders;
mod outage;
mod probes;
mod replicas;
mod severed;

use std::path::Path;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::harness::{PrivateDatabase, Shop, copy_program, guerdon};
use orders::{CODES, rowers};

/// How many clients send at the same time.
const CLIENTS: u64 = 32;

/// No request takes longer, whatever happens to the server or its database.
const BOUND: Duration = Duration::from_secs(30);

/// Proves a database: its invariants, and its whole history told again.
const AUDIT: &[&str] = &["audit", "--replay"];

/// The tenant, and its program.
const TENANT: &str = "regatta";

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a whole number"))
}

/// How often each thing is broken.
fn rounds() -> u64 {
    setting("TORTURE_ROUNDS").unwrap_or(3)
}

/// Is this the long form, which asserts measured numbers too?
fn is_long() -> bool {
    setting("TORTURE_ROUNDS").is_some()
}

/// What this run's choices follow from.
fn seed() -> u64 {
    let seed = setting("TORTURE_SEED").unwrap_or_else(|| u64::from(rand::random::<u32>()));
    println!("TORTURE_SEED={seed}");
    seed
}

/// Choices for one part of a run.
fn choices(seed: u64, part: u64) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(part))
}

/// A random time from `from` to `to` milliseconds.
fn moment(random: &mut StdRng, from: u64, to: u64) -> Duration {
    Duration::from_millis(random.random_range(from..to))
}

/// A folder of programs with the tenant's alone.
fn rules() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs").join(TENANT);
    copy_program(&program, folder.path());
    folder
}

/// The users and the promotion codes.
async fn prepare(shop: &Shop) {
    let users: Vec<Value> = rowers().map(|id| json!({ "id": id })).collect();
    let input = json!({ "users": users });
    shop.service.mutate("registerUsers", input, "results { code }").await.ok();
    for (code, limit, per_user) in CODES {
        let terms = json!({
            "code": code, "maxRedemptions": limit, "perUser": per_user, "data": { "credits": 11 },
        });
        shop.promo_code(terms).await;
    }
}

/// The books must be sound.
fn audit(database: &PrivateDatabase, rules: &Path) {
    let mut command = guerdon();
    command.args(AUDIT).env("DATABASE_URL", &database.url).env("GUERDON_RULES", rules);
    let done = command.output().unwrap();
    let said = [done.stdout, done.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(done.status.success(), "{}", said.concat());
    println!("{}", said[0].trim());
}

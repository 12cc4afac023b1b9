//! A table of attacks, each of which is refused before it costs anything, and what hostile documents
//! come near to that are none. `cargo bench --bench attacks` measures what each costs.

pub mod play;
pub mod table;
pub mod texts;

use std::time::Duration;

use play::{play, prepare};
use table::Outcome;

use crate::harness::Server;
use crate::stories;

stories!("rules/productready":
    every_attack_is_refused_at_once,
);

/// What an attack may take in a build without optimisation, beside other tests.
const LONGEST: Duration = Duration::from_secs(4);
/// How long the answer to an attack may be, in bytes.
const LONGEST_ANSWER: usize = 20_000;

async fn every_attack_is_refused_at_once(server: &Server) {
    prepare(server).await;
    let mut wrong = Vec::new();
    for attack in table::all() {
        let seen = play(server, &attack).await;
        println!("{:<45} {:>5} ms", attack.name, seen.took.as_millis());
        let is_short = attack.outcome == Outcome::Answered || seen.bytes.1 < LONGEST_ANSWER;
        if !seen.is(attack.outcome)
            || seen.status >= 500
            || seen.took > LONGEST
            || seen.errors > 20
            || !is_short
        {
            wrong.push(format!("{}: {seen:?}, not {:?}", attack.name, attack.outcome));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let well = server.admin(play::TENANT).await.get("{ tenant { slug } }").await;
    assert_eq!(well["slug"], play::TENANT, "it goes on");
}

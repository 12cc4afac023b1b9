//! Those who only look, while the database comes and goes: at what can be read, at the server's
//! health, and over a socket at an account.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::BOUND;
use crate::harness::{Frame, Shop, Socket};

/// What can be read, by several ways through the server.
const QUERIES: [&str; 6] = [
    "{ user(id: \"rower-1\") { credits { balance lots { remaining } } referral { code } } }",
    "{ users(first: 20) { totalCount nodes { id credits { balance } } } }",
    "{ user(id: \"rower-2\") { transactions(first: 20) { totalCount nodes { amount source } } } }",
    "{ analytics { signups } leaderboard { name } }",
    "{ tenant { slug settings program { name error { message } } } }",
    "{ validateReferralCode(code: \"NOBODY\") { valid reason } }",
];

/// Words that tell what broke.
const LEAKS: [&str; 8] =
    ["postgres", "sqlx", "sea_orm", "127.0.0.1", "pool", "select ", "os error", "lanes"];

/// What was seen of the server at one moment.
#[derive(Debug, Clone)]
pub struct Look {
    pub asked: Instant,
    pub answered: Instant,
    /// Was all well: data without errors, or 200?
    pub well: bool,
}

/// What those who look saw.
#[derive(Debug, Default)]
pub struct Seen {
    pub reads: Vec<Look>,
    pub readiness: Vec<Look>,
    pub life: Vec<Look>,
}

/// Those who look.
pub struct Probes {
    tasks: JoinSet<Seen>,
    looking: watch::Sender<bool>,
}

impl Probes {
    /// Begins to look through a server at `address`.
    pub fn start(shop: &Shop, address: &str) -> Self {
        let (looking, seen) = watch::channel(true);
        let mut tasks = JoinSet::new();
        for query in QUERIES {
            tasks.spawn(read(shop.clone(), query, seen.clone()));
        }
        for path in ["live", "ready"] {
            tasks.spawn(health(format!("{address}/health/{path}"), seen.clone()));
        }
        Self { tasks, looking }
    }

    pub async fn finish(self) -> Seen {
        self.looking.send_replace(false);
        let mut all = Seen::default();
        for one in self.tasks.join_all().await {
            all.reads.extend(one.reads);
            all.readiness.extend(one.readiness);
            all.life.extend(one.life);
        }
        all
    }
}

async fn read(shop: Shop, query: &'static str, looking: watch::Receiver<bool>) -> Seen {
    let mut seen = Seen::default();
    while *looking.borrow() {
        let asked = Instant::now();
        let answer = timeout(BOUND, shop.service.gql(query, json!({}))).await;
        let answer = answer.expect("every question is answered in time");
        let errors = answer.body["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().for_each(check_error);
        seen.reads.push(Look { asked, answered: Instant::now(), well: errors.is_empty() });
        sleep(Duration::from_millis(50)).await;
    }
    seen
}

/// Whoever reads is told to try again, and nothing of what broke.
fn check_error(error: &Value) {
    assert_eq!(error["extensions"]["code"], "OVERLOADED", "{error:#}");
    let text = error.to_string().to_lowercase();
    assert!(LEAKS.iter().all(|leak| !text.contains(leak)), "{text}");
}

async fn health(address: String, looking: watch::Receiver<bool>) -> Seen {
    let (client, mut looks) = (reqwest::Client::new(), Vec::new());
    while *looking.borrow() {
        let asked = Instant::now();
        let answer = timeout(BOUND, client.get(&address).send()).await;
        let status = answer.expect("health is told in time").unwrap().status().as_u16();
        assert!([200, 503].contains(&status), "{address}: {status}");
        looks.push(Look { asked, answered: Instant::now(), well: status == 200 });
        sleep(Duration::from_millis(50)).await;
    }
    if address.ends_with("live") {
        Seen { life: looks, ..Seen::default() }
    } else {
        Seen { readiness: looks, ..Seen::default() }
    }
}

/// Somebody who watches an account over one socket all the time.
pub struct Watcher {
    task: JoinHandle<()>,
    balance: watch::Receiver<i64>,
}

/// Whose account is watched.
const WATCHED: &str = "rower-3";

impl Watcher {
    pub async fn start(shop: &Shop, address: &str) -> Self {
        let address = address.strip_prefix("http://").unwrap().parse().unwrap();
        let mut socket = Socket::connect(address, shop.admin.init()).await;
        let query = format!("subscription {{ creditsChanged(userId: {WATCHED:?}) {{ balance }} }}");
        socket.subscribe("1", &query).await;
        let (shown, balance) = watch::channel(-1);
        let task = tokio::spawn(async move {
            loop {
                let Frame::Text(message) = socket.receive().await else { panic!("it was closed") };
                let account = &message["payload"]["data"]["creditsChanged"];
                shown.send_replace(account["balance"].as_i64().expect("a balance"));
            }
        });
        Self { task, balance }
    }

    /// What was pushed last must be what the account is now, soon after nobody changes it any more.
    pub async fn finish(mut self, shop: &Shop) {
        let now = shop.balance(WATCHED).await;
        let shown = timeout(Duration::from_secs(5), self.balance.wait_for(|shown| *shown == now));
        shown.await.expect("the balance is pushed").expect("the socket lives");
        self.task.abort();
    }
}

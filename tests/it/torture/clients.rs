//! Clients that send one command after another, each until its fate is known.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::orders::{Booked, Order, Plan};
use super::{BOUND, CLIENTS, choices};
use crate::harness::{Answer, Shop};

/// Where a client finds its server; `None` while there is none.
pub type Place = watch::Receiver<Option<Shop>>;

/// What a client knows of a command in the end.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// It was done, and booked this; a step does not say what it booked.
    Done(Vec<Booked>),
    /// It was refused for good.
    Refused,
    /// Each time the server said that nothing happened, and the client left it at that.
    LeftAlone,
    /// Nobody knows, and it cannot be sent again: it has no key.
    Unknown,
}

/// A command, and what became of it.
#[derive(Debug, Clone)]
pub struct Sent {
    pub order: Order,
    pub fate: Fate,
    /// When the fate was known.
    pub at: Instant,
}

/// What all clients sent and met.
#[derive(Debug, Default)]
pub struct Report {
    pub sent: Vec<Sent>,
    /// Connections that broke before there was an answer.
    pub broken: u64,
    pub overloaded: u64,
    pub unknown: u64,
    /// The longest that an answer took.
    pub longest: Duration,
}

/// Clients at work.
pub struct Clients {
    tasks: JoinSet<Report>,
    working: watch::Sender<bool>,
    /// How many commands were seen through, by all of them.
    seen_through: Arc<AtomicU64>,
}

impl Clients {
    /// Sets them to work; each goes to one of the places, in turns.
    pub fn start(seed: u64, places: &[Place]) -> Self {
        let (working, seen) = watch::channel(true);
        let (mut tasks, seen_through) = (JoinSet::new(), Arc::default());
        for (client, place) in (0..CLIENTS).zip(places.iter().cycle()) {
            let plan = Plan::new(format!("order-{seed}-{client}"), choices(seed, client));
            let (place, counter) = (place.clone(), Arc::clone(&seen_through));
            let client = Client { place, plan, report: Report::default(), counter };
            tasks.spawn(client.work(seen.clone()));
        }
        Self { tasks, working, seen_through }
    }

    /// Waits until so many commands more were seen through.
    pub async fn wait_for(&self, more: u64) {
        let until = self.seen_through.load(Ordering::Relaxed) + more;
        let wait = async {
            while self.seen_through.load(Ordering::Relaxed) < until {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(2 * BOUND, wait).await.expect("commands go on being answered");
    }

    /// Lets each finish what it is at; gives what all of them sent.
    pub async fn finish(self) -> Report {
        self.working.send_replace(false);
        let mut all = Report::default();
        for one in self.tasks.join_all().await {
            all.sent.extend(one.sent);
            all.broken += one.broken;
            all.overloaded += one.overloaded;
            all.unknown += one.unknown;
            all.longest = all.longest.max(one.longest);
        }
        all
    }
}

struct Client {
    place: Place,
    plan: Plan,
    report: Report,
    counter: Arc<AtomicU64>,
}

impl Client {
    async fn work(mut self, working: watch::Receiver<bool>) -> Report {
        while *working.borrow() {
            let order = self.plan.next();
            let fate = self.see_through(&order).await;
            if let Fate::Done(booked) = &fate {
                self.plan.learn(&order, booked);
            }
            self.counter.fetch_add(1, Ordering::Relaxed);
            self.report.sent.push(Sent { order, fate, at: Instant::now() });
        }
        self.send_again().await;
        self.report
    }

    /// Sends a command with the same key again and again, until what became of it is known.
    async fn see_through(&mut self, order: &Order) -> Fate {
        // Was every answer so far that nothing happened?
        let mut untouched = true;
        loop {
            if !untouched && order.is_keyless() {
                return Fate::Unknown;
            }
            let Some(answer) = self.send(order).await else {
                untouched = false;
                continue;
            };
            match answer.code() {
                "" => {
                    let payload = &answer.body["data"][order.mutation];
                    let new = payload["replayed"] == false || order.is_shared();
                    assert!(new || !untouched, "nobody had done it before: {order:?} {payload:#}");
                    return Fate::Done(booked(order, &answer));
                }
                "OVERLOADED" => {
                    self.report.overloaded += 1;
                    // Every other command is given up, and must not be found afterwards.
                    if untouched && !self.report.overloaded.is_multiple_of(2) && !order.is_shared()
                    {
                        return Fate::LeftAlone;
                    }
                }
                "OUTCOME_UNKNOWN" => {
                    self.report.unknown += 1;
                    untouched = false;
                }
                code => {
                    assert!(order.may_be_refused(code), "{order:?}: {:#}", answer.body);
                    return Fate::Refused;
                }
            }
        }
    }

    /// One answer; `None` when the connection broke before.
    async fn send(&mut self, order: &Order) -> Option<Answer> {
        let place = timeout(BOUND, self.place.wait_for(Option::is_some)).await;
        let shop = place.expect("the server is back in time").unwrap().clone().unwrap();
        let began = Instant::now();
        let request = shop.service.try_mutate(order.mutation, order.input.clone(), order.selection);
        let answer = timeout(BOUND, request).await.expect("every request is answered in time");
        self.report.longest = self.report.longest.max(began.elapsed());
        if answer.is_err() {
            self.report.broken += 1;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        answer.ok()
    }

    /// Sends some of what was done once more: each must answer the same.
    async fn send_again(&mut self) {
        let done: Vec<Sent> = self.report.sent.iter().rev().take(20).cloned().collect();
        for Sent { order, fate, .. } in done {
            if !matches!(fate, Fate::Done(_)) || order.is_keyless() {
                continue;
            }
            let answer = self.send(&order).await.expect("the server is there");
            assert_eq!(fate, Fate::Done(booked(&order, &answer)), "{order:?}");
            let payload = answer.ok();
            assert!(order.is_shared() || payload["replayed"] == true, "{order:?}: {payload:#}");
        }
    }
}

/// What an answer says that the command booked.
fn booked(order: &Order, answer: &Answer) -> Vec<Booked> {
    let payload = &answer.body["data"][order.mutation];
    let entry = |entry: &Value| {
        (entry["id"].as_str().unwrap().to_owned(), entry["amount"].as_i64().unwrap())
    };
    let many = payload["transactions"].as_array().into_iter().flatten();
    let one = payload.get("transaction").filter(|one| !one.is_null());
    let mut booked: Vec<Booked> = many.chain(one).map(entry).collect();
    booked.sort();
    booked
}

//! Where the time of a batch goes. Run by hand:
//! `cargo test --release --lib measure -- --ignored --nocapture`, with `TEST_DATABASE_URL`.

use std::collections::BTreeSet;
use std::time::Instant;

use uuid::Uuid;

use super::{on_postgres, on_sqlite, samples, save, tenant};
use crate::domain::records::{
    Account, AccountKey, EventKey, Lane, Operation, Position, TallyKey, User,
};
use crate::domain::state::{Change, Key, Slice};
use crate::store::Database;

const USERS: i64 = 1_000;

fn name(number: i64) -> String {
    format!("user-{:04}", number % USERS)
}

/// A batch of grants, as `addCredits` makes them.
fn grants(lane: &Lane, size: i64) -> Change {
    let mut change = Change::default();
    for offset in 1..=size {
        let seq = lane.seq + offset;
        let user_id = name(seq * 7);
        let mut event = samples::event(seq);
        event.id = Uuid::from_u128(u128::try_from(seq).unwrap() << 64);
        event.personal = None;
        event.user_id = Some(user_id.clone());
        change.events.push(event);
        let number = u128::try_from(seq).unwrap();
        let mut lot = samples::lot(number, &user_id, Position { seq, n: 0 });
        lot.description = None;
        lot.purchase_id = None;
        lot.referral_id = None;
        lot.decision_id = None;
        lot.cap = None;
        let mut entry = samples::transaction(number, &user_id, Position { seq, n: 1 });
        entry.uses.clear();
        entry.description = None;
        entry.reference_id = None;
        change.put_lot(lot);
        change.put(entry);
        let mut account = Account::empty(samples::key(&user_id));
        account.balance = samples::amount(seq);
        account.earned = account.balance;
        change.put(account);
        change.tally(TallyKey::tenant("transactions"), 1);
        change.tally(TallyKey::tenant("outstanding"), 1);
        change.tally(TallyKey::user(&user_id, "transactions"), 1);
        change.tally(TallyKey::user(&user_id, "transactions:manual"), 1);
        change.tally(TallyKey::day(samples::at(0).date_naive(), "issued"), 1);
        change.tally(TallyKey::day(samples::at(0).date_naive(), "rewards_begun"), 1);
    }
    change.lane = Some(Lane { seq: lane.seq + size, ..lane.clone() });
    change
}

fn keys(change: &Change) -> [BTreeSet<Key>; 3] {
    let events = change.events.iter().map(|event| {
        let key = event.key.clone().unwrap();
        Key::Event(EventKey { operation: Operation::AddCredits, key })
    });
    let accounts: Vec<&AccountKey> = change.tables.accounts.keys().collect();
    let users = accounts.iter().map(|key| Key::User(key.user_id.clone()));
    let own = accounts.iter().map(|key| Key::Account((*key).clone()));
    [events.collect(), users.collect(), own.collect()]
}

/// The change, table by table, in the order in which it is saved.
fn parts(change: &Change) -> Vec<(&'static str, Change)> {
    let mut parts: [Change; 6] = Default::default();
    parts[0].events.clone_from(&change.events);
    parts[1].tables.accounts.clone_from(&change.tables.accounts);
    parts[2].tables.lots.clone_from(&change.tables.lots);
    parts[3].tables.transactions.clone_from(&change.tables.transactions);
    parts[4].tallies.clone_from(&change.tallies);
    parts[5].lane.clone_from(&change.lane);
    ["events", "accounts", "lots", "transactions", "tallies", "lane"]
        .into_iter()
        .zip(parts)
        .collect()
}

/// Time spent, by what it was spent on, in order.
#[derive(Default)]
struct Spent(Vec<(&'static str, u128)>);

impl Spent {
    fn add(&mut self, on: &'static str, since: Instant) {
        let micros = since.elapsed().as_micros();
        match self.0.iter_mut().find(|(name, _)| *name == on) {
            Some((_, total)) => *total += micros,
            None => self.0.push((on, micros)),
        }
    }
}

async fn batch(database: &Database, tenant_id: i64, size: i64, spent: &mut Spent) {
    let began = Instant::now();
    let lane = database.begin_write(tenant_id).await.unwrap();
    spent.add("begin", began);
    let change = grants(lane.lane(), size);
    let mut slice = Slice::new(lane.lane().clone());
    let [events, users, accounts] = keys(&change);
    for (name, keys) in [("keys", events), ("users", users), ("account", accounts)] {
        let began = Instant::now();
        lane.load(&mut slice, &keys).await.unwrap();
        spent.add(name, began);
    }
    for (name, part) in parts(&change) {
        let began = Instant::now();
        lane.save(&part).await.unwrap();
        spent.add(name, began);
    }
    let began = Instant::now();
    lane.commit().await.unwrap();
    spent.add("commit", began);
}

async fn measure(database: Database) {
    database.migrate().await.unwrap();
    let tenant_id = tenant(&database, "one").await.id;
    let mut people = Change::default();
    for number in 0..USERS {
        people.put(User { code: None, ..samples::user(&name(number), number + 1) });
    }
    save(&database, tenant_id, &people).await;
    for size in [1, 8, 32, 100, 300] {
        for round in 0..2 {
            let mut spent = Spent::default();
            let rounds: u128 = 20;
            for turn in 0..20 {
                // Batches are never of the same size.
                batch(&database, tenant_id, size + turn % 8, &mut spent).await;
            }
            let total: u128 = spent.0.iter().map(|(_, micros)| micros / rounds).sum();
            let each = spent.0.iter().map(|(name, micros)| format!("{name} {}", micros / rounds));
            let each: Vec<String> = each.collect();
            println!("{} {size:>3}.{round} {total:>6} µs: {}", database.kind(), each.join(" "));
        }
    }
}

#[tokio::test]
#[ignore = "a measurement"]
async fn a_batch_of_grants() {
    if let Some(postgres) = on_postgres().await {
        measure(postgres.database.clone()).await;
        postgres.drop_postgres().await;
    }
    let sqlite = on_sqlite().await;
    measure(sqlite.database.clone()).await;
}

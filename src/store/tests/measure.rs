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

async fn batch(database: &Database, tenant_id: i64, size: i64, spent: &mut [u128; 7]) {
    let mut stage = 0;
    let mut began = Instant::now();
    let mut lap = |spent: &mut [u128; 7]| {
        spent[stage] += began.elapsed().as_micros();
        stage += 1;
        began = Instant::now();
    };
    let lane = database.begin_write(tenant_id).await.unwrap();
    lap(spent);
    let change = grants(lane.lane(), size);
    let mut slice = Slice::new(lane.lane().clone());
    let [events, users, accounts] = keys(&change);
    lap(spent);
    lane.load(&mut slice, &events).await.unwrap();
    lap(spent);
    lane.load(&mut slice, &users).await.unwrap();
    lap(spent);
    lane.load(&mut slice, &accounts).await.unwrap();
    lap(spent);
    lane.save(&change).await.unwrap();
    lap(spent);
    lane.commit().await.unwrap();
    lap(spent);
}

async fn measure(database: Database) {
    let tenant_id = tenant(&database, "one").await.id;
    let mut people = Change::default();
    for number in 0..USERS {
        people.put(User { code: None, ..samples::user(&name(number), number + 1) });
    }
    save(&database, tenant_id, &people).await;
    for size in [1, 8, 32, 100, 300] {
        for round in 0..2 {
            let mut spent = [0; 7];
            let rounds = 20;
            for turn in 0..rounds {
                // Batches are never of the same size.
                batch(&database, tenant_id, size + turn % 8, &mut spent).await;
            }
            let [begin, _, events, users, accounts, save, commit] =
                spent.map(|micros| micros / u128::try_from(rounds).unwrap());
            println!(
                "{} {size:>3} round {round}: begin {begin} events {events} users {users} \
                 accounts {accounts} save {save} commit {commit} µs",
                database.kind()
            );
        }
    }
}

#[tokio::test]
#[ignore = "a measurement"]
async fn a_batch_of_grants() {
    if let Some(postgres) = on_postgres().await {
        measure(postgres.database).await;
    }
    let sqlite = on_sqlite().await;
    measure(sqlite.database.clone()).await;
}

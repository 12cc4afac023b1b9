//! What is saved is what is loaded, to the microsecond.

use std::collections::BTreeSet;

use super::{on_each, samples, save, tenant};
use crate::domain::records::{AccountKey, EventKey, Operation, TallyKey};
use crate::domain::state::{Change, Key, Record, Slice, Table};

fn keys_of<R: Record>(table: &Table<R>) -> impl Iterator<Item = Key> {
    table.keys().cloned().map(R::ask)
}

/// The keys of everything in a change.
fn keys(change: &Change) -> BTreeSet<Key> {
    let tables = &change.tables;
    let events = change.events.iter().filter_map(|event| event.event_key().map(Key::Event));
    events
        .chain(keys_of(&tables.users))
        .chain(keys_of(&tables.accounts))
        .chain(keys_of(&tables.lots))
        .chain(keys_of(&tables.transactions))
        .chain(keys_of(&tables.reversals))
        .chain(keys_of(&tables.referrals))
        .chain(keys_of(&tables.purchases))
        .chain(keys_of(&tables.codes))
        .chain(keys_of(&tables.clicks))
        .chain(keys_of(&tables.cap_uses))
        .chain(keys_of(&tables.attempts))
        .chain(keys_of(&tables.onces))
        .chain(keys_of(&tables.fingerprints))
        .chain(keys_of(&tables.decisions))
        .chain(keys_of(&tables.fact_sheets))
        .chain(keys_of(&tables.promos))
        .chain(keys_of(&tables.promo_uses))
        .chain(keys_of(&tables.notices))
        .collect()
}

#[tokio::test]
async fn every_record_comes_back_as_it_was() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        let lane = database.lane(tenant_id).await.unwrap();
        let change = samples::change(&lane);
        save(&database, tenant_id, &change).await;

        let mut expected = change.tables.clone();
        expected.emissions.clear();
        for event in &change.events {
            expected.events.insert(event.event_key().unwrap(), Some(event.clone()));
        }
        let locked = database.begin_write(tenant_id).await.unwrap();
        assert_eq!(Some(locked.lane()), change.lane.as_ref());
        let mut slice = Slice::new(locked.lane().clone());
        locked.load(&mut slice, &keys(&change)).await.unwrap();
        assert_eq!(slice.tables, expected);
        locked.rollback().await.unwrap();

        // Saved again, changed records take the place of the old ones.
        let mut later = Change::default();
        let mut user = samples::user("ann", 1);
        user.personal = Default::default();
        later.put(user.clone());
        later.put(samples::referral(9, crate::domain::records::Position { seq: 2, n: 0 }));
        save(&database, tenant_id, &later).await;
        let mut slice = Slice::new(lane);
        let asked = BTreeSet::from([Key::User("ann".to_owned())]);
        database.load(tenant_id, &mut slice, &asked).await.unwrap();
        assert_eq!(slice.tables.users.get("ann"), Some(&Some(user)));
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_is_known_to_be_absent() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        let other = tenant(&database, "two").await.id;
        let lane = database.lane(tenant_id).await.unwrap();
        let change = samples::change(&lane);
        save(&database, tenant_id, &change).await;
        let mut slice = Slice::new(database.lane(other).await.unwrap());
        let mut asked = keys(&change);
        asked.insert(Key::OpenLots(samples::key("ann")));
        database.load(other, &mut slice, &asked).await.unwrap();
        let absent = EventKey { operation: Operation::AddCredits, key: "key-1".to_owned() };
        assert_eq!(slice.tables.events.get(&absent), Some(&None));
        assert_eq!(slice.tables.users.get("ann"), Some(&None));
        assert!(slice.tables.lots.values().all(Option::is_none));
        assert_eq!(slice.open_lots.get(&samples::key("ann")), Some(&Vec::new()));
        assert_eq!(slice.tables.fingerprints.len(), 1);
        assert_eq!(slice.tables.fact_sheets.values().flatten().count(), 0);
    })
    .await;
}

#[tokio::test]
async fn open_lots_come_with_their_account() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        let lane = database.lane(tenant_id).await.unwrap();
        let mut change = samples::change(&lane);
        let mut used_up =
            samples::lot(202, "ann", crate::domain::records::Position { seq: 3, n: 5 });
        used_up.spent = samples::amount(70);
        used_up.remaining = samples::amount(0);
        change.put_lot(used_up);
        save(&database, tenant_id, &change).await;
        let mut slice = Slice::new(lane);
        let nobody = AccountKey { user_id: "nobody".to_owned(), unit: "USD".to_owned() };
        let asked =
            BTreeSet::from([Key::OpenLots(samples::key("ann")), Key::OpenLots(nobody.clone())]);
        database.load(tenant_id, &mut slice, &asked).await.unwrap();
        let mut open = slice.open_lots.get(&samples::key("ann")).cloned().unwrap();
        open.sort();
        assert_eq!(open, [samples::id(200), samples::id(201)]);
        assert_eq!(slice.open_lots.get(&nobody), Some(&Vec::new()));
        assert!(open.iter().all(|id| matches!(slice.tables.lots.get(id), Some(Some(_)))));
    })
    .await;
}

#[tokio::test]
async fn a_command_that_was_saved_is_known() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        let lane = database.lane(tenant_id).await.unwrap();
        let mut change = samples::change(&lane);
        change.tally(TallyKey::tenant("transactions"), 1);
        save(&database, tenant_id, &change).await;
        let lane = database.begin_write(tenant_id).await.unwrap();
        let known = lane.known_commands(&[samples::id(1_001), samples::id(5)]).await.unwrap();
        assert_eq!(known.into_iter().collect::<Vec<_>>(), [samples::id(1_001)]);
    })
    .await;
}

#[tokio::test]
async fn the_same_event_twice_is_refused_as_there_already() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        let mut change = Change::default();
        change.events.push(samples::event(1));
        save(&database, tenant_id, &change).await;
        let lane = database.begin_write(tenant_id).await.unwrap();
        let error = lane.save(&change).await.unwrap_err();
        assert!(error.is_unique(), "{error:?}");
        lane.rollback().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn many_rows_in_several_units_come_back() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        let mut change = Change::default();
        for number in 0..150 {
            let id = format!("user-{number}");
            change.put(samples::user(&id, number + 1));
            for unit in ["USD", "EUR", "messages"] {
                let mut account = samples::account(&id);
                account.key.unit = unit.to_owned();
                change.put(account);
            }
        }
        save(&database, tenant_id, &change).await;
        let mut slice = Slice::new(database.lane(tenant_id).await.unwrap());
        database.load(tenant_id, &mut slice, &keys(&change)).await.unwrap();
        assert_eq!(slice.tables.accounts, change.tables.accounts);
        assert_eq!(slice.tables.users, change.tables.users);
        let keys: Vec<AccountKey> = change.tables.accounts.keys().cloned().collect();
        assert_eq!(database.accounts_by_keys(tenant_id, &keys).await.unwrap().len(), 450);
    })
    .await;
}

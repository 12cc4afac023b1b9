//! What keeps writers apart.

use std::time::Duration;

use super::{on_each, on_each_bare, open_again, samples, save, tenant};
use crate::domain::records::{Fingerprint, FingerprintKey};
use crate::domain::state::{Change, Key, Slice};

#[tokio::test]
async fn servers_that_start_at_once_make_the_schema_once() {
    on_each_bare(async |database| {
        let (one, two) = (open_again(&database).await, open_again(&database).await);
        assert!(!database.is_migrated().await.unwrap());
        let (one, two, three) = tokio::join!(one.migrate(), two.migrate(), database.migrate());
        one.and(two).and(three).unwrap();
        assert!(database.is_migrated().await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_locked_lane_makes_others_wait_and_then_give_up() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        let other = open_again(&database).await;
        let first = database.begin_write(tenant_id).await.unwrap();
        let busy = other.begin_write(tenant_id).await.unwrap_err();
        assert!(busy.is_conflict(), "{busy:?}");
        let (second, ()) = tokio::join!(other.begin_write(tenant_id), async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            first.commit().await.unwrap();
        });
        second.unwrap().rollback().await.unwrap();
        other.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn of_a_fingerprint_the_latest_hundred_are_kept() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        let key = FingerprintKey { kind: "ip".to_owned(), hash: "many".to_owned() };
        for begin in [0, 60] {
            let seen = (begin..begin + 100).map(|n| (format!("user-{n:03}"), samples::at(n)));
            let mut change = Change::default();
            change.put(Fingerprint { key: key.clone(), seen: seen.collect() });
            save(&database, tenant_id, &change).await;
        }
        let mut slice = Slice::new(database.lane(tenant_id).await.unwrap());
        let asked = [Key::Fingerprint(key.clone())].into();
        database.load(tenant_id, &mut slice, &asked).await.unwrap();
        let print = slice.tables.fingerprints.remove(&key).flatten().unwrap();
        assert_eq!(print.seen.len(), 100);
        assert_eq!(print.seen.first().unwrap().0, "user-060");
        save(&database, tenant_id, &samples::erasing("user-100", 1)).await;
        assert!(!database.erase_some(tenant_id, "user-100", 5).await.unwrap());
        database.load(tenant_id, &mut slice, &asked).await.unwrap();
        assert_eq!(slice.tables.fingerprints.remove(&key).flatten().unwrap().seen.len(), 99);
    })
    .await;
}

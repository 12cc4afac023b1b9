//! Pages by key, forward and backward, and counts.

use super::{on_each, samples, save, tenant};
use crate::domain::records::{Position, TallyKey, Transaction};
use crate::domain::state::Change;
use crate::store::{Count, Database, Page, Rows, TransactionFilter, Window};

fn place(seq: i64, n: i32) -> Position {
    Position { seq, n }
}

/// Ten transactions, two to an event; even events are Ann's, odd ones Bob's.
async fn ten_transactions(database: &Database, tenant_id: i64) {
    let mut change = Change::default();
    for seq in 1..=5_i64 {
        change.events.push(samples::event(seq));
        for n in 0..2_i32 {
            let number = u128::try_from(seq * 10 + i64::from(n)).unwrap();
            let whose = if seq % 2 == 0 { "ann" } else { "bob" };
            let mut entry = samples::transaction(number, whose, place(seq, n));
            entry.source = if n == 0 { "spend".to_owned() } else { "manual".to_owned() };
            entry.uses.clear();
            change.put(entry);
        }
    }
    change.tally(TallyKey::tenant("transactions"), 10);
    change.tally(TallyKey::user("ann", "transactions"), 4);
    change.tally(TallyKey::user("ann", "transactions:spend"), 2);
    save(database, tenant_id, &change).await;
}

fn places(rows: &Rows<Transaction>) -> Vec<(i64, i32)> {
    rows.rows.iter().map(|entry| (entry.position.seq, entry.position.n)).collect()
}

#[tokio::test]
async fn a_list_is_read_page_by_page_in_both_directions() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        ten_transactions(&database, tenant_id).await;
        let filter = TransactionFilter::default();
        let page = async |page| database.transactions_page(tenant_id, &filter, page).await.unwrap();

        let first = page(Page::first(4)).await;
        assert_eq!(places(&first), [(5, 1), (5, 0), (4, 1), (4, 0)]);
        assert_eq!((first.has_next, first.has_previous), (true, false));
        let after = Some(place(4, 0));
        let second = page(Page { after, ..Page::first(4) }).await;
        assert_eq!(places(&second), [(3, 1), (3, 0), (2, 1), (2, 0)]);
        let after = Some(place(2, 0));
        let third = page(Page { after, ..Page::first(4) }).await;
        assert_eq!(places(&third), [(1, 1), (1, 0)]);
        assert_eq!((third.has_next, third.has_previous), (false, true));

        let last = page(Page::last(3)).await;
        assert_eq!(places(&last), [(2, 0), (1, 1), (1, 0)]);
        assert_eq!((last.has_next, last.has_previous), (false, true));
        let before = Some(place(2, 0));
        let earlier = page(Page { before, ..Page::last(3) }).await;
        assert_eq!(places(&earlier), [(3, 1), (3, 0), (2, 1)]);
        let between = page(Page {
            window: Window::First(9),
            after: Some(place(4, 0)),
            before: Some(place(2, 1)),
        });
        assert_eq!(places(&between.await), [(3, 1), (3, 0)]);
    })
    .await;
}

#[tokio::test]
async fn filters_and_counts_agree() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        ten_transactions(&database, tenant_id).await;
        let ann = TransactionFilter { user_id: Some("ann".to_owned()), ..Default::default() };
        let spends = TransactionFilter { source: Some("spend".to_owned()), ..ann.clone() };
        let dollars = TransactionFilter { unit: Some("USD".to_owned()), ..ann.clone() };
        let late = TransactionFilter {
            from: Some(samples::at(2)),
            to: Some(samples::at(4)),
            ..Default::default()
        };
        let none = TransactionFilter { unit: Some("EUR".to_owned()), ..Default::default() };
        let all = TransactionFilter::default();
        let expected = [(all, 10), (ann, 4), (spends, 2), (dollars, 4), (late, 4), (none, 0)];
        for (filter, number) in expected {
            let page = database.transactions_page(tenant_id, &filter, Page::first(100)).await;
            assert_eq!(i64::try_from(page.unwrap().rows.len()).unwrap(), number, "{filter:?}");
            let count = database.count_transactions(tenant_id, &filter).await.unwrap();
            assert_eq!(count, Count::exact(number), "{filter:?}");
        }
        let of_events = database.transactions_by_seqs(tenant_id, &[2, 4]).await.unwrap();
        assert_eq!(of_events.len(), 4);
        let other = tenant(&database, "two").await.id;
        let filter = TransactionFilter::default();
        let page = database.transactions_page(other, &filter, Page::first(100)).await.unwrap();
        assert!(page.rows.is_empty());
    })
    .await;
}

#[tokio::test]
async fn tenants_are_found_by_slug_number_and_page() {
    on_each(async |database| {
        let one = tenant(&database, "one").await;
        let two = tenant(&database, "two").await;
        assert_eq!(database.tenant_by_slug("one").await.unwrap(), Some(one.clone()));
        assert_eq!(database.tenant_by_id(two.id).await.unwrap(), Some(two.clone()));
        assert_eq!(database.tenant_by_slug("three").await.unwrap(), None);
        let page = Page { after: Some(one.id), ..Page::first(5) };
        assert_eq!(database.tenants_page(page).await.unwrap().rows, [two]);
        let page = database.tenants_page(Page::last(1)).await.unwrap();
        assert!(page.has_previous);
    })
    .await;
}

//! Lists of users, against the same lists made by hand.

use super::{on_each, samples, save, tenant};
use crate::domain::records::{AccountKey, Lane, Position, TallyKey, User};
use crate::domain::state::Change;
use crate::store::{Count, Database, Direction, Page, Ranking, Rows, Standing, UserFilter};

/// Who signed up, in order, and what they have; `None` has no account. The names begin alike.
const USERS: &[(&str, Option<i64>)] = &[
    ("ann", Some(5)),
    ("bob", Some(0)),
    ("cay", None),
    ("dan", Some(-3)),
    ("eve", Some(5)),
    ("fay", Some(9)),
    ("gus", None),
    ("hal", Some(0)),
    ("ida", Some(-3)),
    ("jim", Some(-8)),
    ("kim", None),
    ("lee", Some(5)),
];

async fn sign_up(database: &Database, tenant_id: i64) {
    let mut change = Change::default();
    for (seq, (id, balance)) in (1..).zip(USERS) {
        change.events.push(samples::event(seq));
        let mut user = samples::user(id, seq);
        user.personal.name = Some(format!("{} Jones", id.to_uppercase()));
        user.personal.email = Some(format!("us-{id}@example.com"));
        change.put(user);
        for (unit, balance) in [("USD", *balance), ("messages", Some(1_000 - seq))] {
            let Some(balance) = balance else { continue };
            let mut account = samples::account(id);
            account.key = AccountKey { unit: unit.to_owned(), ..account.key };
            account.balance = samples::amount(balance);
            account.earned = samples::amount(balance.max(0));
            account.used = samples::amount(balance.max(0) - balance);
            account.expired = samples::amount(0);
            change.put(account);
        }
    }
    let mut partner = samples::user("partner", 99);
    partner.number = 0;
    change.put(partner);
    change.put(samples::account("partner"));
    let users = i64::try_from(USERS.len()).unwrap();
    change.tally(TallyKey::accounts("USD"), users - 3);
    change.tally(TallyKey::accounts("messages"), users);
    change.lane = Some(Lane { users, ..database.lane(tenant_id).await.unwrap() });
    save(database, tenant_id, &change).await;
}

/// A filter, and whom it lets through.
type Case = (UserFilter, fn(usize, &str, i64) -> bool);

fn cases() -> Vec<Case> {
    let all = UserFilter { unit: "USD".to_owned(), ..UserFilter::default() };
    let with = |least| UserFilter { min_balance: Some(samples::amount(least)), ..all.clone() };
    let search = |text: &str| UserFilter { search: Some(text.to_owned()), ..all.clone() };
    let since = UserFilter { created_from: Some(samples::at(4)), ..all.clone() };
    let between = UserFilter { created_to: Some(samples::at(7)), ..since.clone() };
    vec![
        (all.clone(), |_, _, _| true),
        (with(1), |_, _, balance| balance >= 1),
        (with(0), |_, _, balance| balance >= 0),
        (with(-3), |_, _, balance| balance >= -3),
        (with(9), |_, _, balance| balance >= 9),
        (with(99), |_, _, _| false),
        (search("US-"), |_, _, _| true),
        (search("us-g"), |_, id, _| id == "gus"),
        (search("KIM J"), |_, id, _| id == "kim"),
        (search("%"), |_, _, _| false),
        (since, |place, _, _| place >= 4),
        (between, |place, _, _| (4..7).contains(&place)),
        (UserFilter { search: Some("us-".to_owned()), ..with(1) }, |_, _, balance| balance >= 1),
    ]
}

/// Those whom a case lets through: place, id and balance.
fn let_through(allows: fn(usize, &str, i64) -> bool) -> Vec<(usize, &'static str, Option<i64>)> {
    (1..)
        .zip(USERS)
        .map(|(place, (id, balance))| (place, *id, *balance))
        .filter(|(place, id, balance)| allows(*place, id, balance.unwrap_or(0)))
        .collect()
}

/// Reads a whole list in pages of two, forward and backward, and compares both with `expected`.
async fn walk<K: Clone, T>(
    expected: &[&str],
    read: impl AsyncFn(Page<K>) -> Rows<T>,
    of: impl Fn(&T) -> (String, K),
    what: &str,
) {
    let (mut there, mut after) = (Vec::new(), None);
    loop {
        let rows = read(Page { after: after.take(), ..Page::first(2) }).await;
        there.extend(rows.rows.iter().map(|row| of(row).0));
        after = rows.rows.last().map(|row| of(row).1);
        if !rows.has_next {
            break;
        }
    }
    assert_eq!(there, expected, "forward: {what}");
    let (mut back, mut before) = (Vec::new(), None);
    loop {
        let rows = read(Page { before: before.take(), ..Page::last(2) }).await;
        back.splice(0..0, rows.rows.iter().map(|row| of(row).0));
        before = rows.rows.first().map(|row| of(row).1);
        if !rows.has_previous {
            break;
        }
    }
    assert_eq!(back, expected, "backward: {what}");
}

#[tokio::test]
async fn users_are_listed_by_sign_up() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        sign_up(&database, tenant_id).await;
        for (filter, allows) in cases() {
            let mut expected: Vec<&str> =
                let_through(allows).into_iter().map(|(_, id, _)| id).collect();
            let of = |user: &User| (user.id.clone(), user.created);
            for direction in [Direction::OldestFirst, Direction::NewestFirst] {
                let read = async |page: Page<Position>| {
                    database.users_by_sign_up(tenant_id, &filter, direction, page).await.unwrap()
                };
                walk(&expected, read, of, &format!("{direction:?} {filter:?}")).await;
                expected.reverse();
            }
        }
    })
    .await;
}

#[tokio::test]
async fn users_are_ranked_by_what_they_have_and_what_they_earned() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        sign_up(&database, tenant_id).await;
        for (filter, allows) in cases() {
            for ranking in [Ranking::Balance, Ranking::Earned] {
                let mut expected = let_through(allows);
                expected.sort_by_key(|(_, id, balance)| {
                    let amount = match ranking {
                        Ranking::Balance => balance.unwrap_or(0),
                        Ranking::Earned => balance.unwrap_or(0).max(0),
                    };
                    (amount, balance.is_some(), *id)
                });
                let expected: Vec<&str> = expected.into_iter().rev().map(|(_, id, _)| id).collect();
                let of = |(user, at): &(User, Standing)| (user.id.clone(), at.clone());
                let read = async |page| {
                    database.users_by_amount(tenant_id, &filter, ranking, page).await.unwrap()
                };
                walk(&expected, read, of, &format!("{ranking:?} {filter:?}")).await;
            }
        }
        let messages = UserFilter { unit: "messages".to_owned(), ..UserFilter::default() };
        let most =
            database.users_by_amount(tenant_id, &messages, Ranking::Balance, Page::first(1)).await;
        assert_eq!(most.unwrap().rows[0].0.id, "ann");
    })
    .await;
}

#[tokio::test]
async fn nobody_is_looked_through_where_all_have_an_account() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        sign_up(&database, tenant_id).await;
        let dollars = UserFilter { unit: "USD".to_owned(), ..UserFilter::default() };
        let number = async || {
            let page = Page::last(100);
            let rows = database.users_by_amount(tenant_id, &dollars, Ranking::Balance, page).await;
            rows.unwrap().rows.len()
        };
        assert_eq!(number().await, USERS.len());
        // Said to have an account, those who have none are not even looked for.
        let mut change = Change::default();
        change.tally(TallyKey::accounts("USD"), 3);
        save(&database, tenant_id, &change).await;
        assert_eq!(number().await, USERS.len() - 3);
    })
    .await;
}

#[tokio::test]
async fn users_are_counted() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        sign_up(&database, tenant_id).await;
        for (filter, allows) in cases().into_iter().skip(1) {
            let expected = i64::try_from(let_through(allows).len()).unwrap();
            let count = database.count_users(tenant_id, &filter).await.unwrap();
            assert_eq!(count, Count::exact(expected), "{filter:?}");
        }
    })
    .await;
}

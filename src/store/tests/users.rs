//! Lists of users, against the same lists made by hand.

use sea_orm::{ConnectionTrait, QueryOrder, QuerySelect, QueryTrait};

use super::{on_each, on_sqlite, samples, save, tenant};
use crate::domain::records::{
    AccountKey, Event, Lane, Operation, Personal, Position, TallyKey, User,
};
use crate::domain::state::Change;
use crate::store::rows::user_text;
use crate::store::users::Beginning;
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
        user.personal.name =
            Some(format!("The good old friends of the house of {}", id.to_uppercase()));
        user.personal.email = Some(format!("the-{id}@example.com"));
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
    change.lane = Some(Lane { seq: users, users, ..database.lane(tenant_id).await.unwrap() });
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
        (search("THE"), |_, _, _| true),
        (search("the-g"), |_, id, _| id == "gus"),
        (search("g"), |_, id, _| id == "gus"),
        (search("The good old friends of the house of KIM"), |_, id, _| id == "kim"),
        (search("the good old friends"), |_, _, _| true),
        (search("the good old friends of the house of"), |_, _, _| true),
        (search("the good old friends of the house of nobody"), |_, _, _| false),
        (search("%"), |_, _, _| false),
        (UserFilter { search: Some("the".to_owned()), ..between.clone() }, |place, _, _| {
            (4..7).contains(&place)
        }),
        (
            UserFilter {
                search: Some("the good old friends of the house of f".to_owned()),
                ..since.clone()
            },
            |_, id, _| id == "fay",
        ),
        (since, |place, _, _| place >= 4),
        (between, |place, _, _| (4..7).contains(&place)),
        (UserFilter { search: Some("the".to_owned()), ..with(1) }, |_, _, balance| balance >= 1),
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

#[tokio::test]
async fn whoever_is_renamed_or_erased_is_found_by_what_is_left() {
    on_each(async |database| {
        let tenant_id = tenant(&database, "one").await.id;
        sign_up(&database, tenant_id).await;
        let rename = async |seq, operation, name: Option<&str>| {
            let mut change = Change::default();
            let (key, user_id) = (None, Some("kim".to_owned()));
            change.events.push(Event { operation, key, user_id, ..samples::event(seq) });
            let mut user = samples::user("kim", 11);
            user.personal = Personal { name: name.map(str::to_owned), ..Personal::default() };
            change.put(user);
            let seen = database.lane(tenant_id).await.unwrap();
            change.lane = Some(Lane { seq, ..seen });
            save(&database, tenant_id, &change).await;
        };
        let found = async |text: &str| {
            let search = Some(text.to_owned());
            let filter = UserFilter { search, unit: "USD".to_owned(), ..UserFilter::default() };
            let read = database.users_by_sign_up(
                tenant_id,
                &filter,
                Direction::OldestFirst,
                Page::first(9),
            );
            let ids: Vec<String> =
                read.await.unwrap().rows.into_iter().map(|user| user.id).collect();
            ids.join(" ")
        };
        assert_eq!(found("the good old friends of the house of k").await, "kim");
        // Longer than an index could keep, and not to be made shorter.
        let long: String =
            (0..1_024).map(|n| char::from_u32(0x4E00 + n * 7919 % 20_000).unwrap()).collect();
        rename(13, Operation::UpdateUser, Some(&long)).await;
        assert_eq!(found("the good old friends of the house of k").await, "");
        let first: String = long.chars().take(300).collect();
        assert_eq!(
            (found(&first).await, found(&format!("{first}!")).await),
            ("kim".into(), String::new())
        );
        rename(14, Operation::EraseUser, None).await;
        assert_eq!((found(&first).await, found("kim").await), (String::new(), "kim".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn each_length_of_a_beginning_is_read_in_order_from_its_own_index() {
    let sqlite = on_sqlite().await;
    let database = &sqlite.database;
    database.migrate().await.unwrap();
    for length in 1..=34 {
        let beginning = Beginning::of(&"x".repeat(length)).unwrap();
        let query = beginning.in_order(1).order_by_desc(user_text::Column::Seq);
        let query = query.order_by_desc(user_text::Column::N).limit(63).into_query();
        let mut statement = database.reader.get_database_backend().build(&query);
        statement.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
        let steps = database.reader.query_all_raw(statement).await.unwrap();
        let steps: Vec<String> =
            steps.iter().map(|step| step.try_get("", "detail").unwrap()).collect();
        let index = format!("SEARCH user_texts USING INDEX user_texts_{} (", length.min(32));
        assert!(steps.len() == 1 && steps[0].starts_with(&index), "{length}: {steps:?}");
    }
}

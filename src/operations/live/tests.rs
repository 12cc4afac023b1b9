//! The hub and its pollers, on a SQLite file of each test's own.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{Stream, StreamExt};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::audience::{Audience, Subject, end_of};
use super::{Hub, accounts, notices};
use crate::domain::amount::Amount;
use crate::domain::caller::{Caller, Role, TenantRef};
use crate::domain::records::{Account, AccountKey, Lane, Notice, Position, User};
use crate::domain::refusal::Code;
use crate::domain::state::Change;
use crate::domain::time::Time;
use crate::operations::clock::Clock;
use crate::operations::{Call, Operations};
use crate::rules::files::ProgramFiles;
use crate::store::{Database, LedgerKey, NewTenant, Options, ProgramVersion};

fn now() -> Time {
    Time::from_timestamp_micros(1_763_625_600_000_000).unwrap()
}

fn key(user_id: &str) -> AccountKey {
    AccountKey { user_id: user_id.to_owned(), unit: "USD".to_owned() }
}

fn account(user_id: &str, balance: i64) -> Account {
    let amount = Amount::new(balance).unwrap();
    Account { balance: amount, earned: amount, ..Account::empty(key(user_id)) }
}

fn notice(user_id: &str, seq: i64, n: i32) -> Notice {
    Notice {
        id: Uuid::new_v4(),
        position: Position { seq, n },
        user_id: user_id.to_owned(),
        about_id: None,
        kind: "news".to_owned(),
        message: format!("{seq}.{n}"),
        read: false,
        created_at: now(),
    }
}

/// A server with one tenant.
struct Shop {
    operations: Arc<Operations>,
    tenant: TenantRef,
    _folder: tempfile::TempDir,
}

impl Shop {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("guerdon.db").display());
        let ledger_key = Some(LedgerKey::new("the key of a test"));
        let options = Options { ledger_key, ..Options::default() };
        let database = Database::connect(&url, options).await.unwrap();
        database.migrate().await.unwrap();
        let manifest = "name = \"Plain\"\ncurrency = \"USD\"\ntime_zone = \"UTC\"\n".to_owned();
        let files = [("program.toml".to_owned(), manifest)].into();
        let program = ProgramFiles { name: "plain".to_owned(), files };
        let version = ProgramVersion {
            name: program.name.clone(),
            hash: program.hash(),
            files: program.files.clone(),
            created_at: now(),
        };
        database.publish_program(&version).await.unwrap();
        let tenant = NewTenant {
            slug: "one".to_owned(),
            name: "One".to_owned(),
            currency: None,
            program: version.name,
            program_hash: version.hash,
            jwt_secret: "secret".to_owned(),
            created_at: now(),
        };
        let id = database.create_tenant(tenant).await.unwrap().id;
        let operations = Arc::new(Operations::new(database, Clock::manual(now()), None));
        Self { operations, tenant: TenantRef { id, slug: "one".to_owned() }, _folder: folder }
    }

    /// A call of a back end for this tenant.
    fn call(&self) -> Call {
        let (tenant, role) = (Some(self.tenant.clone()), Role::Service("backend".to_owned()));
        Call::new(self.operations.clone(), Caller { tenant, role }, None, String::new())
    }

    /// Saves a change as a batch would, of which this is the last event.
    async fn save(&self, seq: i64, mut change: Change) {
        let lane = self.operations.database.begin_write(self.tenant.id).await.unwrap();
        let row = Lane { seq, ..lane.lane().clone() };
        change.lane = Some(row);
        lane.save(&change).await.unwrap();
        lane.commit().await.unwrap();
    }

    /// Signs users up, each in an event of its own.
    async fn register(&self, ids: impl IntoIterator<Item = String>) -> i64 {
        let mut seq = 0;
        for id in ids {
            seq += 1;
            let user = User::new(&id, Position { seq, n: 0 }, now());
            let mut change = Change::default();
            change.put(user);
            self.save(seq, change).await;
        }
        seq
    }

    async fn put(&self, seq: i64, accounts: impl IntoIterator<Item = Account>) {
        let mut change = Change::default();
        accounts.into_iter().for_each(|account| change.put(account));
        self.save(seq, change).await;
    }

    async fn watch(&self, user_id: &str) -> Pin<Box<dyn Stream<Item = Account> + Send>> {
        accounts(&self.call(), Some(user_id), None).await.unwrap().boxed()
    }

    /// Waits until so many tasks ask the database.
    async fn until_tasks(&self, count: usize) {
        for _ in 0..100 {
            if self.operations.hub.tasks() == count {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("{} tasks, not {count}", self.operations.hub.tasks());
    }
}

async fn next<T>(stream: &mut (impl Stream<Item = T> + Unpin)) -> T {
    timeout(Duration::from_secs(1), stream.next()).await.expect("within a second").unwrap()
}

async fn is_quiet<T>(stream: &mut (impl Stream<Item = T> + Unpin)) -> bool {
    timeout(Duration::from_millis(700), stream.next()).await.is_err()
}

#[test]
fn a_tenant_has_one_audience_while_anybody_watches() {
    let hub = Hub::default();
    let join = |tenant_id, user: &str| {
        let subject = Subject::Account(key(user));
        hub.join(tenant_id, subject, |watchers| watchers.watch_account(&key(user))).unwrap().1
    };
    let seats: Vec<_> = (0..20).map(|n| join(1, &format!("user-{}", n % 7))).collect();
    assert_eq!(seats.iter().filter(|seat| seat.is_first).count(), 1);
    assert!(join(2, "ann").is_first);
    assert_eq!(hub.watched_tenants(), 1, "nobody watches the second any more");
    let audience = Arc::clone(&seats[0].audience);
    assert_eq!(audience.watchers().accounts(), 7);
    drop(seats);
    assert_eq!(hub.watched_tenants(), 0);
    assert!(audience.over.is_cancelled());
    assert!(join(1, "ann").is_first);
}

#[tokio::test]
async fn who_comes_during_a_round_is_shown_nothing_of_it() {
    let audience = Audience::default();
    let mut early = audience.watchers().watch_account(&key("ann"));
    let (first, due) = audience.watchers().begin(now());
    assert_eq!(due, [key("ann")]);
    let mut late = audience.watchers().watch_account(&key("ann"));
    audience.watchers().show(first, vec![account("ann", 1)]);
    assert_eq!(early.next().await, Some(account("ann", 1)));
    let (second, due) = audience.watchers().begin(now());
    assert_eq!(due, [key("ann")], "the newcomer waits for it");
    audience.watchers().show(second, vec![account("ann", 2)]);
    assert_eq!(late.next().await, Some(account("ann", 2)));
    assert_eq!(early.next().await, Some(account("ann", 2)));
    let (third, due) = audience.watchers().begin(now());
    assert!(due.is_empty());
    // The same again is nothing new, and of several the last is enough.
    for balance in [2, 3, 4] {
        audience.watchers().show(third, vec![account("ann", balance)]);
    }
    assert_eq!(early.next().await, Some(account("ann", 4)));
    assert!(timeout(Duration::from_millis(20), early.next()).await.is_err());
    audience.watchers().clear();
    assert_eq!(early.next().await, None);
}

#[test]
fn an_account_is_read_again_when_the_clock_changes_it() {
    let audience = Audience::default();
    let _view = audience.watchers().watch_account(&key("ann"));
    let (round, _) = audience.watchers().begin(now());
    let due = now() + chrono::TimeDelta::hours(1);
    let ann = Account { next_due_at: Some(due), ..account("ann", 1) };
    audience.watchers().show(round, vec![ann]);
    let before = due - chrono::TimeDelta::microseconds(1);
    assert!(audience.watchers().begin(before).1.is_empty());
    assert_eq!(audience.watchers().begin(due).1, [key("ann")]);
}

#[test]
fn notices_are_handed_on_from_where_it_was_left() {
    let audience = Audience::default();
    assert_eq!(audience.watchers().untold(7), None, "nobody is there");
    let view = audience.watchers().watch_notices("ann", end_of(7));
    assert!(!view.missed);
    assert_eq!(audience.watchers().untold(7), None);
    assert_eq!(audience.watchers().untold(9), Some(end_of(7)));
    audience.watchers().tell(vec![notice("ann", 8, 0), notice("bob", 9, 0)], end_of(9));
    assert_eq!(audience.watchers().untold(9), None);
    assert!(audience.watchers().watch_notices("ann", end_of(8)).missed);
    assert!(!audience.watchers().watch_notices("ann", end_of(9)).missed);
    assert_eq!(view.coming.len(), 1, "bob's is not for ann");
}

#[tokio::test]
async fn twenty_watchers_are_served_by_one_task() {
    let shop = Shop::open().await;
    let users: Vec<String> = (0..20).map(|n| format!("user-{n}")).collect();
    let seq = shop.register(users.clone()).await;
    let mut watching = Vec::new();
    for user in &users {
        watching.push(shop.watch(user).await);
    }
    shop.until_tasks(1).await;
    for (user, stream) in users.iter().zip(&mut watching) {
        assert_eq!(next(stream).await, account(user, 0));
    }
    shop.put(seq + 1, users[..3].iter().map(|user| account(user, 5))).await;
    for (n, stream) in watching.iter_mut().enumerate().take(4) {
        if n < 3 {
            assert_eq!(next(stream).await, account(&users[n], 5));
        } else {
            assert!(is_quiet(stream).await);
        }
    }
    // More change than are watched.
    watching.truncate(2);
    shop.put(seq + 2, users.iter().map(|user| account(user, 6))).await;
    assert_eq!(next(&mut watching[1]).await, account(&users[1], 6));
    shop.until_tasks(1).await;
    drop(watching);
    shop.until_tasks(0).await;
    let mut again = shop.watch("user-7").await;
    assert_eq!(next(&mut again).await, account("user-7", 6));
    shop.until_tasks(1).await;
}

#[tokio::test]
async fn who_reads_slowly_gets_every_notice_once_in_order() {
    let shop = Shop::open().await;
    let seq = shop.register(["ann".to_owned()]).await;
    let mut slow = notices(&shop.call(), Some("ann")).await.unwrap().boxed();
    let mut expected = Vec::new();
    for event in 1..=40 {
        let mut change = Change::default();
        for n in 0..3 {
            let notice = notice("ann", seq + event, n);
            expected.push(notice.message.clone());
            change.put(notice);
        }
        shop.save(seq + event, change).await;
        if event % 15 == 0 {
            sleep(Duration::from_millis(300)).await;
        }
    }
    let mut seen = Vec::new();
    for _ in 0..expected.len() {
        seen.push(next(&mut slow).await.message);
    }
    assert_eq!(seen, expected);
    assert!(is_quiet(&mut slow).await);
}

#[tokio::test]
async fn a_database_that_fails_is_asked_again() {
    let shop = Shop::open().await;
    let seq = shop.register(["ann".to_owned()]).await;
    let mut stream = shop.watch("ann").await;
    assert_eq!(next(&mut stream).await, account("ann", 0));
    let hidden = TenantRef { id: shop.tenant.id + 1, slug: "two".to_owned() };
    let caller = Caller { tenant: Some(hidden.clone()), role: Role::Operator };
    let other = Call::new(shop.operations.clone(), caller, None, String::new());
    // A tenant that is not there: every round fails, and nobody else notices.
    let subject = Subject::Account(key("bob"));
    let watch = |watchers: &mut super::audience::Watchers| watchers.watch_account(&key("bob"));
    let (mut view, _seat) = super::poller::join(&other, subject, watch).unwrap();
    assert!(timeout(Duration::from_millis(800), view.next()).await.is_err());
    shop.put(seq + 1, [account("ann", 1)]).await;
    assert_eq!(next(&mut stream).await, account("ann", 1));
    let tenant = NewTenant {
        slug: hidden.slug,
        name: "Two".to_owned(),
        currency: None,
        program: "plain".to_owned(),
        program_hash: "none".to_owned(),
        jwt_secret: "secret".to_owned(),
        created_at: now(),
    };
    assert_eq!(shop.operations.database.create_tenant(tenant).await.unwrap().id, hidden.id);
    let shown = timeout(Duration::from_secs(3), view.next()).await.unwrap();
    assert_eq!(shown, Some(account("bob", 0)));
}

#[tokio::test]
async fn when_the_server_ends_so_does_what_is_watched() {
    let shop = Shop::open().await;
    shop.register(["ann".to_owned()]).await;
    let mut stream = shop.watch("ann").await;
    let mut of_notices = notices(&shop.call(), Some("ann")).await.unwrap().boxed();
    next(&mut stream).await;
    shop.operations.hub.close().await;
    assert_eq!((stream.next().await, of_notices.next().await), (None, None));
    assert_eq!(shop.operations.hub.tasks(), 0);
    let refused = accounts(&shop.call(), Some("ann"), None).await.err().unwrap();
    assert_eq!(refused.code, Code::Overloaded);
}

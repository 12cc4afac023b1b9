//! One tenant's audience on this server: who watches which account, and whose notices.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::domain::records::{Account, AccountKey, Notice, Position};
use crate::domain::time::Time;

/// How many notices wait for a watcher. Who is further behind reads them from the database.
const WAITING: usize = 16;

/// One tenant's audience on this server.
#[derive(Debug, Default)]
pub(super) struct Audience {
    watchers: Mutex<Watchers>,
    /// Told when somebody came, who need not wait for the next round.
    pub arrived: Notify,
    /// Cancelled when nobody watches any more.
    pub over: CancellationToken,
}

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// An account.
    Account(AccountKey),
    /// The notices of a user, by id.
    Notices(String),
}

/// The watchers of a tenant, and how far they were told.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    /// The number of the last round of questions that was begun.
    round: u64,
    accounts: HashMap<AccountKey, Watched<watch::Sender<Option<Reading>>>>,
    notices: HashMap<String, Watched<broadcast::Sender<Notice>>>,
    /// Notices up to here were handed on; `None` before the first round.
    told: Option<Position>,
}

/// Something that is watched, and by how many.
#[derive(Debug)]
struct Watched<S> {
    sender: S,
    watchers: usize,
    /// From this round on a reading is new enough for everyone who watches.
    needed: u64,
}

/// An account as it was read.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    account: Account,
    round: u64,
}

/// What the watcher of an account sees: the latest reading, however long nobody looked.
#[derive(Debug)]
pub(super) struct AccountView {
    readings: watch::Receiver<Option<Reading>>,
    /// Readings of earlier rounds may be from before the watcher came.
    from: u64,
    shown: Option<Account>,
}

/// What the watcher of notices sees: those that come, as far as they find room.
#[derive(Debug)]
pub(super) struct NoticeView {
    /// Those that come.
    pub coming: broadcast::Receiver<Notice>,
    /// Were some handed on before the watcher came, that it must see?
    pub missed: bool,
}

impl Audience {
    /// The watchers. Hold them for a moment only.
    pub fn watchers(&self) -> MutexGuard<'_, Watchers> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Watched<S> {
    fn new(sender: S) -> Self {
        Self { sender, watchers: 0, needed: 0 }
    }
}

impl Watched<watch::Sender<Option<Reading>>> {
    /// Is the account to be read, whatever changed in the database?
    fn is_due(&self, now: Time) -> bool {
        match &*self.sender.borrow() {
            Some(reading) if reading.round >= self.needed => {
                reading.account.next_due_at.is_some_and(|due| due <= now)
            }
            _ => true,
        }
    }
}

impl Watchers {
    /// Nobody?
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.notices.is_empty()
    }

    /// Somebody comes to watch an account; the next round reads it.
    pub fn watch_account(&mut self, key: &AccountKey) -> AccountView {
        let from = self.round + 1;
        let watched = self.accounts.entry(key.clone());
        let watched = watched.or_insert_with(|| Watched::new(watch::Sender::new(None)));
        watched.watchers += 1;
        watched.needed = from;
        AccountView { readings: watched.sender.subscribe(), from, shown: None }
    }

    /// Somebody comes to watch a user's notices after a place.
    pub fn watch_notices(&mut self, user_id: &str, after: Position) -> NoticeView {
        let missed = *self.told.get_or_insert(after) > after;
        let watched = self.notices.entry(user_id.to_owned());
        let watched = watched.or_insert_with(|| Watched::new(broadcast::Sender::new(WAITING)));
        watched.watchers += 1;
        NoticeView { coming: watched.sender.subscribe(), missed }
    }

    /// One of those who watch this goes.
    pub fn leave(&mut self, subject: &Subject) {
        match subject {
            Subject::Account(key) => leave(&mut self.accounts, key),
            Subject::Notices(user_id) => leave(&mut self.notices, user_id),
        }
    }

    /// Sends everyone away.
    pub fn clear(&mut self) {
        self.accounts.clear();
        self.notices.clear();
    }

    /// Begins a round: its number, and the accounts that it reads whatever changed, because somebody
    /// came, or because the clock changes them by `now`.
    pub fn begin(&mut self, now: Time) -> (u64, Vec<AccountKey>) {
        self.round += 1;
        let due = self.accounts.iter().filter(|(_, watched)| watched.is_due(now));
        (self.round, due.map(|(key, _)| key.clone()).collect())
    }

    /// How many accounts are watched.
    pub fn accounts(&self) -> usize {
        self.accounts.len()
    }

    /// Of the accounts that changed those that are watched; `None` stands for any.
    pub fn watched(&self, changed: Option<Vec<AccountKey>>) -> Vec<AccountKey> {
        match changed {
            None => self.accounts.keys().cloned().collect(),
            Some(mut keys) => {
                keys.retain(|key| self.accounts.contains_key(key));
                keys
            }
        }
    }

    /// Shows accounts as they were read in a round.
    pub fn show(&mut self, round: u64, accounts: Vec<Account>) {
        for account in accounts {
            if let Some(watched) = self.accounts.get(&account.key) {
                watched.sender.send_replace(Some(Reading { account, round }));
            }
        }
    }

    /// After which place notices are to be handed on, when the lane has come to the event `seq`;
    /// `None` when there is nothing to hand on, or nobody to hand it to.
    pub fn untold(&mut self, seq: i64) -> Option<Position> {
        let end = end_of(seq);
        let told = *self.told.get_or_insert(end);
        if self.notices.is_empty() {
            self.told = Some(told.max(end));
            return None;
        }
        (told < end).then_some(told)
    }

    /// Hands notices on, in their order; all up to `told` are among them.
    pub fn tell(&mut self, notices: Vec<Notice>, told: Position) {
        for notice in notices {
            if let Some(watched) = self.notices.get(&notice.user_id) {
                // It fails when nobody is there any more.
                drop(watched.sender.send(notice));
            }
        }
        self.told = self.told.max(Some(told));
    }
}

/// The place after everything that belongs to an event.
pub(super) const fn end_of(seq: i64) -> Position {
    Position { seq, n: i32::MAX }
}

fn leave<K: std::hash::Hash + Eq, S>(all: &mut HashMap<K, Watched<S>>, key: &K) {
    if let Some(watched) = all.get_mut(key) {
        watched.watchers -= 1;
        if watched.watchers == 0 {
            all.remove(key);
        }
    }
}

impl AccountView {
    /// The account, at once and then whenever it is another than was shown last; `None` when nobody
    /// reads it any more.
    pub async fn next(&mut self) -> Option<Account> {
        loop {
            let reading = self.readings.borrow_and_update().clone();
            let fresh = reading.filter(|reading| reading.round >= self.from);
            let account = fresh.map(|reading| reading.account);
            if account.is_some() && account != self.shown {
                self.shown.clone_from(&account);
                return account;
            }
            self.readings.changed().await.ok()?;
        }
    }
}

//! One command at work: its view of the tenant, the moment, and the ids that it makes.

use std::collections::{BTreeSet, VecDeque};

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::answer::Answer;
use super::command::Command;
use super::program::Program;
use super::records::{Account, AccountKey, Kind, Lot, LotState, Position, Status, TallyKey, User};
use super::refusal::Refusal;
use super::rules::Rules;
use super::state::{Change, Key, State, Stop};
use super::time::{Time, day_of};

/// What is in force for a batch: the rules, the program that they belong to, and the lane's time.
#[derive(Clone, Copy)]
pub struct InForce<'a> {
    /// The rules.
    pub rules: &'a dyn Rules,
    /// The program, with the tenant's settings over its defaults.
    pub program: &'a Program,
    /// The lane's time.
    pub now: Time,
}

/// Something that happened, for rules to react to.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// The event's type: `signup`, `purchase`, ...
    pub event: String,
    /// The caller's id of it, or an id of the command.
    pub id: String,
    /// Whom it happened to.
    pub user_id: String,
    /// When, as the caller says.
    pub at: Time,
    /// What was paid or refunded.
    pub amount: Option<super::amount::Amount>,
    /// The plan that was bought.
    pub plan: Option<String>,
    /// What else the caller says.
    pub data: serde_json::Value,
    /// The purchase that it is about.
    pub purchase_id: Option<String>,
    /// The referral that it is about.
    pub referral_id: Option<Uuid>,
}

/// One command at work. What it writes stays in its own layer until it is accepted.
pub struct Work<'a> {
    /// The command's view of its tenant.
    pub state: State<'a>,
    /// What is in force.
    pub in_force: InForce<'a>,
    /// The command.
    pub command: &'a Command,
    /// The number that its event will have.
    pub seq: i64,
    /// What it answers.
    pub answer: Answer,
    /// What its effects caused and no rule has seen yet.
    pub caused: VecDeque<Occurrence>,
    /// Counters from which places and ids are made.
    pub made: Made,
    /// What was found missing on the way. The command goes on, to find as much as it can in one
    /// round; what it made of it is dropped.
    missing: BTreeSet<Key>,
}

/// How many places, ids, fact sheets and caused events a command has made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Made {
    positions: i32,
    ids: u32,
    sheets: i32,
    /// Events caused by effects, at most 8 in a command.
    pub caused: usize,
}

/// A point to return to when a decision's effects cannot be applied.
pub struct Mark {
    change: Change,
    answer: Answer,
    caused: VecDeque<Occurrence>,
    made: Made,
}

impl<'a> Work<'a> {
    /// Begins a command.
    #[must_use]
    pub fn new(state: State<'a>, in_force: InForce<'a>, command: &'a Command) -> Self {
        let seq = state.lane().seq + 1;
        Self {
            state,
            in_force,
            command,
            seq,
            answer: Answer::default(),
            caused: VecDeque::new(),
            made: Made::default(),
            missing: BTreeSet::new(),
        }
    }

    /// Goes on without what is missing, which is remembered: `None` then.
    pub fn or_missing<T>(&mut self, result: Result<T, Stop>) -> Result<Option<T>, Stop> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(Stop::Missing(keys)) => {
                self.missing.extend(keys);
                Ok(None)
            }
            Err(refused) => Err(refused),
        }
    }

    /// How the work ended: what was missing on the way comes before any other end.
    pub fn ended<T>(&mut self, result: Result<T, Stop>) -> Result<T, Stop> {
        let mut missing = std::mem::take(&mut self.missing);
        match result {
            Err(Stop::Missing(keys)) => missing.extend(keys),
            other if missing.is_empty() => return other,
            _ => {}
        }
        Err(Stop::Missing(missing))
    }

    /// The program in force.
    #[must_use]
    pub const fn program(&self) -> &'a Program {
        self.in_force.program
    }

    /// The lane's time.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.in_force.now
    }

    /// A point to return to.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            change: self.state.change.clone(),
            answer: self.answer.clone(),
            caused: self.caused.clone(),
            made: self.made,
        }
    }

    /// Drops everything since the mark.
    pub fn return_to(&mut self, mark: Mark) {
        self.state.change = mark.change;
        self.answer = mark.answer;
        self.caused = mark.caused;
        self.made = mark.made;
    }

    /// The next place in the ledger's order.
    pub const fn position(&mut self) -> Position {
        let n = self.made.positions;
        self.made.positions += 1;
        Position { seq: self.seq, n }
    }

    /// The number that the next fact sheet of this event will have.
    #[must_use]
    pub const fn next_sheet(&self) -> i32 {
        self.made.sheets
    }

    /// The number of the next fact sheet of this event, which is taken by it.
    pub const fn sheet(&mut self) -> i32 {
        let n = self.made.sheets;
        self.made.sheets += 1;
        n
    }

    /// A new id: a UUIDv7 of the lane's time, its random part derived from the command's seed.
    pub fn id(&mut self) -> Uuid {
        let bytes = self.random("id", self.made.ids);
        self.made.ids += 1;
        let mut random = [0; 10];
        random.copy_from_slice(&bytes[..10]);
        let millis = u64::try_from(self.now().timestamp_millis()).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// 256 bits that only who knows the seed can tell, the same for the same purpose and number.
    #[must_use]
    pub fn random(&self, purpose: &str, number: u32) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.command.seed.as_bytes())
            .chain_update(self.command.id.as_bytes())
            .chain_update(purpose.as_bytes())
            .chain_update(number.to_be_bytes())
            .finalize()
            .into()
    }

    /// The user, or NOT_FOUND.
    pub fn user(&self, user_id: &str) -> Result<User, Stop> {
        (self.state.get::<User>(&user_id.to_owned())?.cloned()).ok_or_else(|| {
            Refusal::not_found(format!("There is no user {user_id:?}; register the user first."))
                .into()
        })
    }

    /// The user, or NOT_FOUND, also of one who was erased.
    pub fn present_user(&self, user_id: &str) -> Result<User, Stop> {
        let user = self.user(user_id)?;
        if user.erased_at.is_some() {
            return Err(Refusal::not_found("This user was erased.").into());
        }
        Ok(user)
    }

    /// Adds to a total of the day on which `at` falls.
    pub fn count_on(&mut self, at: Time, name: &str, by: i64) {
        let day = day_of(at, self.program().time_zone);
        self.state.count(TallyKey::day(day, name), by);
    }

    /// Keeps an account, and counts a new one, unless its user is a partner.
    pub fn put_account(&mut self, account: Account) -> Result<(), Stop> {
        let AccountKey { user_id, unit } = &account.key;
        if self.state.get::<Account>(&account.key)?.is_none()
            && !self.state.get::<User>(user_id)?.is_some_and(User::is_partner)
        {
            self.state.count(TallyKey::accounts(unit), 1);
        }
        self.state.put(account);
        Ok(())
    }

    /// Keeps a lot, and counts it among the rewards that began and that were used up.
    pub fn put_lot(&mut self, lot: Lot) -> Result<(), Stop> {
        let before = self.known_lot(&lot)?;
        let began = i64::from(has_begun(&lot)) - i64::from(before.as_ref().is_some_and(has_begun));
        let redeemed =
            i64::from(is_redeemed(&lot)) - i64::from(before.as_ref().is_some_and(is_redeemed));
        self.count_on(lot.available_from, "rewards_begun", began);
        self.count_on(lot.available_from, "rewards_redeemed", redeemed);
        self.state.put_lot(lot);
        Ok(())
    }

    /// The lot as it was, `None` for one that this command made just now.
    fn known_lot(&self, lot: &Lot) -> Result<Option<Lot>, Stop> {
        if lot.created.seq == self.seq {
            return Ok(self.state.change.tables.lots.get(&lot.id).cloned().flatten());
        }
        Ok(self.state.get::<Lot>(&lot.id)?.cloned())
    }
}

fn has_begun(lot: &Lot) -> bool {
    matches!(lot.kind, Kind::Credit | Kind::Quota) && lot.transaction_id.is_some()
}

fn is_redeemed(lot: &Lot) -> bool {
    has_begun(lot)
        && lot.state == LotState::Booked
        && lot.status_at(lot.available_from) == Status::Redeemed
}

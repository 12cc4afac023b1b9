//! What commands changed, on its way to the store.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Record, Table, Tables};
use crate::domain::amount::{Amount, OutOfBounds};
use crate::domain::records::{AccountKey, Event, Lane, Lot, ReferrerDay, TallyKey};

/// What one command, or a whole batch, changed. Exactly this is saved.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Change {
    /// Records made or changed, each as it is now.
    pub tables: Tables,
    /// The events, in order; their numbers follow one another.
    pub events: Vec<Event>,
    /// What is to be added to running totals.
    pub tallies: BTreeMap<TallyKey, i64>,
    /// What is to be added to referrers' days.
    pub referrer_days: BTreeMap<(NaiveDate, String), ReferrerDay>,
    /// The lane's row as it is now, when it changed.
    pub lane: Option<Lane>,
    /// The lots in `tables`, by account.
    lots_by_account: HashMap<AccountKey, Vec<Uuid>>,
}

impl Change {
    /// Puts a record in, in the place of any earlier state of it.
    pub fn put<R: Record>(&mut self, record: R) {
        R::table_mut(&mut self.tables).insert(record.key(), Some(record));
    }

    /// Puts a lot in, so that its account finds it.
    pub fn put_lot(&mut self, lot: Lot) {
        let of_account = self.lots_by_account.entry(lot.account.clone()).or_default();
        if !of_account.contains(&lot.id) {
            of_account.push(lot.id);
        }
        self.put(lot);
    }

    /// The lots of an account that are in this change.
    #[must_use]
    pub fn lots_of(&self, account: &AccountKey) -> &[Uuid] {
        self.lots_by_account.get(account).map_or(&[], Vec::as_slice)
    }

    /// Adds to a running total.
    pub fn tally(&mut self, key: TallyKey, by: i64) {
        if by != 0 {
            *self.tallies.entry(key).or_default() += by;
        }
    }

    /// Adds to a referrer's day.
    pub fn tally_referrer(
        &mut self,
        day: NaiveDate,
        user_id: &str,
        credited: i64,
        earned: Amount,
    ) -> Result<(), OutOfBounds> {
        let entry = self.referrer_days.entry((day, user_id.to_owned())).or_default();
        entry.credited += credited;
        entry.earned = entry.earned.plus(earned)?;
        Ok(())
    }

    /// Takes in what a later command changed.
    pub fn absorb(&mut self, later: Self) {
        for (account, lots) in later.lots_by_account {
            let known = self.lots_by_account.entry(account).or_default();
            known.extend(lots.into_iter().filter(|id| !known.contains(id)).collect::<Vec<_>>());
        }
        self.tables.absorb(later.tables);
        self.events.extend(later.events);
        for (key, by) in later.tallies {
            *self.tallies.entry(key).or_default() += by;
        }
        for ((day, user_id), gained) in later.referrer_days {
            let entry = self.referrer_days.entry((day, user_id)).or_default();
            entry.credited += gained.credited;
            // Both sums were bounded on the way here; their sum saturates only beyond 2^53.
            entry.earned = entry.earned.plus(gained.earned).unwrap_or(Amount::MAX);
        }
        self.lane = later.lane.or_else(|| self.lane.take());
    }
}

impl Tables {
    /// Takes in later states of records.
    pub fn absorb(&mut self, later: Self) {
        fn lay<R: Record>(under: &mut Table<R>, over: Table<R>) {
            under.extend(over);
        }
        lay(&mut self.users, later.users);
        lay(&mut self.accounts, later.accounts);
        lay(&mut self.lots, later.lots);
        lay(&mut self.transactions, later.transactions);
        lay(&mut self.reversals, later.reversals);
        self.events.extend(later.events);
        lay(&mut self.referrals, later.referrals);
        lay(&mut self.purchases, later.purchases);
        lay(&mut self.codes, later.codes);
        lay(&mut self.clicks, later.clicks);
        lay(&mut self.cap_uses, later.cap_uses);
        lay(&mut self.attempts, later.attempts);
        lay(&mut self.onces, later.onces);
        lay(&mut self.fingerprints, later.fingerprints);
        lay(&mut self.decisions, later.decisions);
        lay(&mut self.fact_sheets, later.fact_sheets);
        lay(&mut self.promos, later.promos);
        lay(&mut self.promo_uses, later.promo_uses);
        lay(&mut self.notices, later.notices);
        self.emissions.extend(later.emissions);
    }
}

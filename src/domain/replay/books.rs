//! The books as they were made again, beside the rows as they are stored.

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::forgotten::Forgotten;
use super::{Replay, told};
use crate::domain::records::{
    Account, CapUse, Code, Decision, Lane, Lot, Notice, Once, Promo, PromoUse, Purchase, Referral,
    ReferrerDay, Reversal, TallyKey, User,
};
use crate::domain::state::Record;

/// A kind of record that the books hold and that changes: compared when all events are told.
pub trait Booked: Record + std::fmt::Debug {
    /// The row's name for people.
    fn row(&self) -> String;

    /// The record as far as its events tell it.
    #[must_use]
    fn plain(self, _forgotten: &Forgotten) -> Self {
        self
    }
}

impl Booked for User {
    fn row(&self) -> String {
        format!("user {}", self.id)
    }

    fn plain(self, forgotten: &Forgotten) -> Self {
        forgotten.plain_user(self)
    }
}

impl Booked for Account {
    fn row(&self) -> String {
        format!("account {} {}", self.key.user_id, self.key.unit)
    }
}

impl Booked for Lot {
    fn row(&self) -> String {
        format!("lot {}", self.id)
    }

    fn plain(self, forgotten: &Forgotten) -> Self {
        forgotten.plain_lot(self)
    }
}

impl Booked for Reversal {
    fn row(&self) -> String {
        format!("reversal of {}", self.of)
    }
}

impl Booked for Referral {
    fn row(&self) -> String {
        format!("referral {}", self.id)
    }
}

impl Booked for Purchase {
    fn row(&self) -> String {
        format!("purchase {}", self.id)
    }
}

impl Booked for Code {
    fn row(&self) -> String {
        format!("code {}", self.shown)
    }
}

impl Booked for CapUse {
    fn row(&self) -> String {
        format!("use of cap {} {} {}", self.key.cap, self.key.subject, self.key.window)
    }
}

impl Booked for Once {
    fn row(&self) -> String {
        format!("once-key {} of user {}", self.key.key, self.key.user_id)
    }
}

impl Booked for Decision {
    fn row(&self) -> String {
        format!("decision {}", self.id)
    }

    fn plain(self, forgotten: &Forgotten) -> Self {
        let retried_by = self.retried_by;
        Self { retried_by, ..told::essence(self, forgotten) }
    }
}

impl Booked for Promo {
    fn row(&self) -> String {
        format!("promotion code {}", self.shown)
    }
}

impl Booked for PromoUse {
    fn row(&self) -> String {
        format!("use of promotion code {} by user {}", self.key.code, self.key.user_id)
    }
}

impl Booked for Notice {
    fn row(&self) -> String {
        format!("notice {}", self.id)
    }

    fn plain(self, forgotten: &Forgotten) -> Self {
        forgotten.plain_notice(self)
    }
}

impl Replay {
    /// Compares a stored row with the one that was told, which is taken out.
    pub fn compare<R: Booked>(&mut self, stored: R) {
        let told = R::table_mut(&mut self.world.slice.tables).remove(&stored.key()).flatten();
        let told = told.map(|told| told.plain(&self.forgotten));
        let stored = stored.plain(&self.forgotten);
        self.differ(|| stored.row(), (told.as_ref(), Some(&stored)));
    }

    /// Names what was told and has no row, once all rows of its kind were compared.
    pub fn end<R: Booked>(&mut self) {
        let left = std::mem::take(R::table_mut(&mut self.world.slice.tables));
        for told in left.into_values().flatten() {
            self.differ(|| told.row(), (Some(&told), None));
        }
    }

    /// Compares a stored total. Visits are no events, so their totals are not told.
    pub fn compare_tally(&mut self, key: &TallyKey, value: i64) {
        let told = self.world.tallies.remove(key).unwrap_or_default();
        if key.name != "clicks" {
            self.differ(|| total(key), (Some(&told), Some(&value)));
        }
    }

    /// Compares a stored version of the settings. Of those that one batch made, only the last is
    /// stored.
    pub fn compare_settings(&mut self, version: i64, stored: &Map<String, Value>) {
        let told = self.settings.remove(&version);
        self.differ(|| format!("settings {version}"), (told.as_ref(), Some(stored)));
    }

    /// Compares a referrer's stored day.
    pub fn compare_referrer_day(&mut self, day: NaiveDate, user_id: &str, stored: &ReferrerDay) {
        let told = self.referrer_days.remove(&(day, user_id.to_owned())).unwrap_or_default();
        self.differ(|| referrer_day(day, user_id), (Some(&told), Some(stored)));
    }

    /// Names the totals that were told and have no row, then compares the tenant's own row.
    pub fn end_with(&mut self, stored: &Lane) {
        for (key, told) in std::mem::take(&mut self.world.tallies) {
            self.differ(|| total(&key), (Some(&told).filter(|told| **told != 0), None));
        }
        for ((day, user_id), told) in std::mem::take(&mut self.referrer_days) {
            let told = Some(&told).filter(|told| **told != ReferrerDay::default());
            self.differ(|| referrer_day(day, &user_id), (told, None));
        }
        let told = self.world.slice.lane.clone();
        self.differ(|| "the tenant's own row".to_owned(), (Some(&told), Some(stored)));
    }
}

fn total(key: &TallyKey) -> String {
    format!("total {} {}", key.scope, key.name)
}

fn referrer_day(day: NaiveDate, user_id: &str) -> String {
    format!("day {day} of referrer {user_id}")
}

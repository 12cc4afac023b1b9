//! The keys of a load, by kind: each kind is one query.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::domain::records::{
    AccountKey, AttemptsKey, CapKey, ClickKey, EventKey, FactSheetKey, FingerprintKey, OnceKey,
    PromoUseKey,
};
use crate::domain::state::Key;

/// The keys, by kind.
#[derive(Debug, Default)]
pub struct Asked {
    pub users: Vec<String>,
    pub accounts: Vec<AccountKey>,
    pub open_lots: Vec<AccountKey>,
    pub lots: Vec<Uuid>,
    pub transactions: Vec<Uuid>,
    pub reversals: Vec<Uuid>,
    pub events: Vec<EventKey>,
    pub referrals: Vec<Uuid>,
    pub purchases: Vec<String>,
    pub codes: Vec<String>,
    pub clicks: Vec<ClickKey>,
    pub cap_uses: Vec<CapKey>,
    pub attempts: Vec<AttemptsKey>,
    pub onces: Vec<OnceKey>,
    pub fingerprints: Vec<FingerprintKey>,
    pub decisions: Vec<Uuid>,
    pub fact_sheets: Vec<FactSheetKey>,
    pub promos: Vec<String>,
    pub promo_uses: Vec<PromoUseKey>,
    pub notices: Vec<Uuid>,
}

impl Asked {
    /// Sorts keys by their kind.
    pub fn sort(keys: &BTreeSet<Key>) -> Self {
        let mut asked = Self::default();
        for key in keys.iter().cloned() {
            asked.add(key);
        }
        asked
    }

    fn add(&mut self, key: Key) {
        match key {
            Key::User(id) => self.users.push(id),
            Key::Account(key) => self.accounts.push(key),
            Key::OpenLots(key) => self.open_lots.push(key),
            Key::Lot(id) => self.lots.push(id),
            Key::Transaction(id) => self.transactions.push(id),
            Key::Reversal(id) => self.reversals.push(id),
            Key::Event(key) => self.events.push(key),
            Key::Referral(id) => self.referrals.push(id),
            Key::Purchase(id) => self.purchases.push(id),
            Key::Code(code) => self.codes.push(code),
            Key::Click(key) => self.clicks.push(key),
            Key::CapUse(key) => self.cap_uses.push(key),
            Key::Attempts(key) => self.attempts.push(key),
            Key::Once(key) => self.onces.push(key),
            Key::Fingerprint(key) => self.fingerprints.push(key),
            Key::Decision(id) => self.decisions.push(id),
            Key::FactSheet(key) => self.fact_sheets.push(key),
            Key::Promo(code) => self.promos.push(code),
            Key::PromoUse(key) => self.promo_uses.push(key),
            Key::Notice(id) => self.notices.push(id),
        }
    }
}

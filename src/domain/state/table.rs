//! Typed maps of records, one for each kind.

use std::collections::HashMap;
use std::hash::Hash;

use uuid::Uuid;

use super::Key;
use crate::domain::records::{
    Account, AccountKey, Attempts, AttemptsKey, CapKey, CapUse, Click, ClickKey, Code, Decision,
    Emission, Event, EventKey, FactSheet, FactSheetKey, Fingerprint, FingerprintKey, Lot, Notice,
    Once, OnceKey, Promo, PromoUse, PromoUseKey, Purchase, Referral, Reversal, Transaction, User,
};

/// Records by key. `None` says: asked for, and absent.
pub type Table<R> = HashMap<<R as Record>::Key, Option<R>>;

/// A record that a slice can hold.
pub trait Record: Clone + PartialEq + Sized {
    /// What names it in its tenant.
    type Key: Clone + Eq + Hash + Ord;

    /// The record's own key.
    fn key(&self) -> Self::Key;
    /// The key by which a slice is asked for it.
    fn ask(key: Self::Key) -> Key;
    /// Its table.
    fn table(tables: &Tables) -> &Table<Self>;
    /// Its table, to write.
    fn table_mut(tables: &mut Tables) -> &mut Table<Self>;
}

/// One table for each kind of record.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "each table is named after its records")]
pub struct Tables {
    pub users: Table<User>,
    pub accounts: Table<Account>,
    pub lots: Table<Lot>,
    pub transactions: Table<Transaction>,
    pub reversals: Table<Reversal>,
    pub events: HashMap<EventKey, Option<Event>>,
    pub referrals: Table<Referral>,
    pub purchases: Table<Purchase>,
    pub codes: Table<Code>,
    pub clicks: Table<Click>,
    pub cap_uses: Table<CapUse>,
    pub attempts: Table<Attempts>,
    pub onces: Table<Once>,
    pub fingerprints: Table<Fingerprint>,
    pub decisions: Table<Decision>,
    pub fact_sheets: Table<FactSheet>,
    pub promos: Table<Promo>,
    pub promo_uses: Table<PromoUse>,
    pub notices: Table<Notice>,
    /// Only ever written: what rules emitted.
    pub emissions: Vec<Emission>,
}

/// Says where a kind of record lives; every line below is one kind.
macro_rules! record {
    ($record:ty, $key:ty, $table:ident, $ask:expr, $own:expr) => {
        impl Record for $record {
            type Key = $key;

            fn key(&self) -> $key {
                let own: fn(&Self) -> $key = $own;
                own(self)
            }

            fn ask(key: $key) -> Key {
                $ask(key)
            }

            fn table(tables: &Tables) -> &Table<Self> {
                &tables.$table
            }

            fn table_mut(tables: &mut Tables) -> &mut Table<Self> {
                &mut tables.$table
            }
        }
    };
}

record!(User, String, users, Key::User, |user| user.id.clone());
record!(Account, AccountKey, accounts, Key::Account, |account| account.key.clone());
record!(Lot, Uuid, lots, Key::Lot, |lot| lot.id);
record!(Transaction, Uuid, transactions, Key::Transaction, |transaction| transaction.id);
record!(Reversal, Uuid, reversals, Key::Reversal, |reversal| reversal.of);
record!(Referral, Uuid, referrals, Key::Referral, |referral| referral.id);
record!(Purchase, String, purchases, Key::Purchase, |purchase| purchase.id.clone());
record!(Code, String, codes, Key::Code, |code| code.matched.clone());
record!(Click, ClickKey, clicks, Key::Click, |click| click.key.clone());
record!(CapUse, CapKey, cap_uses, Key::CapUse, |cap_use| cap_use.key.clone());
record!(Attempts, AttemptsKey, attempts, Key::Attempts, |attempts| attempts.key.clone());
record!(Once, OnceKey, onces, Key::Once, |once| once.key.clone());
record!(Fingerprint, FingerprintKey, fingerprints, Key::Fingerprint, |print| print.key.clone());
record!(Decision, Uuid, decisions, Key::Decision, |decision| decision.id);
record!(FactSheet, FactSheetKey, fact_sheets, Key::FactSheet, |sheet| sheet.key);
record!(Promo, String, promos, Key::Promo, |promo| promo.matched.clone());
record!(PromoUse, PromoUseKey, promo_uses, Key::PromoUse, |promo_use| promo_use.key.clone());
record!(Notice, Uuid, notices, Key::Notice, |notice| notice.id);

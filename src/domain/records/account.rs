//! Accounts: one user's balance in one unit.

use crate::domain::amount::Amount;
use crate::domain::time::Time;

/// Names an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountKey {
    /// The tenant's id of the user.
    pub user_id: String,
    /// The unit.
    pub unit: String,
}

/// One user's balance in one unit. Always true:
/// balance = Σ transactions = Σ remaining of booked lots − debt = earned − used − expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose, in which unit.
    pub key: AccountKey,
    /// The booked balance; negative while something is owed.
    pub balance: Amount,
    /// Granted, but on hold.
    pub pending: Amount,
    /// Everything ever added; falls only by what a reversal took.
    pub earned: Amount,
    /// Everything ever spent, less what was given back.
    pub used: Amount,
    /// Everything that expired.
    pub expired: Amount,
    /// What is owed.
    pub debt: Amount,
    /// The earliest coming maturity or expiry of an open lot.
    pub next_due_at: Option<Time>,
}

impl Account {
    /// An account of zero.
    #[must_use]
    pub const fn empty(key: AccountKey) -> Self {
        Self {
            key,
            balance: Amount::ZERO,
            pending: Amount::ZERO,
            earned: Amount::ZERO,
            used: Amount::ZERO,
            expired: Amount::ZERO,
            debt: Amount::ZERO,
            next_due_at: None,
        }
    }
}

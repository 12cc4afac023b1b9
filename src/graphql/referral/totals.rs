//! How many referrals there are.

use async_graphql::SimpleObject;

use crate::graphql::scalars::{Amount, int};
use crate::operations::referrals;

/// How many referrals there are, of all time.
#[derive(SimpleObject)]
pub struct ReferralTotals {
    /// Whatever their status.
    all: i32,
    /// Those that are PENDING.
    pending: i32,
    /// Those that are HELD.
    held: i32,
    /// Those that are PAYING.
    paying: i32,
    /// Those that are CREDITED.
    credited: i32,
    /// Those that are FAILED.
    failed: i32,
    /// Those that are REJECTED.
    rejected: i32,
    /// Those that are REVERSED.
    reversed: i32,
    /// What referrers earned from them.
    bonus_earned: Amount,
}

impl From<referrals::Totals> for ReferralTotals {
    fn from(totals: referrals::Totals) -> Self {
        let [pending, held, paying, credited, failed, rejected, reversed] = totals.by_status;
        Self {
            all: int(totals.all),
            pending: int(pending),
            held: int(held),
            paying: int(paying),
            credited: int(credited),
            failed: int(failed),
            rejected: int(rejected),
            reversed: int(reversed),
            bonus_earned: Amount(totals.bonus_earned),
        }
    }
}

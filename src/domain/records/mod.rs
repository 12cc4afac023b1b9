//! The records that the lane keeps, one noun a file. A record is a row as the domain sees it,
//! without its tenant: a slice belongs to one tenant.

mod account;
mod attempts;
mod code;
mod counting;
mod decision;
mod event;
mod lane;
mod lot;
mod notice;
mod promo;
mod purchase;
mod referral;
mod transaction;
mod user;

pub use account::{Account, AccountKey};
pub use attempts::{Attempts, AttemptsKey};
pub use code::{Click, ClickKey, Code};
pub use counting::{
    CapKey, CapUse, Fingerprint, FingerprintKey, Once, OnceKey, ReferrerDay, TallyKey,
};
pub use decision::{Decision, FactSheet, FactSheetKey, Outcome};
pub use event::{Event, EventKey, Operation};
pub use lane::Lane;
pub use lot::{Kind, Lot, LotState, Review, Status};
pub use notice::{Emission, Notice};
pub use promo::{Promo, PromoUse, PromoUseKey};
pub use purchase::Purchase;
pub use referral::{Hold, Referral, ReferralStatus};
pub use transaction::{Reversal, Transaction, Use, UseKind};
pub use user::{Personal, User, mailbox};

use serde::{Deserialize, Serialize};

/// A place in the ledger's order: the event's number in its tenant, then the entry's in its event.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Position {
    /// The event's number in its tenant, from 1, without gaps.
    pub seq: i64,
    /// The entry's number in its event, from 0.
    pub n: i32,
}

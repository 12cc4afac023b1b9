//! What a slice can be asked for.

use uuid::Uuid;

use crate::domain::records::{
    AccountKey, AttemptsKey, CapKey, ClickKey, EventKey, FactSheetKey, FingerprintKey, OnceKey,
    PromoUseKey,
};

/// One thing that `apply` may have to know. A key that was asked for and not found is absent;
/// a key that was never asked for is unknown, and reading it asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A user, by the tenant's id.
    User(String),
    /// An account, without its lots.
    Account(AccountKey),
    /// All open lots of an account (held or booked, with something left).
    OpenLots(AccountKey),
    /// A lot, open or not.
    Lot(Uuid),
    /// A transaction with its uses.
    Transaction(Uuid),
    /// Whether a transaction was undone.
    Reversal(Uuid),
    /// An event, by what the caller gave.
    Event(EventKey),
    /// A referral.
    Referral(Uuid),
    /// A purchase, by the payment's own id.
    Purchase(String),
    /// A referral code, as it is compared.
    Code(String),
    /// A visit.
    Click(ClickKey),
    /// The use of a cap.
    CapUse(CapKey),
    /// How often something was attempted lately.
    Attempts(AttemptsKey),
    /// A once-key of a user.
    Once(OnceKey),
    /// The users seen with a fingerprint.
    Fingerprint(FingerprintKey),
    /// A decision.
    Decision(Uuid),
    /// A fact sheet.
    FactSheet(FactSheetKey),
    /// A promotion code, as it is compared.
    Promo(String),
    /// A user's use of a promotion code.
    PromoUse(PromoUseKey),
    /// A notice.
    Notice(Uuid),
}

//! Transactions: the entries of the ledger. Never updated, never deleted.

use uuid::Uuid;

use super::{AccountKey, Position};
use crate::domain::amount::Amount;
use crate::domain::time::Time;

/// An entry of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Transaction {
    /// Its id.
    pub id: Uuid,
    /// Its place in the ledger's order.
    pub position: Position,
    /// Whose, in which unit.
    pub account: AccountKey,
    /// Positive when earned, negative when used, expired or taken back.
    pub amount: Amount,
    /// The account's balance after it.
    pub balance_after: Amount,
    /// Where it came from.
    pub source: String,
    /// The lot that it booked.
    pub lot_id: Option<Uuid>,
    /// The transaction that it undoes.
    pub reverses: Option<Uuid>,
    /// Of a reversal: what could not be taken because it was spent already.
    pub forgiven: Option<Amount>,
    /// The decision that made it.
    pub decision_id: Option<Uuid>,
    /// An id of the caller's world.
    pub reference_id: Option<String>,
    /// A text for people.
    pub description: Option<String>,
    /// Who gave it by hand.
    pub granted_by: Option<String>,
    /// The caller's space.
    pub space_id: Option<String>,
    /// When what it granted ends.
    pub expires_at: Option<Time>,
    /// When it took effect.
    pub effective_at: Time,
    /// When it was booked.
    pub created_at: Time,
    /// Its touches of lots, in order.
    pub uses: Vec<Use>,
}

/// A transaction's touch of a lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The lot.
    pub lot_id: Uuid,
    /// What it added to the lot's remaining amount; negative when it drew.
    pub amount: Amount,
    /// What kind of touch.
    pub kind: UseKind,
}

/// What a touch of a lot was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UseKind {
    /// A spend drew from it.
    Spend,
    /// Its time ended.
    Expiry,
    /// A reversal took from it.
    Reversal,
    /// A reversed spend gave back to it.
    Return,
    /// It paid what was owed.
    Debt,
}

/// That a spend was undone; it can be undone once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversal {
    /// The transaction that was undone.
    pub of: Uuid,
    /// The transaction that undid it.
    pub by: Uuid,
}

//! Booking an entry: the transaction, the account's balance and the running totals together.

use uuid::Uuid;

use crate::domain::amount::Amount;
use crate::domain::records::{Account, Lot, TallyKey, Transaction, Use, UseKind};
use crate::domain::state::Stop;
use crate::domain::time::Time;
use crate::domain::work::Work;

/// An entry to be booked, apart from what the account and the moment give.
pub(super) struct Entry {
    pub amount: Amount,
    pub source: String,
    pub effective_at: Time,
    pub lot_id: Option<Uuid>,
    pub reverses: Option<Uuid>,
    pub forgiven: Option<Amount>,
    pub decision_id: Option<Uuid>,
    pub reference_id: Option<String>,
    pub description: Option<String>,
    pub granted_by: Option<String>,
    pub space_id: Option<String>,
    pub expires_at: Option<Time>,
    pub uses: Vec<Use>,
}

impl Entry {
    /// An entry of `amount` that takes effect at `effective_at`.
    pub fn new(amount: Amount, source: &str, effective_at: Time) -> Self {
        Self {
            amount,
            source: source.to_owned(),
            effective_at,
            lot_id: None,
            reverses: None,
            forgiven: None,
            decision_id: None,
            reference_id: None,
            description: None,
            granted_by: None,
            space_id: None,
            expires_at: None,
            uses: Vec::new(),
        }
    }
}

/// What an entry changes beside the balance.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    /// It was earned (or, negative, a grant was taken back).
    Earned,
    /// It was used (or, positive, a spend was given back).
    Used,
    /// It expired.
    Expired,
}

impl Side {
    const fn total(self) -> &'static str {
        match self {
            Self::Earned => "issued",
            Self::Used => "used",
            Self::Expired => "expired",
        }
    }
}

/// Books an entry: the account's balance and totals move with it, and the account is kept.
/// Gives the transaction's id.
pub(super) fn post(
    work: &mut Work<'_>,
    account: &mut Account,
    side: Side,
    entry: Entry,
) -> Result<Uuid, Stop> {
    let amount = entry.amount;
    account.balance = account.balance.plus(amount)?;
    match side {
        Side::Earned => account.earned = account.earned.plus(amount)?,
        Side::Used => account.used = account.used.minus(amount)?,
        Side::Expired => account.expired = account.expired.minus(amount)?,
    }
    count(work, account, side, &entry);
    let transaction = Transaction {
        id: work.id(),
        position: work.position(),
        account: account.key.clone(),
        amount,
        balance_after: account.balance,
        source: entry.source,
        lot_id: entry.lot_id,
        reverses: entry.reverses,
        forgiven: entry.forgiven,
        decision_id: entry.decision_id,
        reference_id: entry.reference_id,
        description: entry.description,
        granted_by: entry.granted_by,
        space_id: entry.space_id,
        expires_at: entry.expires_at,
        effective_at: entry.effective_at,
        created_at: work.now(),
        uses: entry.uses,
    };
    let id = transaction.id;
    work.state.put(transaction);
    work.put_account(account.clone())?;
    Ok(id)
}

fn count(work: &mut Work<'_>, account: &Account, side: Side, entry: &Entry) {
    let user_id = &account.key.user_id;
    work.state.count(TallyKey::tenant("transactions"), 1);
    work.state.count(TallyKey::user(user_id, "transactions"), 1);
    work.state.count(TallyKey::user(user_id, format!("transactions:{}", entry.source)), 1);
    if account.key.unit == work.program().unit {
        let amount = entry.amount.get();
        let moved = if matches!(side, Side::Earned) { amount } else { -amount };
        work.count_on(entry.effective_at, side.total(), moved);
        work.state.count(TallyKey::tenant("outstanding"), amount);
    }
}

/// Lets a lot pay what its account owes; gives the use, if there was anything to pay.
pub(super) fn pay_debt(account: &mut Account, lot: &mut Lot) -> Result<Option<Use>, Stop> {
    let paid = account.debt.min(lot.remaining);
    if !paid.is_positive() {
        return Ok(None);
    }
    account.debt = account.debt.minus(paid)?;
    lot.remaining = lot.remaining.minus(paid)?;
    lot.spent = lot.spent.plus(paid)?;
    Ok(Some(Use { lot_id: lot.id, amount: paid.negated(), kind: UseKind::Debt }))
}

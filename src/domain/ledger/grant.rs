//! Granting: a lot, and the transaction that books it, at once or when its hold ends.

use uuid::Uuid;

use crate::domain::amount::Amount;
use crate::domain::effect::OnRefund;
use crate::domain::records::{Account, AccountKey, CapKey, Kind, Lot, LotState};
use crate::domain::refusal::Refusal;
use crate::domain::state::Stop;
use crate::domain::time::Time;
use crate::domain::work::Work;

use super::book::book;
use super::settle::settle;

/// A lot to be made. Times are the lane's; `available_from` later than now is a hold.
#[expect(missing_docs, reason = "each field is the lot's field with the same name")]
pub struct NewLot {
    pub account: AccountKey,
    pub kind: Kind,
    pub amount: Amount,
    pub source: String,
    pub priority: i32,
    pub available_from: Time,
    pub expires_at: Option<Time>,
    pub on_refund: OnRefund,
    pub purchase_id: Option<String>,
    pub referral_id: Option<Uuid>,
    pub decision_id: Option<Uuid>,
    pub cap: Option<(CapKey, i64)>,
    pub description: Option<String>,
    pub reference_id: Option<String>,
    pub space_id: Option<String>,
    pub granted_by: Option<String>,
}

impl NewLot {
    /// A lot of `amount` in `account`, available from `now` on, without an end.
    #[must_use]
    pub fn new(account: AccountKey, kind: Kind, amount: Amount, now: Time) -> Self {
        Self {
            account,
            kind,
            amount,
            source: String::new(),
            priority: 50,
            available_from: now,
            expires_at: None,
            on_refund: OnRefund::default(),
            purchase_id: None,
            referral_id: None,
            decision_id: None,
            cap: None,
            description: None,
            reference_id: None,
            space_id: None,
            granted_by: None,
        }
    }

    fn into_lot(self, work: &mut Work<'_>, state: LotState) -> Lot {
        Lot {
            id: work.id(),
            account: self.account,
            kind: self.kind,
            state,
            amount: self.amount,
            remaining: self.amount,
            spent: Amount::ZERO,
            expired: Amount::ZERO,
            reversed: Amount::ZERO,
            forgiven: Amount::ZERO,
            owed: Amount::ZERO,
            demanded: Amount::ZERO,
            on_refund: self.on_refund,
            source: self.source,
            priority: self.priority,
            created: work.position(),
            created_at: work.now(),
            available_from: self.available_from,
            expires_at: self.expires_at,
            transaction_id: None,
            purchase_id: self.purchase_id,
            referral_id: self.referral_id,
            decision_id: self.decision_id,
            cap: self.cap,
            description: self.description,
            reference_id: self.reference_id,
            space_id: self.space_id,
            granted_by: self.granted_by,
            failure: None,
            review: None,
        }
    }
}

/// Makes a lot. One that is available now is booked; one on hold counts as pending; a feature has no
/// account. Gives the lot's id. A lot that would end before it begins is refused.
pub fn grant(work: &mut Work<'_>, new: NewLot) -> Result<Uuid, Stop> {
    if new.expires_at.is_some_and(|end| end <= new.available_from.max(work.now())) {
        return Err(Refusal::bad_input(
            "A grant must end after it becomes available, and in the future: move its end.",
        )
        .into());
    }
    if !matches!(new.kind, Kind::Credit | Kind::Quota) {
        let lot = new.into_lot(work, LotState::Booked);
        let id = lot.id;
        work.put_lot(Lot { remaining: Amount::ZERO, ..lot })?;
        return Ok(id);
    }
    let mut account = settle(work, &new.account)?;
    // All that is ever earned stays within the bounds, holds that will mature included: so neither a
    // maturity nor a reversed spend can fail later.
    account.earned.plus(account.pending)?.plus(new.amount)?;
    let held = new.available_from > work.now();
    let lot = new.into_lot(work, if held { LotState::Held } else { LotState::Booked });
    let id = lot.id;
    if held {
        account.pending = account.pending.plus(lot.amount)?;
        note_due(&mut account, &lot);
        work.put_account(account)?;
        work.put_lot(lot)?;
    } else {
        // A lot that what is owed takes whole never changes by the clock.
        if account.debt < lot.amount {
            note_due(&mut account, &lot);
        }
        let now = work.now();
        book(work, &mut account, lot, now)?;
    }
    Ok(id)
}

/// Keeps a payment outside that could not be made, with why.
pub fn fail_outside(work: &mut Work<'_>, new: NewLot, failure: &str) -> Result<Uuid, Stop> {
    let lot = new.into_lot(work, LotState::Failed);
    let id = lot.id;
    work.put_lot(Lot { failure: Some(failure.to_owned()), ..lot })?;
    Ok(id)
}

fn note_due(account: &mut Account, lot: &Lot) {
    account.next_due_at = [account.next_due_at, lot.due_at()].into_iter().flatten().min();
}

//! Booking: the transaction of a lot, at once or when its hold ends.

use crate::domain::records::{Account, Lot, LotState, Use, UseKind};
use crate::domain::state::Stop;
use crate::domain::time::Time;
use crate::domain::work::Work;

use super::post::{Entry, Side, pay_debt, post};

/// Books a lot with effect from `at`; what the account owes is paid first. What was taken from the
/// lot during its hold stands on the same entry.
pub(super) fn book(
    work: &mut Work<'_>,
    account: &mut Account,
    mut lot: Lot,
    at: Time,
) -> Result<(), Stop> {
    lot.state = LotState::Booked;
    let amount = lot.remaining;
    let mut uses = Vec::new();
    if lot.reversed.is_positive() {
        uses.push(Use { lot_id: lot.id, amount: lot.reversed.negated(), kind: UseKind::Reversal });
    }
    uses.extend(pay_debt(account, &mut lot)?);
    let entry = Entry {
        lot_id: Some(lot.id),
        decision_id: lot.decision_id,
        reference_id: lot.reference_id.clone(),
        description: lot.description.clone(),
        granted_by: lot.granted_by.clone(),
        space_id: lot.space_id.clone(),
        expires_at: lot.expires_at,
        uses,
        ..Entry::new(amount, &lot.source, at)
    };
    lot.transaction_id = Some(post(work, account, Side::Earned, entry)?);
    work.put_lot(lot)
}

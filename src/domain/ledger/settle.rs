//! Settling: booking what became due by the clock, in the order of the instants.

use uuid::Uuid;

use crate::domain::amount::Amount;
use crate::domain::records::{Account, AccountKey, Lot, LotState, Position, Use, UseKind};
use crate::domain::state::Stop;
use crate::domain::time::Time;
use crate::domain::work::Work;

use super::book::book;
use super::post::{Entry, Side, post};

/// What the clock does to a lot. At one instant expiry comes before maturity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Expiry,
    Maturity,
}

/// Books everything that is due in an account by now; gives the account as it then stands.
/// An account that nobody has touched is an account of zero.
pub fn settle(work: &mut Work<'_>, key: &AccountKey) -> Result<Account, Stop> {
    let account =
        work.state.get::<Account>(key)?.cloned().unwrap_or_else(|| Account::empty(key.clone()));
    if account.next_due_at.is_none_or(|due| due > work.now()) {
        return Ok(account);
    }
    let mut account = account;
    for (at, due, _, lot) in due_lots(work, key)? {
        // Read again: paying a debt may have emptied it since.
        let lot = work.state.get::<Lot>(&lot.id)?.cloned().unwrap_or(lot);
        match due {
            Due::Maturity => mature(work, &mut account, lot, at)?,
            Due::Expiry => expire(work, &mut account, lot, at)?,
        }
    }
    refresh_due(work, &mut account)?;
    Ok(account)
}

type DueLot = (Time, Due, Position, Lot);

fn due_lots(work: &Work<'_>, key: &AccountKey) -> Result<Vec<DueLot>, Stop> {
    let now = work.now();
    let mut due: Vec<DueLot> = Vec::new();
    for lot in work.state.open_lots(key)? {
        if lot.state == LotState::Held && lot.available_from <= now {
            due.push((lot.available_from, Due::Maturity, lot.created, lot.clone()));
        }
        if let Some(end) = lot.expires_at.filter(|end| *end <= now) {
            due.push((end, Due::Expiry, lot.created, lot.clone()));
        }
    }
    due.sort_by_key(|(at, due, place, _)| (*at, *due, *place));
    Ok(due)
}

fn mature(work: &mut Work<'_>, account: &mut Account, lot: Lot, at: Time) -> Result<(), Stop> {
    account.pending = account.pending.minus(lot.remaining)?;
    book(work, account, lot, at)
}

/// Ends a lot's hold now: it is booked before its time. A lot that is not on hold stays as it is.
pub fn end_hold(work: &mut Work<'_>, lot_id: Uuid) -> Result<(), Stop> {
    let Some(mut lot) = work.state.get::<Lot>(&lot_id)?.cloned() else { return Ok(()) };
    if lot.state != LotState::Held {
        return Ok(());
    }
    let mut account = settle(work, &lot.account)?;
    let now = work.now();
    lot.available_from = now;
    mature(work, &mut account, lot, now)?;
    refresh_due(work, &mut account)
}

/// Books that a lot's time ended at `at`, with what is left of it.
pub(super) fn expire(
    work: &mut Work<'_>,
    account: &mut Account,
    mut lot: Lot,
    at: Time,
) -> Result<(), Stop> {
    let rest = lot.remaining;
    if !rest.is_positive() || lot.state != LotState::Booked {
        return Ok(());
    }
    lot.remaining = Amount::ZERO;
    lot.expired = lot.expired.plus(rest)?;
    let entry = Entry {
        reference_id: lot.reference_id.clone(),
        uses: vec![Use { lot_id: lot.id, amount: rest.negated(), kind: UseKind::Expiry }],
        ..Entry::new(rest.negated(), "expiry", at)
    };
    work.put_lot(lot)?;
    post(work, account, Side::Expired, entry)?;
    Ok(())
}

/// Finds again when the account changes next by the clock, and keeps the account.
pub(super) fn refresh_due(work: &mut Work<'_>, account: &mut Account) -> Result<(), Stop> {
    account.next_due_at =
        work.state.open_lots(&account.key)?.into_iter().filter_map(Lot::due_at).min();
    work.put_account(account.clone())
}

/// The lots that can be spent now, in the order in which they are spent. The account must have been
/// settled.
pub fn usable_lots(work: &Work<'_>, key: &AccountKey) -> Result<Vec<Lot>, Stop> {
    let mut lots: Vec<Lot> = (work.state.open_lots(key)?.into_iter())
        .filter(|lot| lot.state == LotState::Booked)
        .cloned()
        .collect();
    lots.sort_by_key(Lot::burn_order);
    Ok(lots)
}

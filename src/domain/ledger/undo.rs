//! Undoing: taking a grant back, and giving a spend back.
//!
//! Of a grant that is taken back, some may be spent. That part is forgiven and recorded, or owed: at
//! once from the account's other lots, then from whatever comes in. So an account owes something only
//! while it has nothing left. A spend that is given back returns to the lots it came from; where such
//! a lot was taken back meanwhile, what was forgiven is taken now, and where it ended, it ends again.

use uuid::Uuid;

use crate::domain::amount::Amount;
use crate::domain::program::OnShortfall;
use crate::domain::records::{Account, CapUse, Lot, LotState, Reversal, Transaction, Use, UseKind};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::state::{Key, Stop};
use crate::domain::work::Work;

use super::post::{Entry, Side, pay_debt, post};
use super::settle::{expire, refresh_due, settle, usable_lots};

/// What was asked of a grant so far: taken, forgiven or owed.
fn undone(lot: &Lot) -> Result<Amount, Stop> {
    Ok(lot.reversed.plus(lot.forgiven)?.plus(lot.owed)?)
}

/// What can still be asked of a grant: neither undone nor expired.
fn undoable(lot: &Lot) -> Result<Amount, Stop> {
    Ok(lot.amount.minus(undone(lot)?)?.minus(lot.expired)?)
}

/// Undoes what is not undone yet of a grant. ALREADY_REVERSED when nothing is left of it.
pub fn reverse_grant(
    work: &mut Work<'_>,
    lot_id: Uuid,
    description: Option<String>,
) -> Result<Uuid, Stop> {
    let lot = stored(work, lot_id)?;
    settle(work, &lot.account)?;
    let lot = stored(work, lot_id)?;
    let wanted = undoable(&lot)?;
    if !wanted.is_positive() {
        return Err(already_reversed());
    }
    let demand = Demand::of_program(work, wanted, description);
    take_back(work, lot_id, demand)?.ok_or_else(already_reversed)
}

/// Cancels a grant: what is left of it is gone, what was spent of it is forgiven whatever the
/// program does with a shortfall, and what comes back to it later is gone too.
pub fn cancel(work: &mut Work<'_>, lot_id: Uuid, description: Option<String>) -> Result<(), Stop> {
    let lot = stored(work, lot_id)?;
    let wanted = undoable(&lot)?;
    if wanted < lot.remaining {
        // It was demanded back before, owed, and paid from other grants: what is left is the user's.
        let message =
            "What is left of this reward was paid back already: nothing can be cancelled.";
        return Err(Refusal::bad_input(message).because("PAID_BACK").into());
    }
    let demand = Demand { wanted, on_shortfall: OnShortfall::Clamp, description };
    take_back(work, lot_id, demand)?;
    let lot = stored(work, lot_id)?;
    work.put_lot(Lot { state: LotState::Cancelled, ..lot })
}

/// What is demanded back of a grant.
pub struct Demand {
    /// How much, at most.
    pub wanted: Amount,
    /// What happens to what was spent already.
    pub on_shortfall: OnShortfall,
    /// A text for people, which stands on the entry.
    pub description: Option<String>,
}

impl Demand {
    /// A demand where the program says what happens to what was spent already.
    #[must_use]
    pub fn of_program(work: &Work<'_>, wanted: Amount, description: Option<String>) -> Self {
        Self { wanted, on_shortfall: work.program().on_shortfall, description }
    }
}

/// Takes back of a grant what is demanded, as far as it can be. A lot on hold loses it without an entry, and is cancelled
/// when nothing is left; a booked one gets a reversal entry, also of 0 when all was forgiven.
/// Gives that entry's id.
pub fn take_back(work: &mut Work<'_>, lot_id: Uuid, demand: Demand) -> Result<Option<Uuid>, Stop> {
    let mut account = settle(work, &stored(work, lot_id)?.account)?;
    let mut lot = stored(work, lot_id)?;
    let wanted = demand.wanted.min(undoable(&lot)?);
    if !wanted.is_positive() || !matches!(lot.state, LotState::Held | LotState::Booked) {
        return Ok(None);
    }
    if lot.state == LotState::Held {
        withhold(work, &mut account, lot, wanted)?;
        return Ok(None);
    }
    let taken = wanted.min(lot.remaining);
    let short = wanted.minus(taken)?;
    lot.remaining = lot.remaining.minus(taken)?;
    lot.reversed = lot.reversed.plus(taken)?;
    let mut uses = vec![Use { lot_id, amount: taken.negated(), kind: UseKind::Reversal }];
    uses.retain(|touch| !touch.amount.is_zero());
    let owes = demand.on_shortfall == OnShortfall::Debt;
    if owes {
        lot.owed = lot.owed.plus(short)?;
        account.debt = account.debt.plus(short)?;
    } else {
        lot.forgiven = lot.forgiven.plus(short)?;
    }
    if undone(&lot)? == lot.amount && lot.remaining.is_zero() {
        lot.state = LotState::Cancelled;
    }
    let now = work.now();
    let amount = if owes { wanted } else { taken };
    let reverses = lot.transaction_id;
    work.put_lot(lot)?;
    uses.extend(pay_from_others(work, &mut account)?);
    let entry = Entry {
        reverses,
        forgiven: (!owes).then_some(short),
        description: demand.description,
        uses,
        ..Entry::new(amount.negated(), "reversal", now)
    };
    let id = post(work, &mut account, Side::Earned, entry)?;
    refresh_due(work, &mut account)?;
    Ok(Some(id))
}

/// Takes from a lot that is on hold; nothing was booked, so nothing is now.
fn withhold(
    work: &mut Work<'_>,
    account: &mut Account,
    mut lot: Lot,
    wanted: Amount,
) -> Result<(), Stop> {
    account.pending = account.pending.minus(wanted)?;
    lot.remaining = lot.remaining.minus(wanted)?;
    lot.reversed = lot.reversed.plus(wanted)?;
    if lot.remaining.is_zero() {
        lot.state = LotState::Cancelled;
    }
    work.put_lot(lot)?;
    refresh_due(work, account)
}

/// Lets the account's lots pay what it owes, in the order in which they would be spent.
fn pay_from_others(work: &mut Work<'_>, account: &mut Account) -> Result<Vec<Use>, Stop> {
    if !account.debt.is_positive() {
        return Ok(Vec::new());
    }
    let mut uses = Vec::new();
    for mut lot in usable_lots(work, &account.key)? {
        let Some(paid) = pay_debt(account, &mut lot)? else { break };
        uses.push(paid);
        work.put_lot(lot)?;
    }
    Ok(uses)
}

/// Gives a spend back to the lots it came from. ALREADY_REVERSED the second time.
pub fn reverse_spend(
    work: &mut Work<'_>,
    spent: &Transaction,
    description: Option<String>,
) -> Result<Uuid, Stop> {
    if work.state.get::<Reversal>(&spent.id)?.is_some() {
        return Err(already_reversed());
    }
    let draws: Vec<&Use> = spent.uses.iter().filter(|touch| touch.kind == UseKind::Spend).collect();
    work.state.need(draws.iter().map(|touch| Key::Lot(touch.lot_id)))?;
    let mut account = settle(work, &spent.account)?;
    let mut uses = Vec::new();
    for draw in &draws {
        let mut lot = stored(work, draw.lot_id)?;
        let back = draw.amount.negated();
        lot.spent = lot.spent.minus(back)?;
        lot.remaining = lot.remaining.plus(back)?;
        uses.push(Use { lot_id: lot.id, amount: back, kind: UseKind::Return });
        // What was forgiven of this very lot is taken from it below, before any debt.
        if lot.forgiven.is_zero() {
            uses.extend(pay_debt(&mut account, &mut lot)?);
        }
        work.put_lot(lot)?;
    }
    let now = work.now();
    let entry = Entry {
        reverses: Some(spent.id),
        reference_id: spent.reference_id.clone(),
        space_id: spent.space_id.clone(),
        description,
        uses,
        ..Entry::new(spent.amount.negated(), "reversal", now)
    };
    let id = post(work, &mut account, Side::Used, entry)?;
    work.state.put(Reversal { of: spent.id, by: id });
    for draw in draws {
        follow_up(work, &mut account, draw.lot_id)?;
    }
    refresh_due(work, &mut account)?;
    Ok(id)
}

/// What happens to a lot that something came back to: what was forgiven is taken, the ended ends.
fn follow_up(work: &mut Work<'_>, account: &mut Account, lot_id: Uuid) -> Result<(), Stop> {
    let now = work.now();
    let mut lot = stored(work, lot_id)?;
    let taken = lot.forgiven.min(lot.remaining);
    if taken.is_positive() {
        lot.forgiven = lot.forgiven.minus(taken)?;
        lot.reversed = lot.reversed.plus(taken)?;
        lot.remaining = lot.remaining.minus(taken)?;
        let mut uses = vec![Use { lot_id, amount: taken.negated(), kind: UseKind::Reversal }];
        uses.extend(pay_debt(account, &mut lot)?);
        let entry = Entry {
            reverses: lot.transaction_id,
            uses,
            ..Entry::new(taken.negated(), "reversal", now)
        };
        work.put_lot(lot.clone())?;
        post(work, account, Side::Earned, entry)?;
    }
    if lot.remaining.is_positive() && lot.state == LotState::Cancelled {
        // Its shortfall was owed and is paid by now: what came back is the user's again.
        lot.state = LotState::Booked;
        work.put_lot(lot.clone())?;
    }
    if lot.expires_at.is_some_and(|end| end <= now) {
        expire(work, account, lot, now)?;
    }
    Ok(())
}

/// Gives a lot's use of a cap back to the window in which it was counted.
pub fn give_back(work: &mut Work<'_>, lot_id: Uuid) -> Result<(), Stop> {
    let mut lot = stored(work, lot_id)?;
    let Some((key, counted)) = lot.cap.take() else { return Ok(()) };
    let used = work.state.get::<CapUse>(&key)?.map_or(0, |cap_use| cap_use.used);
    work.state.put(CapUse { key, used: (used - counted).max(0) });
    work.put_lot(lot)
}

fn stored(work: &Work<'_>, lot_id: Uuid) -> Result<Lot, Stop> {
    (work.state.get::<Lot>(&lot_id)?.cloned())
        .ok_or_else(|| Refusal::internal("A lot that the ledger names is not there.").into())
}

fn already_reversed() -> Stop {
    Refusal::new(Code::AlreadyReversed, "Nothing of it is left to reverse.").into()
}

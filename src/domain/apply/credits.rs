//! Adding, spending, reversing and settling credits.

use uuid::Uuid;

use crate::domain::command::{Grant, SettledAccount, Spend};
use crate::domain::ledger::{self, Draw, NewLot, reverse_grant, reverse_spend};
use crate::domain::records::{AccountKey, Kind, Lot, Transaction, UseKind};
use crate::domain::refusal::Refusal;
use crate::domain::state::{Key, Stop};
use crate::domain::work::Work;

use super::kept::Kept;

pub(super) fn add(work: &mut Work<'_>, grant: &Grant) -> Result<Kept, Stop> {
    let account = account_of(work, &grant.user_id, grant.unit.as_deref())?;
    if !work.program().knows_source(&grant.source) {
        let message = format!(
            "The source {:?} is not known: use a listed one, or add it to sources in program.toml.",
            grant.source
        );
        return Err(Refusal::bad_input(message).into());
    }
    let now = work.now();
    let kind = if account.unit == work.program().unit { Kind::Credit } else { Kind::Quota };
    let new = NewLot {
        source: grant.source.clone(),
        priority: grant.priority,
        available_from: grant.available_from.unwrap_or(now).max(now),
        expires_at: grant.expires_at,
        description: grant.description.clone(),
        reference_id: grant.reference_id.clone(),
        space_id: grant.space_id.clone(),
        granted_by: grant.granted_by.clone(),
        ..NewLot::new(account, kind, grant.amount, now)
    };
    let lot_id = ledger::grant(work, new)?;
    work.answer.user_id = Some(grant.user_id.clone());
    work.answer.lot_id = Some(lot_id);
    work.answer.transaction_id = work.state.get::<Lot>(&lot_id)?.and_then(|lot| lot.transaction_id);
    Ok(Kept::Event)
}

pub(super) fn spend(work: &mut Work<'_>, spend: &Spend) -> Result<Kept, Stop> {
    let account = account_of(work, &spend.user_id, spend.unit.as_deref())?;
    let draw = Draw {
        account,
        amount: spend.amount,
        description: spend.description.clone(),
        reference_id: spend.reference_id.clone(),
        space_id: spend.space_id.clone(),
    };
    let transaction_id = ledger::spend(work, draw)?;
    work.answer.user_id = Some(spend.user_id.clone());
    work.answer.transaction_id = Some(transaction_id);
    Ok(Kept::Event)
}

fn account_of(work: &Work<'_>, user_id: &str, unit: Option<&str>) -> Result<AccountKey, Stop> {
    let user = work.user(user_id)?;
    let unit = unit.unwrap_or(&work.program().unit);
    if !work.program().knows_unit(unit) {
        let message = format!(
            "The unit {unit:?} is not known: use the main unit, or add it to units in program.toml."
        );
        return Err(Refusal::bad_input(message).into());
    }
    Ok(AccountKey { user_id: user.id, unit: unit.to_owned() })
}

pub(super) fn reverse(
    work: &mut Work<'_>,
    transaction_id: Uuid,
    reason: Option<String>,
) -> Result<Kept, Stop> {
    let transaction = (work.state.get::<Transaction>(&transaction_id)?.cloned())
        .ok_or_else(|| Refusal::not_found("There is no such transaction."))?;
    let account = &transaction.account;
    work.state.need([
        Key::User(account.user_id.clone()),
        Key::Account(account.clone()),
        Key::OpenLots(account.clone()),
    ])?;
    work.answer.user_id = Some(account.user_id.clone());
    let spent = transaction.uses.iter().any(|touch| touch.kind == UseKind::Spend);
    let reversal = match transaction.lot_id {
        Some(lot_id) => {
            let reversal = reverse_grant(work, lot_id, reason)?;
            uncount_bonus(work, lot_id)?;
            reversal
        }
        None if spent => reverse_spend(work, &transaction, reason)?,
        None => {
            return Err(Refusal::bad_input(
                "Only a grant or a spend can be reversed: choose such a transaction.",
            )
            .into());
        }
    };
    work.answer.transaction_id = Some(reversal);
    Ok(Kept::Event)
}

/// Takes a referral reward that was undone by hand off what its referral brought.
fn uncount_bonus(work: &mut Work<'_>, lot_id: Uuid) -> Result<(), Stop> {
    let Some(mut lot) = work.state.get::<Lot>(&lot_id)?.cloned() else { return Ok(()) };
    super::purchases::uncount(work, &lot, lot.amount.minus(lot.demanded)?)?;
    lot.demanded = lot.amount;
    work.put_lot(lot)
}

pub(super) fn settle(
    work: &mut Work<'_>,
    accounts: &[SettledAccount],
    rewards: &[Uuid],
) -> Result<Kept, Stop> {
    for account in accounts {
        ledger::settle(work, &account.into())?;
    }
    // A reward without an account changes by the clock alone: saved anew, its row says how it stands.
    for id in rewards {
        if let Some(lot) = work.state.get::<Lot>(id)?.filter(|lot| !lot.has_account()).cloned() {
            work.put_lot(lot)?;
        }
    }
    let nothing = work.state.change.tables.lots.is_empty();
    Ok(if nothing { Kept::Noted } else { Kept::Event })
}

//! Rewards reviewed by hand: holds ended early, rewards cancelled, failed payments tried again.

use uuid::Uuid;

use crate::domain::effect::Effect;
use crate::domain::ledger;
use crate::domain::records::{
    Decision, Kind, Lot, LotState, Referral, ReferralStatus, Review, Status,
};
use crate::domain::refusal::Refusal;
use crate::domain::state::{Key, Stop};
use crate::domain::work::Work;

use super::kept::Kept;
use super::purchases::{reverse_referral, uncount};

/// Ends a hold early. A reward that is usable already stays as it is.
pub(super) fn approve(
    work: &mut Work<'_>,
    reward_id: Uuid,
    reason: Option<&str>,
) -> Result<Kept, Stop> {
    let lot = at_hand(work, reward_id)?;
    match lot.status_at(work.now()) {
        Status::Pending if lot.kind != Kind::StripeBalance => {}
        Status::Active | Status::Redeemed => return Ok(Kept::Noted),
        other => return Err(unfit(other, "on hold can be approved")),
    }
    let reviewed = reviewed(work, lot, reason);
    if reviewed.has_account() {
        work.put_lot(reviewed)?;
        ledger::end_hold(work, reward_id)?;
    } else {
        let available_from = work.now();
        work.put_lot(Lot { available_from, ..reviewed })?;
    }
    Ok(Kept::Event)
}

/// Ends a hold or a reward: what is left of it is gone, and a payment that failed is not owed any
/// more. What was spent stays spent.
pub(super) fn cancel(
    work: &mut Work<'_>,
    reward_id: Uuid,
    reason: Option<&str>,
) -> Result<Kept, Stop> {
    let lot = at_hand(work, reward_id)?;
    match lot.status_at(work.now()) {
        Status::Pending | Status::Active | Status::Failed => {}
        Status::Cancelled => return Ok(Kept::Noted),
        other => return Err(unfit(other, "of which something is left can be cancelled")),
    }
    let earned_the_referral = earned_the_referral(work, &lot)?;
    let reviewed = reviewed(work, lot, reason);
    if reviewed.has_account() {
        uncount(work, &reviewed, reviewed.amount.minus(reviewed.demanded)?)?;
        let demanded = reviewed.amount;
        work.put_lot(Lot { demanded, ..reviewed.clone() })?;
        ledger::cancel(work, reward_id, reason.map(str::to_owned))?;
    } else {
        work.put_lot(Lot { state: LotState::Cancelled, ..reviewed.clone() })?;
    }
    if earned_the_referral {
        reverse_referral(work, &reviewed)?;
        ledger::give_back(work, reward_id)?;
    }
    Ok(Kept::Event)
}

/// Tries a payment again that could not be made. While no Stripe account is connected it cannot be
/// made now either, and everything stays as it is.
pub(super) fn retry(work: &mut Work<'_>, reward_id: Uuid) -> Result<Kept, Stop> {
    let lot = at_hand(work, reward_id)?;
    match lot.status_at(work.now()) {
        Status::Failed => {}
        other => return Err(unfit(other, "that FAILED can be tried again")),
    }
    if let Some(id) = lot.referral_id
        && let Some(referral) = work.state.get::<Referral>(&id)?
        && referral.status == ReferralStatus::Rejected
    {
        let message = "This reward's referral is REJECTED: it is not paid.";
        return Err(Refusal::bad_input(message).because("REJECTED").into());
    }
    Ok(Kept::Noted)
}

/// The reward as it is now, with everything loaded that a review of it touches.
fn at_hand(work: &mut Work<'_>, reward_id: Uuid) -> Result<Lot, Stop> {
    let lot = stored(work, reward_id)?;
    work.answer.user_id = Some(lot.account.user_id.clone());
    work.answer.lot_id = Some(reward_id);
    let mut keys = vec![Key::User(lot.account.user_id.clone())];
    if lot.has_account() {
        keys.extend([Key::Account(lot.account.clone()), Key::OpenLots(lot.account.clone())]);
    }
    keys.extend(lot.referral_id.map(Key::Referral));
    keys.extend(lot.decision_id.map(Key::Decision));
    keys.extend(lot.cap.clone().map(|(key, _)| Key::CapUse(key)));
    work.state.need(keys)?;
    if lot.has_account() {
        ledger::settle(work, &lot.account)?;
    }
    stored(work, reward_id)
}

fn stored(work: &Work<'_>, reward_id: Uuid) -> Result<Lot, Stop> {
    (work.state.get::<Lot>(&reward_id)?.cloned())
        .ok_or_else(|| Refusal::not_found("There is no such reward.").into())
}

fn reviewed(work: &Work<'_>, lot: Lot, reason: Option<&str>) -> Lot {
    let review = Review { by: work.command.actor.clone(), reason: reason.map(str::to_owned) };
    Lot { review: Some(review), ..lot }
}

/// Did the decision that gave it also credit the referral? Then the referral stands and falls with it.
fn earned_the_referral(work: &Work<'_>, lot: &Lot) -> Result<bool, Stop> {
    let Some(id) = lot.decision_id.filter(|_| lot.referral_id.is_some()) else { return Ok(false) };
    let decision = work.state.get::<Decision>(&id)?;
    Ok(decision.is_some_and(|decision| decision.effects.contains(&Effect::CreditReferral)))
}

fn unfit(status: Status, which: &str) -> Stop {
    let name = status.name();
    Refusal::bad_input(format!("This reward is {name}: only one {which}.")).because(name).into()
}

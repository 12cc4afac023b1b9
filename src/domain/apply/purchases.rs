//! Purchases and refunds.

use std::collections::BTreeSet;

use serde_json::json;
use uuid::Uuid;

use crate::domain::amount::Amount;
use crate::domain::command::Payment;
use crate::domain::deciding::{count_bonus, decide, occur};
use crate::domain::effect::OnRefund;
use crate::domain::ledger::{Demand, give_back, take_back};
use crate::domain::program::{Program, ReferralsPer};
use crate::domain::records::{
    FactSheet, FactSheetKey, Kind, Lot, LotState, Once, OnceKey, Purchase, User,
};
use crate::domain::referral::{self, Attempt, validate};
use crate::domain::refusal::Refusal;
use crate::domain::state::{Key, Stop};
use crate::domain::work::{Occurrence, Work};

use super::kept::Kept;
use super::users::{accept_code, announce_referral, count_signup};

pub(super) fn purchase(work: &mut Work<'_>, payment: &Payment) -> Result<Kept, Stop> {
    let mut user = work.user(&payment.user_id)?;
    check_currency(work, payment.currency.as_deref())?;
    work.answer.user_id = Some(user.id.clone());
    let mut purchase = new_purchase(work, payment, &user);
    let accepted = take_code(work, payment, &mut user, &mut purchase)?;
    let referral_id = purchase.referral_id.or(user.referral_id);
    work.answer.referral_id = referral_id;
    let sheet = occur(
        work,
        Occurrence {
            amount: Some(payment.amount),
            plan: payment.plan.clone(),
            data: payment.data.clone(),
            referral_id,
            ..about(work, "purchase", &payment.purchase_id, &purchase)
        },
    )?;
    count_purchase(work, user.id.as_str(), &purchase)?;
    if let Some(referral_id) = referral_id.filter(|_| purchase.first || accepted) {
        let counts = first_conversion(work, &user.id)?;
        referral::convert(work, referral_id, &purchase, counts)?;
    }
    decide(work, sheet)?;
    Ok(Kept::Event)
}

/// Where each purchase has a referral of its own: the key that says that the customer converted.
pub(super) fn converted_key(program: &Program, user_id: &str) -> Option<OnceKey> {
    (program.referrals == ReferralsPer::Purchase)
        .then(|| OnceKey { user_id: user_id.to_owned(), key: "#converted".to_owned() })
}

/// Is it the customer's first conversion? However many purchases bring a referral, a customer
/// converts once.
fn first_conversion(work: &mut Work<'_>, user_id: &str) -> Result<bool, Stop> {
    let Some(key) = converted_key(work.program(), user_id) else { return Ok(true) };
    let first = work.state.get::<Once>(&key)?.is_none();
    if first {
        work.state.put(Once { key, at: work.now() });
    }
    Ok(first)
}

fn check_currency(work: &Work<'_>, currency: Option<&str>) -> Result<(), Stop> {
    let own = &work.program().unit;
    match currency {
        Some(other) if !other.eq_ignore_ascii_case(own) => Err(Refusal::bad_input(format!(
            "This tenant's currency is {own}, not {other:?}: convert the amount first."
        ))
        .into()),
        _ => Ok(()),
    }
}

fn new_purchase(work: &mut Work<'_>, payment: &Payment, user: &User) -> Purchase {
    Purchase {
        id: payment.purchase_id.clone(),
        user_id: user.id.clone(),
        amount: payment.amount,
        refunded: Amount::ZERO,
        plan: payment.plan.clone(),
        data: payment.data.clone(),
        created: work.position(),
        occurred_at: payment.occurred_at.unwrap_or_else(|| work.now()),
        created_at: work.now(),
        first: user.purchase_count == 0,
        referred: false,
        referral_id: None,
        lots: Vec::new(),
    }
}

/// An event about a purchase.
fn about(work: &Work<'_>, event: &str, id: &str, purchase: &Purchase) -> Occurrence {
    Occurrence {
        event: event.to_owned(),
        id: id.to_owned(),
        user_id: purchase.user_id.clone(),
        at: if event == "purchase" { purchase.occurred_at } else { work.now() },
        amount: None,
        plan: purchase.plan.clone(),
        data: json!({}),
        purchase_id: Some(purchase.id.clone()),
        referral_id: purchase.referral_id,
    }
}

/// What a code that comes with a purchase does: it makes the user's referral, or the purchase's own
/// where each purchase has one; then it goes to the customer's first referrer. Says whether it made
/// one.
fn take_code(
    work: &mut Work<'_>,
    payment: &Payment,
    user: &mut User,
    purchase: &mut Purchase,
) -> Result<bool, Stop> {
    let Some(code) = &payment.referral_code else {
        work.state.put(purchase.clone());
        return Ok(false);
    };
    let is_first_code = user.referrer_id.is_none();
    let own = work.program().referrals == ReferralsPer::Purchase;
    let validation = if own && !is_first_code {
        validate(work, code, Some(user), Attempt::LaterPurchase)?
    } else {
        accept_code(work, code, user, Attempt::Purchase)?
    };
    let accepted = validation.is_valid();
    if let (true, true, Some(referrer_id)) = (accepted, own, user.referrer_id.clone()) {
        purchase.referral_id = Some(referral::make(work, &validation.code, &referrer_id, user));
    }
    work.answer.validation = Some(validation);
    work.state.put(user.clone());
    work.state.put(purchase.clone());
    match (accepted, own) {
        (true, false) => announce_referral(work, &user.id)?,
        (true, true) => announce_purchase(work, user, purchase, is_first_code)?,
        (false, _) => {}
    }
    Ok(accepted)
}

/// Lets rules see a purchase's own referral; a customer counts once for the referrer.
fn announce_purchase(
    work: &mut Work<'_>,
    user: &User,
    purchase: &Purchase,
    counts: bool,
) -> Result<(), Stop> {
    let sheet = occur(work, about(work, "referred", &purchase.id, purchase))?;
    if let (true, Some(referrer_id)) = (counts, &user.referrer_id) {
        count_signup(work, referrer_id)?;
    }
    decide(work, sheet)
}

fn count_purchase(work: &mut Work<'_>, user_id: &str, purchase: &Purchase) -> Result<(), Stop> {
    let mut user = work.user(user_id)?;
    user.purchase_count += 1;
    user.purchase_total = user.purchase_total.plus(purchase.amount)?;
    if user.referrer_id.is_some() {
        let now = work.now();
        work.count_on(now, "revenue", purchase.amount.get());
        let stored = work.state.get::<Purchase>(&purchase.id)?.cloned();
        work.state.put(Purchase { referred: true, ..stored.unwrap_or_else(|| purchase.clone()) });
    }
    work.state.put(user);
    Ok(())
}

pub(super) fn refund(
    work: &mut Work<'_>,
    refund_id: &str,
    purchase_id: &str,
    amount: Option<Amount>,
) -> Result<Kept, Stop> {
    let mut purchase =
        (work.state.get::<Purchase>(&purchase_id.to_owned())?.cloned()).ok_or_else(|| {
            Refusal::not_found("There is no such purchase; record the purchase first.")
        })?;
    let left = purchase.amount.minus(purchase.refunded)?;
    let amount = amount.unwrap_or(left);
    if !amount.is_positive() || amount > left {
        return Err(Refusal::bad_input(format!(
            "Of this purchase {left} is left to refund: refund at most that."
        ))
        .into());
    }
    work.state.need(
        purchase.lots.iter().map(|id| Key::Lot(*id)).chain([Key::User(purchase.user_id.clone())]),
    )?;
    let user = work.user(&purchase.user_id)?;
    purchase.refunded = purchase.refunded.plus(amount)?;
    work.answer.user_id = Some(user.id.clone());
    work.answer.referral_id = purchase.referral_id.or(user.referral_id);
    work.state.put(purchase.clone());
    let sheet = occur(
        work,
        Occurrence {
            amount: Some(amount),
            referral_id: purchase.referral_id.or(user.referral_id),
            ..about(work, "refund", refund_id, &purchase)
        },
    )?;
    if purchase.referred {
        let now = work.now();
        work.count_on(now, "revenue", -amount.get());
    }
    take_back_grants(work, &purchase)?;
    decide(work, sheet)?;
    Ok(Kept::Event)
}

/// What was decided again may have granted for a purchase of which a part is refunded by now: that
/// part is taken back at once.
pub(super) fn follow_refunds(work: &mut Work<'_>) -> Result<(), Stop> {
    let sheets: Vec<FactSheetKey> =
        work.state.change.tables.decisions.values().flatten().map(|made| made.sheet).collect();
    let mut purchases = BTreeSet::new();
    for sheet in sheets {
        purchases.extend(
            work.state.get::<FactSheet>(&sheet)?.and_then(|sheet| sheet.purchase_id.clone()),
        );
    }
    for id in purchases {
        let Some(purchase) = work.state.get::<Purchase>(&id)?.cloned() else { continue };
        if purchase.refunded.is_positive() {
            take_back_grants(work, &purchase)?;
        }
    }
    Ok(())
}

/// Takes back what the refunds so far demand of each grant that the purchase made.
fn take_back_grants(work: &mut Work<'_>, purchase: &Purchase) -> Result<(), Stop> {
    need_all(work, purchase)?;
    for lot_id in &purchase.lots {
        let Some(mut lot) = work.state.get::<Lot>(lot_id)?.cloned() else { continue };
        let due = demanded(&lot, purchase);
        let more = due.minus(lot.demanded)?;
        if more.is_positive() {
            lot.demanded = due;
            work.put_lot(lot.clone())?;
            let demand = Demand::of_program(work, more, Some("refund".to_owned()));
            take_back(work, *lot_id, demand)?;
            uncount(work, &lot, more)?;
        }
        if ends_whole(&lot) && lot.on_refund != OnRefund::Keep && purchase.is_fully_refunded() {
            lot.state = LotState::Cancelled;
            work.put_lot(lot.clone())?;
        }
        if lot.referral_id.is_some()
            && lot.on_refund != OnRefund::Keep
            && purchase.is_fully_refunded()
        {
            reverse_referral(work, &lot)?;
            give_back(work, *lot_id)?;
        }
    }
    Ok(())
}

/// Is it something that ends as a whole: a feature, or a payment that could not be made?
fn ends_whole(lot: &Lot) -> bool {
    lot.kind == Kind::Feature || lot.state == LotState::Failed
}

/// Asks at once for everything that taking the grants back touches.
fn need_all(work: &Work<'_>, purchase: &Purchase) -> Result<(), Stop> {
    let mut keys = Vec::new();
    for lot_id in &purchase.lots {
        let Some(lot) = work.state.get::<Lot>(lot_id)? else { continue };
        if lot.has_account() {
            keys.extend([Key::Account(lot.account.clone()), Key::OpenLots(lot.account.clone())]);
        }
        keys.push(Key::User(lot.account.user_id.clone()));
        keys.extend(lot.referral_id.map(Key::Referral));
        keys.extend(lot.cap.clone().map(|(key, _)| Key::CapUse(key)));
    }
    work.state.need(keys)
}

/// How much of a grant the refunds so far demand back.
fn demanded(lot: &Lot, purchase: &Purchase) -> Amount {
    match lot.on_refund {
        OnRefund::Keep => Amount::ZERO,
        OnRefund::Full if purchase.is_fully_refunded() => lot.amount,
        OnRefund::Full => Amount::ZERO,
        OnRefund::Proportion => lot.amount.proportion(purchase.refunded, purchase.amount),
    }
}

/// Takes an amount of a referral reward off what its referral brought.
pub(super) fn uncount(work: &mut Work<'_>, lot: &Lot, amount: Amount) -> Result<(), Stop> {
    let counted =
        matches!(lot.kind, Kind::Credit | Kind::Quota) && lot.account.unit == work.program().unit;
    match lot.referral_id.filter(|_| counted) {
        Some(referral_id) => count_bonus(work, referral_id, &lot.account.user_id, amount.negated()),
        None => Ok(()),
    }
}

/// The referral is REVERSED when its referrer's reward was taken back.
pub(super) fn reverse_referral(work: &mut Work<'_>, lot: &Lot) -> Result<(), Stop> {
    let Some(referral_id): Option<Uuid> = lot.referral_id else { return Ok(()) };
    let referrer = work
        .state
        .get::<crate::domain::records::Referral>(&referral_id)?
        .map(|referral| referral.referrer_id.clone());
    if referrer.as_ref() == Some(&lot.account.user_id) {
        referral::reverse(work, referral_id)?;
    }
    Ok(())
}

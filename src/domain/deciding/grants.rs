//! Effects that give something: credit, a quota, a feature, a payment outside.

use uuid::Uuid;

use crate::domain::amount::Amount;
use crate::domain::effect::{Effect, Options};
use crate::domain::ledger::{NewLot, fail_outside, grant};
use crate::domain::records::{AccountKey, Kind, Once, OnceKey, Purchase, Referral, TallyKey, User};
use crate::domain::referral;
use crate::domain::state::{Key, Stop};
use crate::domain::time::{Time, day_of};
use crate::domain::work::Work;

use super::cause::{Cause, Obstacle, named, own_referral};
use super::limits::{Passed, cap_of, ceiling_keys, pass_cap, pass_ceilings};

/// Why a payment at Stripe cannot be made while no account is connected.
const NOT_CONNECTED: &str = "Stripe is not connected";

/// An effect that gives something, with its parts in one shape.
struct Gift<'e> {
    kind: Kind,
    user: &'e str,
    unit: &'e str,
    amount: Amount,
    source: &'e str,
    options: &'e Options,
}

impl<'e> Gift<'e> {
    fn new(effect: &'e Effect, main_unit: &'e str, default_source: &'e str) -> Option<Self> {
        Some(match effect {
            Effect::Credit { user, amount, source, options } => {
                Self { kind: Kind::Credit, user, unit: main_unit, amount: *amount, source, options }
            }
            Effect::Quota { user, unit, amount, options } => Self {
                kind: Kind::Quota,
                user,
                unit,
                amount: *amount,
                source: default_source,
                options,
            },
            Effect::Feature { user, name, options } => Self {
                kind: Kind::Feature,
                user,
                unit: name,
                amount: Amount::ZERO,
                source: default_source,
                options,
            },
            Effect::StripeBalance { user, amount, options } => Self {
                kind: Kind::StripeBalance,
                user,
                unit: main_unit,
                amount: *amount,
                source: default_source,
                options,
            },
            _ => return None,
        })
    }
}

/// Where something comes from that names no source: from the referral as far as the referral is why it
/// is given.
fn source_of(cause: &Cause<'_>, effect: &Effect, referred: bool) -> &'static str {
    let to_referrer = match effect {
        Effect::Quota { user, .. }
        | Effect::Feature { user, .. }
        | Effect::StripeBalance { user, .. } => cause.sheet.referrer_id.as_ref() == Some(user),
        _ => false,
    };
    let event = cause.sheet.occurrence.event.as_str();
    if referred && (to_referrer || cause.credits || event == "referred") {
        "referral"
    } else if event == "code_redeemed" {
        "redemption"
    } else {
        "promotion"
    }
}

/// Gives what the effect says; `false` when it was dropped: an amount of 0, a used once-key, or a
/// cap that clips it to nothing.
pub(super) fn give(
    work: &mut Work<'_>,
    cause: &mut Cause<'_>,
    effect: &Effect,
) -> Result<bool, Obstacle> {
    let referral_id = own_referral(work, cause)?;
    let source = source_of(cause, effect, referral_id.is_some());
    let Some(gift) = Gift::new(effect, &work.program().unit, source) else {
        return Ok(false);
    };
    let user_id = named(cause, gift.user)?.to_owned();
    check_names(work, &gift)?;
    if gift.amount.is_zero() && gift.kind != Kind::Feature {
        return Ok(false);
    }
    need_all(work, cause, &gift, &user_id)?;
    if once_used(work, &gift, &user_id)? {
        cause.once_used = true;
        return Ok(false);
    }
    let Some(passed) = pass_cap(work, cause, gift.options.cap.as_deref(), gift.amount)? else {
        return Ok(false);
    };
    pass_ceilings(work, cause, &user_id, gift.source, passed.amount)?;
    if let Some(key) = &gift.options.once {
        let key = OnceKey { user_id: user_id.clone(), key: key.clone() };
        work.state.put(Once { key, at: work.now() });
    }
    let rewards = referral_id.filter(|_| {
        gift.source == "referral" || cause.sheet.referrer_id.as_ref() == Some(&user_id)
    });
    let new = new_lot(work, cause, &gift, Terms { user_id, passed, referral_id: rewards })?;
    make(work, cause, new)?;
    Ok(true)
}

/// Asks at once for everything that giving it touches.
fn need_all(
    work: &Work<'_>,
    cause: &Cause<'_>,
    gift: &Gift<'_>,
    user_id: &str,
) -> Result<(), Stop> {
    let mut keys: Vec<Key> = ceiling_keys(work, user_id).into_iter().map(Key::CapUse).collect();
    keys.extend(cap_of(work, cause, gift.options.cap.as_deref()).map(Key::CapUse));
    if matches!(gift.kind, Kind::Credit | Kind::Quota) {
        keys.push(Key::Account(AccountKey {
            user_id: user_id.to_owned(),
            unit: gift.unit.to_owned(),
        }));
    }
    if let Some(key) = &gift.options.once {
        keys.push(Key::Once(OnceKey { user_id: user_id.to_owned(), key: key.clone() }));
    }
    work.state.need(keys)
}

fn check_names(work: &Work<'_>, gift: &Gift<'_>) -> Result<(), Obstacle> {
    if gift.kind == Kind::Credit && !work.program().knows_source(gift.source) {
        return Err(Obstacle::Failed(format!(
            "The source {:?} is not known: add it to sources in program.toml.",
            gift.source
        )));
    }
    if gift.kind == Kind::Quota && !work.program().knows_unit(gift.unit) {
        return Err(Obstacle::Failed(format!(
            "The unit {:?} is not known: add it to units in program.toml.",
            gift.unit
        )));
    }
    Ok(())
}

fn once_used(work: &Work<'_>, gift: &Gift<'_>, user_id: &str) -> Result<bool, Obstacle> {
    let Some(key) = &gift.options.once else { return Ok(false) };
    let key = OnceKey { user_id: user_id.to_owned(), key: key.clone() };
    Ok(work.state.get::<Once>(&key)?.is_some())
}

/// Who gets it, what the caps let through, and which referral it rewards.
struct Terms {
    user_id: String,
    passed: Passed,
    referral_id: Option<Uuid>,
}

fn new_lot(
    work: &Work<'_>,
    cause: &Cause<'_>,
    gift: &Gift<'_>,
    terms: Terms,
) -> Result<NewLot, Obstacle> {
    let options = gift.options;
    let (available_from, expires_at) = validity(work.now(), options)?;
    let account = AccountKey { user_id: terms.user_id, unit: gift.unit.to_owned() };
    Ok(NewLot {
        source: gift.source.to_owned(),
        priority: options.priority.unwrap_or(50),
        available_from,
        expires_at,
        on_refund: options.on_refund.unwrap_or_default(),
        purchase_id: paid_for(cause).cloned(),
        referral_id: terms.referral_id,
        decision_id: Some(cause.decision_id),
        cap: terms.passed.counted,
        description: options.description.clone(),
        reference_id: options
            .reference
            .clone()
            .or_else(|| cause.sheet.occurrence.purchase_id.clone()),
        ..NewLot::new(account, gift.kind, terms.passed.amount, work.now())
    })
}

fn validity(now: Time, options: &Options) -> Result<(Time, Option<Time>), Obstacle> {
    let beyond = || {
        Obstacle::Failed("A span goes beyond the end of the calendar: make it shorter.".to_owned())
    };
    let from = match options.hold_for {
        Some(span) => span.after(now).ok_or_else(beyond)?,
        None => now,
    };
    let until = match (options.expires_at, options.expires_in) {
        (Some(at), _) => Some(at),
        (None, Some(span)) => Some(span.after(from).ok_or_else(beyond)?),
        (None, None) => None,
    };
    if until.is_some_and(|until| until <= from) {
        return Err(Obstacle::Failed("A grant must end after it becomes available: correct expires_at, expires_in or hold_for.".to_owned()));
    }
    Ok((from, until))
}

/// The purchase that makes the grant. What a refund gives is not the purchase's: no later refund
/// takes it back.
fn paid_for<'c>(cause: &'c Cause<'_>) -> Option<&'c String> {
    let occurrence = &cause.sheet.occurrence;
    occurrence.purchase_id.as_ref().filter(|_| occurrence.event != "refund")
}

/// Makes the lot, and notes it on the purchase and the referral that it belongs to.
fn make(work: &mut Work<'_>, cause: &Cause<'_>, new: NewLot) -> Result<(), Obstacle> {
    let (kind, amount) = (new.kind, new.amount);
    let (account, referral_id) = (new.account.clone(), new.referral_id);
    let lot_id = if kind == Kind::StripeBalance {
        let decides = cause.credits || cause.sheet.referrer_id.as_ref() == Some(&account.user_id);
        if let Some(referral_id) = own_referral(work, cause)?.filter(|_| decides) {
            referral::fail(work, referral_id, NOT_CONNECTED)?;
        }
        fail_outside(work, new, NOT_CONNECTED)?
    } else {
        grant(work, new)?
    };
    if let Some(purchase_id) = paid_for(cause)
        && let Some(mut purchase) = work.state.get::<Purchase>(purchase_id)?.cloned()
    {
        purchase.lots.push(lot_id);
        work.state.put(purchase);
    }
    let counts = matches!(kind, Kind::Credit | Kind::Quota) && account.unit == work.program().unit;
    if let Some(referral_id) = referral_id.filter(|_| counts) {
        count_bonus(work, referral_id, &account.user_id, amount)?;
    }
    Ok(())
}

/// Counts what a referral brought: to its referrer, to the day, and to the totals. A negative amount
/// takes it off again.
pub(crate) fn count_bonus(
    work: &mut Work<'_>,
    referral_id: Uuid,
    user_id: &str,
    amount: Amount,
) -> Result<(), Stop> {
    let now = work.now();
    work.count_on(now, "bonus_paid", amount.get());
    let Some(mut referral) = work.state.get::<Referral>(&referral_id)?.cloned() else {
        return Ok(());
    };
    if referral.referrer_id != user_id {
        return Ok(());
    }
    referral.bonus_earned = referral.bonus_earned.plus(amount)?;
    let mut referrer: User = work.user(user_id)?;
    referrer.referral_earned = referrer.referral_earned.plus(amount)?;
    let day = day_of(now, work.program().time_zone);
    work.state.change.tally_referrer(day, user_id, 0, amount)?;
    work.state.tally(TallyKey::tenant("bonus_earned"), amount);
    work.state.put(referral);
    work.state.put(referrer);
    Ok(())
}

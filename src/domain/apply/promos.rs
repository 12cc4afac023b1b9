//! Promotion codes: made, switched, redeemed.

use std::collections::BTreeSet;

use crate::domain::attempts::FAILED_REDEMPTIONS;
use crate::domain::command::NewPromo;
use crate::domain::deciding::{decide, occur};
use crate::domain::records::{Code as ReferralCode, Promo, PromoUse, PromoUseKey};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::state::{Key, Stop};
use crate::domain::time::Time;
use crate::domain::work::{Occurrence, Work};

use super::happenings::plain;
use super::kept::Kept;

/// Letters and digits that are not taken for one another.
const ALPHABET: &[u8; 31] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
const LENGTH: usize = 10;

/// How many candidates are looked at beside those that are needed.
const SPARE: usize = 7;

pub(super) fn create(work: &mut Work<'_>, new: &NewPromo) -> Result<Kept, Stop> {
    let shown = match &new.code {
        Some(code) => code.trim().to_owned(),
        None => free_codes(work, "", 1)?.remove(0),
    };
    if work.state.get::<Promo>(&ReferralCode::matching(&shown))?.is_some() {
        return Err(Refusal::new(
            Code::AlreadyExists,
            "This promotion code exists already: choose another.",
        )
        .into());
    }
    put(work, &shown, new);
    work.answer.code = Some(shown);
    Ok(Kept::Event)
}

/// Makes codes that differ from one another and from all there are. They are found by the event's
/// number, in the order of their places.
pub(super) fn create_many(
    work: &mut Work<'_>,
    count: u32,
    prefix: &str,
    terms: &NewPromo,
) -> Result<Kept, Stop> {
    for shown in free_codes(work, prefix, count as usize)? {
        put(work, &shown, terms);
    }
    Ok(Kept::Event)
}

fn put(work: &mut Work<'_>, shown: &str, terms: &NewPromo) {
    let promo = Promo {
        matched: ReferralCode::matching(shown),
        shown: shown.to_owned(),
        active: true,
        max_redemptions: terms.max_redemptions,
        redemptions: 0,
        per_user: terms.per_user,
        starts_at: terms.starts_at,
        ends_at: terms.ends_at,
        data: terms.data.clone(),
        created: work.position(),
        created_at: work.now(),
    };
    work.state.put(promo);
}

/// So many codes that nobody has, each another. All candidates are asked for at once.
fn free_codes(work: &Work<'_>, prefix: &str, count: usize) -> Result<Vec<String>, Stop> {
    let mut seen = BTreeSet::new();
    let candidates: Vec<String> = (0..)
        .take(count + SPARE)
        .map(|number| format!("{prefix}{}", random_part(work, number)))
        .filter(|code| seen.insert(ReferralCode::matching(code)))
        .collect();
    work.state.need(seen.into_iter().map(Key::Promo))?;
    let mut free = Vec::with_capacity(count);
    for code in candidates {
        if free.len() < count && work.state.get::<Promo>(&ReferralCode::matching(&code))?.is_none()
        {
            free.push(code);
        }
    }
    if free.len() < count {
        return Err(Refusal::internal("Not enough free promotion codes were found.").into());
    }
    Ok(free)
}

fn random_part(work: &Work<'_>, number: u32) -> String {
    let random = work.random("promo", number);
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]);
    random.iter().take(LENGTH).map(letter).collect()
}

pub(super) fn update(work: &mut Work<'_>, code: &str, active: bool) -> Result<Kept, Stop> {
    let promo = stored(work, code)?;
    work.answer.code = Some(promo.shown.clone());
    if promo.active == active {
        return Ok(Kept::Noted);
    }
    work.state.put(Promo { active, ..promo });
    Ok(Kept::Event)
}

pub(super) fn redeem(work: &mut Work<'_>, user_id: &str, code: &str) -> Result<Kept, Stop> {
    let user = work.present_user(user_id)?;
    FAILED_REDEMPTIONS.require(work, user_id)?;
    let (mut promo, key, count) = match redeemable(work, user_id, code) {
        Ok(found) => found,
        Err(Stop::Refused(refusal)) => {
            FAILED_REDEMPTIONS.note(work, user_id)?;
            return Ok(Kept::Declined(refusal));
        }
        Err(missing) => return Err(missing),
    };
    work.answer.user_id = Some(user.id.clone());
    work.answer.referral_id = user.referral_id;
    work.answer.code = Some(promo.shown.clone());
    let occurrence = Occurrence {
        data: promo.data.clone(),
        ..plain(work, "code_redeemed", &promo.shown, &user)
    };
    let sheet = occur(work, occurrence)?;
    promo.redemptions += 1;
    work.state.put(promo);
    work.state.put(PromoUse { key, count: count + 1 });
    decide(work, sheet)?;
    Ok(Kept::Event)
}

/// The code with the user's use of it so far, when the user can redeem it now.
fn redeemable(
    work: &Work<'_>,
    user_id: &str,
    code: &str,
) -> Result<(Promo, PromoUseKey, i64), Stop> {
    let promo = stored(work, code)?;
    let key = PromoUseKey { code: promo.matched.clone(), user_id: user_id.to_owned() };
    let count = work.state.get::<PromoUse>(&key)?.map_or(0, |promo_use| promo_use.count);
    match objection(&promo, count, work.now()) {
        Some((reason, message)) => Err(Refusal::bad_input(message).because(reason).into()),
        None => Ok((promo, key, count)),
    }
}

fn stored(work: &Work<'_>, code: &str) -> Result<Promo, Stop> {
    (work.state.get::<Promo>(&ReferralCode::matching(code))?.cloned()).ok_or_else(|| {
        Refusal::not_found("There is no such promotion code; check its spelling.").into()
    })
}

fn objection(promo: &Promo, uses_of_user: i64, now: Time) -> Option<(&'static str, &'static str)> {
    if !promo.active {
        Some(("SWITCHED_OFF", "This promotion code is switched off."))
    } else if promo.starts_at.is_some_and(|start| now < start) {
        Some(("NOT_STARTED", "This promotion code cannot be used yet."))
    } else if promo.ends_at.is_some_and(|end| now >= end) {
        Some(("ENDED", "This promotion code cannot be used any more."))
    } else if uses_of_user >= promo.per_user {
        Some(("ALREADY_REDEEMED", "This user has redeemed this promotion code already."))
    } else if promo.max_redemptions.is_some_and(|limit| promo.redemptions >= limit) {
        Some(("USED_UP", "This promotion code is used up."))
    } else {
        None
    }
}

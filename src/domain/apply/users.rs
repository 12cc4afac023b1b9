//! Signing up, changing and forgetting users, and making partners.

use crate::domain::answer::Validation;
use crate::domain::command::PersonalChange;
use crate::domain::deciding::{decide, occur};
use crate::domain::facts::{fingerprint_keys, remember};
use crate::domain::program::ReferralsPer;
use crate::domain::records::{Personal, User};
use crate::domain::referral::{Attempt, give_code, make, validate};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::state::{Key, Stop};
use crate::domain::work::Work;

use super::happenings::plain;
use super::kept::Kept;

pub(super) fn register(
    work: &mut Work<'_>,
    user_id: &str,
    email_verified: bool,
    code: Option<&str>,
) -> Result<Kept, Stop> {
    if work.state.get::<User>(&user_id.to_owned())?.is_some() {
        return Err(Refusal::new(
            Code::AlreadyExists,
            "This id is taken by a partner: choose another.",
        )
        .into());
    }
    let mut user = newcomer(work, user_id);
    user.number = work.state.lane().users + 1;
    user.email_verified = email_verified;
    work.state.need(fingerprint_keys(&user).into_iter().map(Key::Fingerprint))?;
    if work.program().codes.on_sign_up {
        let given = give_code(work, &mut user);
        work.or_missing(given)?;
    }
    let validation = match code {
        Some(code) => Some(accept_code(work, code, &mut user, Attempt::SignUp)?),
        None => None,
    };
    work.state.put(user.clone());
    work.answer.user_id = Some(user.id.clone());
    work.answer.validation = validation;
    work.answer.created = true;
    let sheet = occur(work, plain(work, "signup", user_id, &user))?;
    work.state.lane_mut().users += 1;
    remember(work, &user)?;
    decide(work, sheet)?;
    if email_verified {
        happen(work, "email_verified", &user)?;
    }
    announce_referral(work, user_id)?;
    Ok(Kept::Event)
}

/// Makes the referral that a good code asks for. The referral is made before any rule runs, and
/// counted when it is announced.
pub(super) fn accept_code(
    work: &mut Work<'_>,
    code: &str,
    user: &mut User,
    attempt: Attempt,
) -> Result<Validation, Stop> {
    let validation = validate(work, code, Some(user), attempt)?;
    if let (true, Some(referrer_id)) = (validation.is_valid(), &validation.referrer_id) {
        user.referrer_id = Some(referrer_id.clone());
        user.referred_by_code = Some(validation.code.clone());
        if work.program().referrals == ReferralsPer::User {
            user.referral_id = Some(make(work, &validation.code, referrer_id, user));
        }
    }
    Ok(validation)
}

/// Lets rules see that a referral was made, and counts it.
pub(super) fn announce_referral(work: &mut Work<'_>, user_id: &str) -> Result<(), Stop> {
    let user = work.user(user_id)?;
    let Some(referrer_id) = user.referrer_id.clone() else { return Ok(()) };
    let sheet = match user.referral_id {
        Some(_) => occur(work, plain(work, "referred", user_id, &user))?,
        None => None,
    };
    count_signup(work, &referrer_id)?;
    decide(work, sheet)
}

/// Counts a referred user for the referrer.
pub(super) fn count_signup(work: &mut Work<'_>, referrer_id: &str) -> Result<(), Stop> {
    let mut referrer = work.user(referrer_id)?;
    referrer.signups += 1;
    work.state.put(referrer);
    let now = work.now();
    work.count_on(now, "signups", 1);
    Ok(())
}

fn happen(work: &mut Work<'_>, event: &str, user: &User) -> Result<(), Stop> {
    let sheet = occur(work, plain(work, event, &user.id, user))?;
    decide(work, sheet)
}

pub(super) fn update(
    work: &mut Work<'_>,
    user_id: &str,
    email_verified: Option<bool>,
) -> Result<Kept, Stop> {
    let mut user = work.present_user(user_id)?;
    let before = user.clone();
    change_personal(work, &mut user);
    // Another address has not been verified, unless the caller says so.
    let same_address = user.personal.mailbox() == before.personal.mailbox();
    user.email_verified = email_verified.unwrap_or(before.email_verified && same_address);
    work.answer.user_id = Some(user.id.clone());
    if user == before {
        return Ok(Kept::Noted);
    }
    work.state.need(fingerprint_keys(&user).into_iter().map(Key::Fingerprint))?;
    work.state.put(user.clone());
    remember(work, &user)?;
    if user.email_verified && !before.email_verified {
        happen(work, "email_verified", &user)?;
    }
    Ok(Kept::Event)
}

pub(super) fn create_referrer(work: &mut Work<'_>, user_id: &str) -> Result<Kept, Stop> {
    let mut partner = newcomer(work, user_id);
    let (code, _) = give_code(work, &mut partner)?;
    work.answer.user_id = Some(partner.id.clone());
    work.answer.code = Some(code);
    work.answer.created = true;
    work.state.put(partner);
    Ok(Kept::Event)
}

pub(super) fn erase(work: &mut Work<'_>, user_id: &str) -> Result<Kept, Stop> {
    let mut user = work.user(user_id)?;
    work.answer.user_id = Some(user.id.clone());
    if user.erased_at.is_some() {
        return Ok(Kept::Noted);
    }
    user.personal = Personal::default();
    user.email_verified = false;
    user.erased_at = Some(work.now());
    work.state.put(user);
    Ok(Kept::Event)
}

fn newcomer(work: &mut Work<'_>, user_id: &str) -> User {
    let mut user = User::new(user_id, work.position(), work.now());
    change_personal(work, &mut user);
    user
}

fn change_personal(work: &Work<'_>, user: &mut User) {
    let Some(PersonalChange { name, email, traits, email_hash, ip_hash, device_hash }) =
        &work.command.personal
    else {
        return;
    };
    let personal = &mut user.personal;
    let email_before = personal.email.take();
    personal.name = name.over(personal.name.take());
    personal.email = email.over(email_before.clone());
    personal.traits = traits.over(Some(std::mem::take(&mut personal.traits))).unwrap_or_default();
    if personal.email != email_before {
        personal.email_hash.clone_from(email_hash);
    }
    personal.ip_hash = ip_hash.clone().or_else(|| personal.ip_hash.take());
    personal.device_hash = device_hash.clone().or_else(|| personal.device_hash.take());
}

//! Referral codes: asked for, replaced, typed in, visited.

use crate::domain::attempts::{MISSED_CODES, VISITS};
use crate::domain::caps::{add, engine_key, used};
use crate::domain::records::{Click, ClickKey, Code, User};
use crate::domain::referral::{Attempt, give_code, replace_code};
use crate::domain::refusal::Refusal;
use crate::domain::state::{Key, Stop};
use crate::domain::time::{Window, day_of, next_day};
use crate::domain::work::Work;

use super::kept::Kept;
use super::users::{accept_code, announce_referral};

pub(super) fn generate(work: &mut Work<'_>, user_id: &str) -> Result<Kept, Stop> {
    let mut user = referrer(work, user_id)?;
    let (code, created) = give_code(work, &mut user)?;
    work.answer.user_id = Some(user.id.clone());
    work.answer.code = Some(code);
    work.answer.created = created;
    work.state.put(user);
    Ok(if created { Kept::Event } else { Kept::Noted })
}

pub(super) fn regenerate(work: &mut Work<'_>, user_id: &str) -> Result<Kept, Stop> {
    let mut user = referrer(work, user_id)?;
    if !work.program().codes.regenerate {
        return Err(Refusal::forbidden("This program's codes cannot be replaced.").into());
    }
    work.state.need(user.code.iter().map(|code| Key::Code(Code::matching(code))))?;
    count_generation(work, user_id)?;
    let code = replace_code(work, &mut user)?;
    work.answer.user_id = Some(user.id.clone());
    work.answer.code = Some(code);
    work.answer.created = true;
    work.state.put(user);
    Ok(Kept::Event)
}

fn referrer(work: &Work<'_>, user_id: &str) -> Result<User, Stop> {
    let user = work.user(user_id)?;
    if !work.program().codes.by_users && !user.is_partner() {
        return Err(
            Refusal::forbidden("In this program only an administrator makes referrers.").into()
        );
    }
    work.present_user(user_id)
}

/// Counts a new code against the day's limit; RATE_LIMITED until the next day of the program.
fn count_generation(work: &mut Work<'_>, user_id: &str) -> Result<(), Stop> {
    let Some(limit) = work.program().codes.generations_per_day else { return Ok(()) };
    let key = engine_key(work, "code_generations", user_id, Window::Day);
    if used(work, &key)? >= limit {
        let wait = next_day(work.now(), work.program().time_zone) - work.now();
        let message = format!("At most {limit} new codes a day: try again tomorrow.");
        return Err(Refusal::rate_limited(message, wait).into());
    }
    add(work, key, 1)
}

pub(super) fn apply(work: &mut Work<'_>, user_id: &str, code: &str) -> Result<Kept, Stop> {
    let mut user = work.present_user(user_id)?;
    MISSED_CODES.require(work, user_id)?;
    work.answer.user_id = Some(user.id.clone());
    let validation = accept_code(work, code, &mut user, Attempt::TypedIn)?;
    let accepted = validation.is_valid();
    if validation.is_unknown() {
        MISSED_CODES.note(work, user_id)?;
    }
    work.answer.validation = Some(validation);
    if !accepted {
        return Ok(Kept::Noted);
    }
    work.state.put(user);
    announce_referral(work, user_id)?;
    Ok(Kept::Event)
}

/// Notes a code that nobody has; RATE_LIMITED when the same tried too many of them.
pub(super) fn miss(work: &mut Work<'_>, subject: &str) -> Result<Kept, Stop> {
    MISSED_CODES.require(work, subject)?;
    MISSED_CODES.note(work, subject)?;
    Ok(Kept::Noted)
}

/// Who visits: what the browser says, and keyed hashes.
pub(super) struct Visitor<'c> {
    pub user_agent: &'c Option<String>,
    pub device_hash: &'c Option<String>,
    pub ip_hash: &'c Option<String>,
}

/// Counts a visit: one a code, device and day; without a device each counts, up to 60 a minute from
/// one address. Whoever tries many codes that nobody has learns no more of any.
pub(super) fn click(work: &mut Work<'_>, code: &str, visitor: Visitor<'_>) -> Result<Kept, Stop> {
    let limited = visitor.ip_hash.as_deref();
    if let Some(address) = limited {
        MISSED_CODES.require(work, address)?;
    }
    let found = work.state.get::<Code>(&Code::matching(code))?;
    let Some(code) = found.filter(|code| code.retired_at.is_none()).cloned() else {
        return limited.map_or(Ok(Kept::Noted), |address| miss(work, address));
    };
    // A visit is known by its command, so that one whose commit got lost is not counted twice.
    let id = work.command.id;
    let key = ClickKey {
        code: code.matched.clone(),
        day: day_of(work.now(), work.program().time_zone),
        device: visitor.device_hash.clone().unwrap_or_else(|| id.to_string()),
    };
    work.state.need(
        [Key::Click(key.clone()), Key::User(code.user_id.clone())]
            .into_iter()
            .chain(limited.map(|address| VISITS.ask(address))),
    )?;
    if let Some(known) = work.state.get::<Click>(&key)? {
        work.answer.counted = known.id == id;
        return Ok(Kept::Noted);
    }
    let mut owner = work.user(&code.user_id)?;
    if owner.erased_at.is_some() {
        return Ok(Kept::Noted);
    }
    if let Some(address) = limited {
        if VISITS.wait(work, address)?.is_some() {
            return Ok(Kept::Noted);
        }
        VISITS.note(work, address)?;
    }
    owner.clicks += 1;
    work.state.put(owner);
    let now = work.now();
    work.count_on(now, "clicks", 1);
    work.state.put(Click {
        key,
        id,
        user_agent: visitor.user_agent.clone(),
        ip_hash: visitor.ip_hash.clone(),
        at: now,
    });
    work.answer.counted = true;
    Ok(Kept::Noted)
}

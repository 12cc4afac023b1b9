//! Referrals reviewed by hand: held ones released, doubtful ones refused.

use uuid::Uuid;

use crate::domain::deciding::{decide, release_held};
use crate::domain::records::{Referral, ReferralStatus};
use crate::domain::referral;
use crate::domain::refusal::Refusal;
use crate::domain::state::{Key, Stop};
use crate::domain::work::Work;

use super::kept::Kept;
use super::purchases::follow_refunds;

/// Releases a HELD referral: what held it is decided again, with holds off.
pub(super) fn approve(work: &mut Work<'_>, referral_id: Uuid) -> Result<Kept, Stop> {
    let held = stored(work, referral_id)?;
    if held.status != ReferralStatus::Held {
        return Err(unfit(held.status, "that is HELD can be approved"));
    }
    let users = [&held.referrer_id, &held.referee_id];
    work.state.need(users.map(|id| Key::User(id.clone())))?;
    answer(work, &held);
    referral::release(work, referral_id)?;
    release_held(work, &held)?;
    decide(work, None)?;
    follow_refunds(work)?;
    Ok(Kept::Event)
}

/// Refuses a referral that was not paid.
pub(super) fn reject(
    work: &mut Work<'_>,
    referral_id: Uuid,
    reason: Option<&str>,
) -> Result<Kept, Stop> {
    use ReferralStatus::{Failed, Held, Pending, Rejected};
    let found = stored(work, referral_id)?;
    answer(work, &found);
    match found.status {
        Pending | Held | Failed => referral::refuse(work, referral_id, reason)?,
        Rejected => return Ok(Kept::Noted),
        other => return Err(unfit(other, "that was not paid can be rejected")),
    }
    Ok(Kept::Event)
}

fn answer(work: &mut Work<'_>, referral: &Referral) {
    work.answer.user_id = Some(referral.referee_id.clone());
    work.answer.referral_id = Some(referral.id);
}

fn stored(work: &Work<'_>, referral_id: Uuid) -> Result<Referral, Stop> {
    (work.state.get::<Referral>(&referral_id)?.cloned())
        .ok_or_else(|| Refusal::not_found("There is no such referral.").into())
}

fn unfit(status: ReferralStatus, which: &str) -> Stop {
    let name = status.name();
    Refusal::bad_input(format!("This referral is {name}: only one {which}.")).because(name).into()
}

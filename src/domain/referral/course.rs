//! The course of a referral: made, converted, credited, and what may come between.

use serde_json::Value;
use uuid::Uuid;

use crate::domain::amount::Amount;
use crate::domain::records::{Hold, Purchase, Referral, ReferralStatus, TallyKey, User};
use crate::domain::refusal::Refusal;
use crate::domain::state::Stop;
use crate::domain::time::day_of;
use crate::domain::work::Work;

/// Makes a referral of `referee` by `referrer_id`, PENDING. The user's own referral where a program
/// has one for each user.
pub fn make(work: &mut Work<'_>, code: &str, referrer_id: &str, referee: &mut User) -> Uuid {
    let made = (work.position(), work.now());
    let referral = Referral::new(work.id(), code, (referrer_id, &referee.id), made);
    let id = referral.id;
    work.state.count(TallyKey::tenant("referrals"), 1);
    work.state.count(TallyKey::user(referrer_id, "referrals"), 1);
    count_status(work, &referral, 1);
    work.state.put(referral);
    work.answer.referral_id = Some(id);
    id
}

/// Notes the conversion: a referred user's first purchase, whatever the rules answer. Each referral
/// converts once, and each purchase's own referral with its purchase; a customer who converted
/// before counts no more.
pub fn convert(
    work: &mut Work<'_>,
    referral_id: Uuid,
    purchase: &Purchase,
    counts: bool,
) -> Result<(), Stop> {
    let mut referral = stored(work, referral_id)?;
    describe(&mut referral, purchase);
    let now = work.now();
    let converts = referral.converted_at.is_none();
    referral.converted_at.get_or_insert(now);
    if converts && counts {
        let mut referrer = work.user(&referral.referrer_id)?;
        referrer.conversions += 1;
        work.state.put(referrer);
        work.count_on(now, "conversions", 1);
        let seconds = (now - referral.signed_up_at).num_seconds().max(0);
        work.count_on(now, "seconds_to_purchase", seconds);
        work.count_on(now, "first_purchases", 1);
    }
    work.state.put(referral);
    Ok(())
}

/// Notes on a referral which purchase decides it.
fn describe(referral: &mut Referral, purchase: &Purchase) {
    referral.purchase_id = Some(purchase.id.clone());
    referral.purchase_amount = Some(purchase.amount);
    referral.purchase_type = purchase.data.get("type").and_then(Value::as_str).map(str::to_owned);
    referral.plan.clone_from(&purchase.plan);
}

/// The referrer was paid: CREDITED, and counted for the referrer. Gives the reason why not, when the
/// referral is not in a state that can be credited.
pub fn credit(
    work: &mut Work<'_>,
    referral_id: Uuid,
    purchase_id: Option<&str>,
) -> Result<Result<(), String>, Stop> {
    use ReferralStatus::{Failed, Paying, Pending};
    let mut referral = stored(work, referral_id)?;
    if !matches!(referral.status, Pending | Paying | Failed) {
        return Ok(Err(format!("referral:{}", referral.status.name())));
    }
    if let Some(purchase_id) = purchase_id
        && let Some(purchase) = work.state.get::<Purchase>(&purchase_id.to_owned())?.cloned()
    {
        describe(&mut referral, &purchase);
        work.state.put(Purchase { referral_id: Some(referral_id), ..purchase });
    }
    let now = work.now();
    referral.credited_at = Some(now);
    referral.failure_reason = None;
    count_credited(work, &referral.referrer_id, 1)?;
    move_to(work, referral, ReferralStatus::Credited);
    Ok(Ok(()))
}

/// The referral waits for an administrator, with the decision that held it.
pub fn hold(
    work: &mut Work<'_>,
    referral_id: Uuid,
    (hold, reason): (Hold, &str),
    signals: Value,
) -> Result<(), Stop> {
    doubt(work, referral_id, (ReferralStatus::Held, reason), signals)?;
    let mut referral = stored(work, referral_id)?;
    referral.holds.push(hold);
    work.state.put(referral);
    Ok(())
}

/// An administrator releases it: it is PENDING again, and nothing holds it. What spoke for abuse
/// stays on record.
pub fn release(work: &mut Work<'_>, referral_id: Uuid) -> Result<(), Stop> {
    let mut referral = stored(work, referral_id)?;
    referral.failure_reason = None;
    referral.holds.clear();
    referral.reviewed_by = Some(work.command.actor.clone());
    move_to(work, referral, ReferralStatus::Pending);
    Ok(())
}

/// An administrator refuses it for good.
pub fn refuse(work: &mut Work<'_>, referral_id: Uuid, reason: Option<&str>) -> Result<(), Stop> {
    let mut referral = stored(work, referral_id)?;
    referral.failure_reason = reason.map(str::to_owned).or(referral.failure_reason);
    referral.holds.clear();
    referral.reviewed_by = Some(work.command.actor.clone());
    move_to(work, referral, ReferralStatus::Rejected);
    Ok(())
}

/// The referral is refused.
pub fn reject(
    work: &mut Work<'_>,
    referral_id: Uuid,
    reason: &str,
    signals: Value,
) -> Result<(), Stop> {
    doubt(work, referral_id, (ReferralStatus::Rejected, reason), signals)
}

/// A payment was owed and could not be made. A referral that was decided, or that waits for an
/// administrator, stays as it is.
pub fn fail(work: &mut Work<'_>, referral_id: Uuid, reason: &str) -> Result<(), Stop> {
    use ReferralStatus::{Failed, Paying, Pending};
    let mut referral = stored(work, referral_id)?;
    if !matches!(referral.status, Pending | Paying | Failed) {
        return Ok(());
    }
    referral.failure_reason = Some(reason.to_owned());
    move_to(work, referral, ReferralStatus::Failed);
    Ok(())
}

/// The referrer's reward was taken back: it no longer counts; the conversion stays.
pub fn reverse(work: &mut Work<'_>, referral_id: Uuid) -> Result<(), Stop> {
    let referral = stored(work, referral_id)?;
    if referral.status != ReferralStatus::Credited {
        return Ok(());
    }
    count_credited(work, &referral.referrer_id, -1)?;
    move_to(work, referral, ReferralStatus::Reversed);
    Ok(())
}

/// Keeps what spoke for abuse, with where the referral goes because of it.
fn doubt(
    work: &mut Work<'_>,
    referral_id: Uuid,
    (status, reason): (ReferralStatus, &str),
    signals: Value,
) -> Result<(), Stop> {
    let mut referral = stored(work, referral_id)?;
    referral.failure_reason = Some(reason.to_owned());
    referral.signals = Some(signals);
    move_to(work, referral, status);
    Ok(())
}

/// Counts a credited referral, or takes it off again: for its referrer, the day and the program.
fn count_credited(work: &mut Work<'_>, referrer_id: &str, by: i64) -> Result<(), Stop> {
    let mut referrer = work.user(referrer_id)?;
    referrer.credited += by;
    work.state.put(referrer);
    let now = work.now();
    let day = day_of(now, work.program().time_zone);
    work.state.change.tally_referrer(day, referrer_id, by, Amount::ZERO)?;
    work.count_on(now, "credited", by);
    work.state.lane_mut().credited_referrals += by;
    Ok(())
}

fn move_to(work: &mut Work<'_>, mut referral: Referral, status: ReferralStatus) {
    count_status(work, &referral, -1);
    referral.status = status;
    count_status(work, &referral, 1);
    work.state.put(referral);
}

/// Counts a referral among those of its status, the tenant's and its referrer's.
fn count_status(work: &mut Work<'_>, referral: &Referral, by: i64) {
    let name = format!("referrals:{}", referral.status.name());
    work.state.count(TallyKey::user(&referral.referrer_id, name.as_str()), by);
    work.state.count(TallyKey::tenant(name), by);
}

fn stored(work: &Work<'_>, referral_id: Uuid) -> Result<Referral, Stop> {
    (work.state.get::<Referral>(&referral_id)?.cloned())
        .ok_or_else(|| Refusal::internal("A referral that a record names is not there.").into())
}

//! What a decision's effects are applied for, and what may stand in their way.

use uuid::Uuid;

use crate::domain::facts::Sheet;
use crate::domain::records::FactSheetKey;
use crate::domain::state::Stop;
use crate::domain::work::Work;

/// What a decision's effects are applied for.
pub(super) struct Cause<'a> {
    pub sheet: &'a Sheet,
    pub decision_id: Uuid,
    /// The name under which the sheet is kept.
    pub sheet_key: FactSheetKey,
    /// What the event's decisions gave so far, for the ceiling.
    pub given: i64,
    /// Does the answer credit the referral?
    pub credits: bool,
    /// Did a used once-key drop an effect?
    pub once_used: bool,
}

/// Why a decision's effects are not applied.
pub(super) enum Obstacle {
    /// There is nothing to be done, and why.
    Skipped(String),
    /// The rule asked for what may not be.
    Failed(String),
    /// The slice lacks something.
    Stop(Stop),
}

impl From<Stop> for Obstacle {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused(refusal) => Self::Failed(refusal.message),
            missing @ Stop::Missing(_) => Self::Stop(missing),
        }
    }
}

/// The user whom an effect names: the event's user or its referrer, and nobody else.
pub(super) fn named<'c>(cause: &'c Cause<'_>, user: &str) -> Result<&'c str, Obstacle> {
    let (own, referrer) = (&cause.sheet.occurrence.user_id, cause.sheet.referrer_id.as_ref());
    [Some(own), referrer].into_iter().flatten().find(|id| *id == user).map(String::as_str).ok_or_else(|| {
        Obstacle::Failed(format!("An effect may name the event's user or its referrer, not {user:?}: use ctx.user or ctx.referrer."))
    })
}

/// The referral that the event is about, or FAILED.
pub(super) fn referral_of(work: &Work<'_>, cause: &Cause<'_>) -> Result<Uuid, Obstacle> {
    (own_referral(work, cause)?).ok_or_else(|| {
        Obstacle::Failed(
            "There is no referral: return skip(\"not_referred\") when ctx.referral is ()."
                .to_owned(),
        )
    })
}

/// The referral that the event is about.
pub(super) fn own_referral(work: &Work<'_>, cause: &Cause<'_>) -> Result<Option<Uuid>, Obstacle> {
    let occurrence = &cause.sheet.occurrence;
    if occurrence.referral_id.is_some() {
        return Ok(occurrence.referral_id);
    }
    Ok(work.user(&occurrence.user_id)?.referral_id)
}

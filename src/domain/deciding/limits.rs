//! Caps and ceilings as they meet one effect.

use crate::domain::amount::Amount;
use crate::domain::caps::{Parties, add, cap_key, engine_key, used};
use crate::domain::program::{Cap, Measure, OnExceeded};
use crate::domain::records::CapKey;
use crate::domain::time::Window;
use crate::domain::work::Work;

use super::cause::{Cause, Obstacle};

/// What a cap lets through: the amount that may be paid, and how the cap counted it.
pub(super) struct Passed {
    pub amount: Amount,
    pub counted: Option<(CapKey, i64)>,
}

/// Counts an effect against the cap that it names. `None` when the cap drops it.
pub(super) fn pass_cap(
    work: &mut Work<'_>,
    cause: &Cause<'_>,
    name: Option<&str>,
    amount: Amount,
) -> Result<Option<Passed>, Obstacle> {
    let Some(name) = name else { return Ok(Some(Passed { amount, counted: None })) };
    let cap = (work.program().caps.get(name)).ok_or_else(|| {
        Obstacle::Failed(format!(
            "The program has no cap {name:?}: add [caps.{name}] to program.toml."
        ))
    })?;
    let key = cap_of(work, cause, Some(name)).ok_or_else(|| {
        Obstacle::Failed(format!("The cap {name:?} counts for the referrer, and there is none."))
    })?;
    let left = (cap.measure.limit() - used(work, &key)?).max(0);
    let Some((amount, counted)) = within(cap, left, amount) else {
        return match cap.on_exceeded {
            OnExceeded::Refuse => Err(Obstacle::Skipped(format!("cap:{name}"))),
            OnExceeded::Clip => Ok(None),
        };
    };
    add(work, key.clone(), counted)?;
    Ok(Some(Passed { amount, counted: Some((key, counted)) }))
}

/// What of the amount fits into what is left, and how much that counts.
fn within(cap: &Cap, left: i64, amount: Amount) -> Option<(Amount, i64)> {
    match cap.measure {
        Measure::Count(_) => (left >= 1).then_some((amount, 1)),
        Measure::Amount(_) if amount.get() <= left => Some((amount, amount.get())),
        Measure::Amount(_) if cap.on_exceeded == OnExceeded::Clip && left > 0 => {
            Some((Amount::new(left).ok()?, left))
        }
        Measure::Amount(_) => None,
    }
}

/// Counts an amount against the ceilings that no script can pass.
pub(super) fn pass_ceilings(
    work: &mut Work<'_>,
    cause: &mut Cause<'_>,
    user_id: &str,
    source: &str,
    amount: Amount,
) -> Result<(), Obstacle> {
    let limits = &work.program().limits;
    if limits.exempt_sources.iter().any(|exempt| exempt == source) {
        return Ok(());
    }
    let amount = amount.get();
    keep_below("per_effect", limits.per_effect, amount)?;
    let in_event = cause.given.saturating_add(amount);
    keep_below("per_event", limits.per_event, in_event)?;
    cause.given = in_event;
    for (name, limit, key) in daily(work, user_id) {
        keep_below(name, Some(limit), used(work, &key)?.saturating_add(amount))?;
        add(work, key, amount)?;
    }
    Ok(())
}

/// The daily ceilings that the program sets: name, limit and the key under which it counts.
fn daily(work: &Work<'_>, user_id: &str) -> Vec<(&'static str, i64, CapKey)> {
    let limits = &work.program().limits;
    let days = [
        ("per_user_day", limits.per_user_day, user_id),
        ("per_program_day", limits.per_program_day, ""),
    ];
    (days.into_iter())
        .filter_map(|(name, limit, subject)| {
            Some((name, limit?, engine_key(work, name, subject, Window::Day)))
        })
        .collect()
}

/// The keys of the daily ceilings.
pub(super) fn ceiling_keys(work: &Work<'_>, user_id: &str) -> Vec<CapKey> {
    daily(work, user_id).into_iter().map(|(_, _, key)| key).collect()
}

/// The key under which the cap of this name counts for the event.
pub(super) fn cap_of(work: &Work<'_>, cause: &Cause<'_>, name: Option<&str>) -> Option<CapKey> {
    let name = name?;
    let parties = Parties {
        user_id: Some(&cause.sheet.occurrence.user_id),
        referrer_id: cause.sheet.referrer_id.as_deref(),
    };
    cap_key(work.program(), work.now(), (name, work.program().caps.get(name)?), parties)
}

fn keep_below(name: &str, limit: Option<i64>, wanted: i64) -> Result<(), Obstacle> {
    match limit {
        Some(limit) if wanted > limit => Err(Obstacle::Failed(format!(
            "This would come to {wanted}, above the ceiling {name} = {limit} under [limits] in program.toml."
        ))),
        _ => Ok(()),
    }
}

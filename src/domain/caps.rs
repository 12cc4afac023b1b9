//! Caps: how much of a limit is used, for whom, in which window.

use super::program::{Cap, Program, Scope};
use super::records::{CapKey, CapUse};
use super::state::Stop;
use super::time::{Time, Window};
use super::work::Work;

/// The parties for whom a cap may count.
#[derive(Debug, Clone, Copy)]
pub struct Parties<'a> {
    /// The event's user.
    pub user_id: Option<&'a str>,
    /// The referrer of the event's user.
    pub referrer_id: Option<&'a str>,
}

/// The key under which a cap of the program counts now; `None` when it counts for somebody who is
/// not there.
#[must_use]
pub fn cap_key(
    program: &Program,
    now: Time,
    (name, cap): (&str, &Cap),
    parties: Parties<'_>,
) -> Option<CapKey> {
    let subject = match cap.scope {
        Scope::User => parties.user_id?,
        Scope::Referrer => parties.referrer_id?,
        Scope::Program => "",
    };
    Some(key(program, now, (name, subject), cap.window))
}

/// The key of a limit of the engine's own; its name cannot be a program's.
#[must_use]
pub fn engine_key(work: &Work<'_>, name: &str, subject: &str, window: Window) -> CapKey {
    key(work.program(), work.now(), (&format!("#{name}"), subject), window)
}

fn key(program: &Program, now: Time, (cap, subject): (&str, &str), window: Window) -> CapKey {
    CapKey {
        cap: cap.to_owned(),
        subject: subject.to_owned(),
        window: window.name_at(now, program.time_zone),
    }
}

/// How much is used.
pub fn used(work: &Work<'_>, key: &CapKey) -> Result<i64, Stop> {
    Ok(work.state.get::<CapUse>(key)?.map_or(0, |cap_use| cap_use.used))
}

/// Adds to what is used.
pub fn add(work: &mut Work<'_>, key: CapKey, by: i64) -> Result<(), Stop> {
    let used = used(work, &key)?.saturating_add(by);
    work.state.put(CapUse { key, used });
    Ok(())
}

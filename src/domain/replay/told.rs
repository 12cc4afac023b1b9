//! What one event made, told again, beside what is recorded of it: its decisions, its entries of the
//! ledger, what it emitted and what it answered.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

use super::alike::{Difference, Proof, unlike};
use super::forgotten::Forgotten;
use super::recorded::Recorded;
use crate::domain::apply::{Applied, Changed};
use crate::domain::records::{Decision, Outcome};
use crate::domain::refusal::Refusal;

/// The decisions that come out otherwise than they are recorded.
pub(super) fn decisions_unlike(
    told: &Result<Applied, Refusal>,
    recorded: &Recorded,
    forgotten: &Forgotten,
) -> Vec<Difference> {
    let made = match told {
        Ok(Applied::Changed(changed)) => own_decisions(changed),
        _ => Vec::new(),
    };
    let plain = |made: &Decision| essence(made.clone(), forgotten);
    let told = made.into_iter().map(|made| (made.id, plain(made))).collect();
    let stored = recorded.decisions.iter().map(|made| (made.id, plain(made)));
    let found = beside(told, stored, |made| format!("decision {}", made.id));
    found.into_iter().map(|found| Difference { proof: Proof::Decisions, ..found }).collect()
}

/// The decisions that this event made; one that it decides again is an earlier event's.
fn own_decisions(changed: &Changed) -> Vec<&Decision> {
    let seq = changed.event.seq;
    let decisions = changed.change.tables.decisions.values().flatten();
    decisions.filter(|made| made.position.seq == seq).collect()
}

/// A decision as far as it is decided: not how long it took, not what became of it later, and of an
/// error not the words, which a later version of the engine may choose better.
pub(super) fn essence(made: Decision, forgotten: &Forgotten) -> Decision {
    let made = if forgotten.is_erased(&made.user_id) { made.without_words() } else { made };
    let reason = made.reason.filter(|_| made.outcome != Outcome::Failed);
    Decision { reason, duration_micros: 0, retried_by: None, ..made }
}

/// What an event made that never changes again, and is not as it is recorded.
pub(super) fn rows_unlike(
    changed: &Changed,
    recorded: &Recorded,
    forgotten: &Forgotten,
) -> Vec<Difference> {
    let event = &recorded.event;
    let told = (&changed.event.answer, changed.event.seq, changed.event.user_id.as_ref());
    let stored = (&event.answer, event.seq, event.user_id.as_ref());
    let mut unlike: Vec<Difference> =
        unlike(|| format!("event {}", event.seq), Some(&told), Some(&stored)).into_iter().collect();
    let tables = &changed.change.tables;
    let told = tables.transactions.values().flatten().cloned();
    let told = told.map(|entry| (entry.id, forgotten.plain_entry(entry))).collect();
    let stored = recorded.transactions.iter().cloned();
    let stored = stored.map(|entry| (entry.id, forgotten.plain_entry(entry)));
    unlike.extend(beside(told, stored, |entry| format!("transaction {}", entry.id)));
    let told = tables.emissions.iter().cloned();
    let told = told.map(|sent| (sent.id, forgotten.plain_emission(sent))).collect();
    let stored = recorded.emissions.iter().cloned();
    let stored = stored.map(|sent| (sent.id, forgotten.plain_emission(sent)));
    unlike.extend(beside(told, stored, |sent| format!("emission {}", sent.id)));
    unlike
}

/// Lays what is told beside what is stored.
fn beside<K: Eq + Hash, R: Debug + PartialEq>(
    mut told: HashMap<K, R>,
    stored: impl Iterator<Item = (K, R)>,
    row: impl Fn(&R) -> String,
) -> Vec<Difference> {
    let mut found: Vec<Difference> = stored
        .filter_map(|(key, stored)| {
            unlike(|| row(&stored), told.remove(&key).as_ref(), Some(&stored))
        })
        .collect();
    found.extend(told.values().filter_map(|left| unlike(|| row(left), Some(left), None)));
    found
}

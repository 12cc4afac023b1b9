//! What one event made that never changes again, told again, beside what is recorded of it: its
//! decisions and their facts, its entries of the ledger, what it emitted and what it answered.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Debug;

use uuid::Uuid;

use super::alike::{Difference, Proof, unlike};
use super::forgotten::Forgotten;
use super::recorded::Recorded;
use crate::domain::apply::{Applied, Changed};
use crate::domain::records::{Decision, Emission, FactSheet, FactSheetKey, Outcome, Transaction};
use crate::domain::refusal::Refusal;
use crate::domain::rules::OUT_OF_TIME;

/// What decisions came out otherwise than they are recorded.
pub(super) struct Decided {
    /// Does any of them?
    pub is_any: bool,
    /// Of them, those for which there is no excuse.
    pub differences: Vec<Difference>,
}

/// The decisions that come out otherwise than they are recorded.
pub(super) fn decisions_unlike(
    told: &Result<Applied, Refusal>,
    recorded: &Recorded,
    forgotten: &Forgotten,
) -> Decided {
    let made = match told {
        Ok(Applied::Changed(changed)) => own_decisions(changed),
        _ => Vec::new(),
    };
    let excuse = |made: &&Decision| forgotten.is_erased(&made.user_id) || was_out_of_time(made);
    let excused: HashSet<Uuid> = (recorded.decisions.iter().chain(made.iter().copied()))
        .filter(excuse)
        .map(|made| made.id)
        .collect();
    let found = beside(made, &recorded.decisions, forgotten);
    let is_any = !found.is_empty();
    let differences = (found.into_iter())
        .filter(|(id, _)| !excused.contains(id))
        .map(|(_, found)| Difference { proof: Proof::Decisions, ..found })
        .collect();
    Decided { is_any, differences }
}

/// Did the clock end the script? Then it depended on the machine.
fn was_out_of_time(made: &Decision) -> bool {
    let reason = made.reason.as_deref().unwrap_or_default();
    let said = reason.strip_prefix(OUT_OF_TIME).is_some_and(|rest| rest.starts_with(':'));
    made.outcome == Outcome::Failed && said
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

/// What an event made that is not as it is recorded, its decisions aside.
pub(super) fn rows_unlike(
    changed: &Changed,
    recorded: &Recorded,
    forgotten: &Forgotten,
) -> Vec<Difference> {
    let event = &recorded.event;
    let answers = (Some(&changed.event.answer), Some(&event.answer));
    let answer = unlike(|| format!("answer of event {}", event.seq), answers.0, answers.1);
    let mut unlike: Vec<Difference> = answer.into_iter().collect();
    let tables = &changed.change.tables;
    let entries = tables.transactions.values().flatten().collect();
    unlike.extend(named(beside(entries, &recorded.transactions, forgotten)));
    let sheets = tables.fact_sheets.values().flatten().collect();
    unlike.extend(named(beside(sheets, &recorded.sheets, forgotten)));
    let emissions = tables.emissions.iter().collect();
    unlike.extend(named(beside(emissions, &recorded.emissions, forgotten)));
    unlike
}

fn named<K>(found: Vec<(K, Difference)>) -> impl Iterator<Item = Difference> {
    found.into_iter().map(|(_, found)| found)
}

/// What an event makes that never changes again.
trait Written: Clone + Debug + PartialEq {
    type Key: PartialEq;

    fn key(&self) -> Self::Key;
    /// The row's name for people.
    fn row(&self) -> String;
    /// The record as far as it can be told again.
    fn plain<'a>(&'a self, forgotten: &Forgotten) -> Cow<'a, Self>;
}

/// Lays what is told beside what is stored. There are few of a kind in an event.
fn beside<R: Written>(
    mut told: Vec<&R>,
    stored: &[R],
    forgotten: &Forgotten,
) -> Vec<(R::Key, Difference)> {
    let mut found = Vec::new();
    let mut compare = |told: Option<&R>, stored: Option<&R>| {
        let Some(known) = stored.or(told) else { return };
        let (told, stored) =
            (told.map(|told| told.plain(forgotten)), stored.map(|stored| stored.plain(forgotten)));
        let unlike = unlike(|| known.row(), told.as_deref(), stored.as_deref());
        found.extend(unlike.map(|unlike| (known.key(), unlike)));
    };
    for stored in stored {
        let place = told.iter().position(|told| told.key() == stored.key());
        compare(place.map(|place| told.swap_remove(place)), Some(stored));
    }
    told.into_iter().for_each(|left| compare(Some(left), None));
    found
}

impl Written for Decision {
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.id
    }

    fn row(&self) -> String {
        format!("decision {}", self.id)
    }

    fn plain<'a>(&'a self, forgotten: &Forgotten) -> Cow<'a, Self> {
        Cow::Owned(essence(self.clone(), forgotten))
    }
}

impl Written for Transaction {
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.id
    }

    fn row(&self) -> String {
        format!("transaction {}", self.id)
    }

    fn plain<'a>(&'a self, forgotten: &Forgotten) -> Cow<'a, Self> {
        forgotten.plain_entry(self)
    }
}

impl Written for FactSheet {
    type Key = FactSheetKey;

    fn key(&self) -> FactSheetKey {
        self.key
    }

    fn row(&self) -> String {
        format!("fact sheet {} {}", self.key.seq, self.key.n)
    }

    fn plain<'a>(&'a self, forgotten: &Forgotten) -> Cow<'a, Self> {
        forgotten.plain_sheet(self)
    }
}

impl Written for Emission {
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.id
    }

    fn row(&self) -> String {
        format!("emission {}", self.id)
    }

    fn plain<'a>(&'a self, forgotten: &Forgotten) -> Cow<'a, Self> {
        forgotten.plain_emission(self)
    }
}

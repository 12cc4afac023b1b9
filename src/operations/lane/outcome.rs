//! What became of a command that its lane accepted.

use uuid::Uuid;

use crate::domain::answer::Answer;
use crate::domain::records::{Account, AccountKey, Decision, Event, Lot, Transaction};
use crate::domain::state::{Change, Record};

/// What became of an accepted command, known only after its commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The event, this one or the earlier one that it repeats. `None` for a visit, which is no
    /// event, and for a command that found nothing to change.
    pub event: Option<Event>,
    /// What it answers; of a repetition, what the earlier one answered.
    pub answer: Answer,
    /// Does it repeat an earlier command? Then `change` is empty, and what was made is to be read
    /// by the event's number.
    pub replayed: bool,
    /// What the command changed.
    pub change: Change,
}

impl Outcome {
    /// A record that the command made or changed.
    #[must_use]
    pub fn record<R: Record>(&self, key: &R::Key) -> Option<&R> {
        R::table(&self.change.tables).get(key)?.as_ref()
    }

    /// The transactions that it booked, in order.
    #[must_use]
    pub fn transactions(&self) -> Vec<Transaction> {
        let mut booked: Vec<_> =
            self.change.tables.transactions.values().flatten().cloned().collect();
        booked.sort_by_key(|transaction| transaction.position);
        booked
    }

    /// The decisions that it made, in order.
    #[must_use]
    pub fn decisions(&self) -> Vec<Decision> {
        let seq = self.event.as_ref().map_or(0, |event| event.seq);
        let mut made: Vec<_> = (self.change.tables.decisions.values().flatten())
            .filter(|decision| decision.position.seq == seq)
            .cloned()
            .collect();
        made.sort_by_key(|decision| decision.position);
        made
    }

    /// An account that it touched.
    #[must_use]
    pub fn account(&self, key: &AccountKey) -> Option<&Account> {
        self.record::<Account>(key)
    }

    /// A lot that it made or touched.
    #[must_use]
    pub fn lot(&self, id: Uuid) -> Option<&Lot> {
        self.record::<Lot>(&id)
    }
}

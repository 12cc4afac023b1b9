//! An event as it is stored, with what was recorded of its decisions and entries.

use crate::domain::command::Command;
use crate::domain::records::{Decision, Emission, Event, FactSheet, Operation, Transaction};
use crate::domain::rules::OUT_OF_TIME;
use crate::domain::state::Key;

/// An event with everything of it that never changes again.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The event.
    pub event: Event,
    /// The facts that its decisions were made on, in order.
    pub sheets: Vec<FactSheet>,
    /// Its decisions, in order.
    pub decisions: Vec<Decision>,
    /// Its entries of the ledger, in order, with their uses.
    pub transactions: Vec<Transaction>,
    /// What its rules emitted, in order.
    pub emissions: Vec<Emission>,
}

impl Recorded {
    /// The command that it was; `None` when its text says no command.
    pub(super) fn command(&self) -> Option<Command> {
        let event = &self.event;
        let personal = event.personal.clone().map(serde_json::from_value).transpose();
        Some(Command {
            id: event.id,
            seed: event.seed,
            actor: event.actor.clone(),
            key: event.key.clone(),
            input_hash: event.input_hash.clone(),
            body: serde_json::from_value(event.body.clone()).ok()?,
            personal: personal.ok()?,
        })
    }

    /// The earlier entry that the event is about, where it names one.
    #[must_use]
    pub fn names(&self) -> Option<Key> {
        let text = self.event.body.get("transaction_id")?.as_str()?;
        text.parse().ok().map(Key::Transaction)
    }

    /// Does it change the tenant's settings?
    pub(super) fn sets(&self) -> bool {
        self.event.operation == Operation::UpdateSettings
    }

    /// Did the clock end a script?
    pub(super) fn was_out_of_time(&self) -> bool {
        let reasons = self.decisions.iter().filter_map(|made| made.reason.as_deref());
        reasons.into_iter().any(|reason| reason.starts_with(OUT_OF_TIME))
    }
}

//! A whole tenant kept in memory, changed by the same `apply` as one in a database: for worked
//! examples, properties and replay.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::Map;

use super::apply::{Applied, apply};
use super::command::Command;
use super::records::{Lane, TallyKey};
use super::refusal::Refusal;
use super::state::{Change, Slice, State, Stop};
use super::work::InForce;

/// A tenant in memory. What is not here is absent.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// Everything there is.
    pub slice: Slice,
    /// The running totals.
    pub tallies: BTreeMap<TallyKey, i64>,
}

impl World {
    /// An empty tenant that runs the program of this name.
    #[must_use]
    pub fn new(program: &str) -> Self {
        let lane = Lane {
            seq: 0,
            last_at: DateTime::UNIX_EPOCH,
            program: program.to_owned(),
            program_hash: String::new(),
            settings_version: 0,
            settings: Map::new(),
            users: 0,
            credited_referrals: 0,
        };
        Self { slice: Slice::in_memory(lane), tallies: BTreeMap::new() }
    }

    /// Applies one command and keeps what it changed. A refused command changes nothing.
    pub fn apply(&mut self, command: &Command, in_force: InForce<'_>) -> Result<Applied, Refusal> {
        let applied = match apply(&self.slice, &Change::default(), command, in_force) {
            Ok(applied) => applied,
            Err(Stop::Refused(refusal)) => return Err(refusal),
            Err(Stop::Missing(_)) => {
                return Err(Refusal::internal("A tenant in memory lacks nothing."));
            }
        };
        if let Some(change) = applied.change() {
            self.keep(change.clone());
        }
        Ok(applied)
    }

    /// Keeps what a command or a batch changed.
    pub fn keep(&mut self, change: Change) {
        for lot in change.tables.lots.values().flatten() {
            let lots = self.slice.open_lots.entry(lot.account.clone()).or_default();
            lots.retain(|id| *id != lot.id);
            if lot.is_open() {
                lots.push(lot.id);
            }
        }
        for (key, by) in change.tallies {
            *self.tallies.entry(key).or_default() += by;
        }
        self.slice.lane = change.lane.unwrap_or_else(|| self.slice.lane.clone());
        self.slice.tables.absorb(change.tables);
    }

    /// The tenant as a command would see it.
    #[must_use]
    pub fn state<'a>(&'a self, nothing: &'a Change) -> State<'a> {
        State::new(&self.slice, nothing)
    }
}

//! History told again: the stored commands, one after another, make the books once more, and every
//! decision is made once more from its frozen facts. What comes out is compared with what stands in
//! the rows.
//!
//! A decision is asked of its scripts, of the version that was in force, with the settings of then.
//! Where they answer otherwise than the record, that is a difference, and the record goes on: so one
//! difference does not bring others after it. Where a person was erased the facts are gone, and
//! the record stands.
//!
//! The facts themselves must be those that history tells. Some things are no events, and are not told:
//! visits and failed attempts. What was erased is not compared; once somebody was, neither is who
//! was seen with whose address.

mod alike;
mod books;
mod forgotten;
mod frozen;
mod recorded;
mod told;
mod witness;

pub use alike::{Difference, Proof};
pub use books::Booked;
pub use forgotten::Forgotten;
pub use recorded::Recorded;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::apply::{Applied, Changed, apply};
use super::command::Command;
use super::program::Program;
use super::records::{Lane, Operation, ReferrerDay};
use super::refusal::Refusal;
use super::rules::Rules;
use super::state::{Beyond, Change, Key, Slice, Stop};
use super::work::InForce;
use super::world::World;

use alike::unlike;
use witness::{Source, Witness};

/// A tenant's books, made again from the first event on.
#[derive(Debug)]
pub struct Replay {
    world: World,
    referrer_days: BTreeMap<(NaiveDate, String), ReferrerDay>,
    /// The tenant's settings, by version.
    settings: BTreeMap<i64, Map<String, Value>>,
    forgotten: Forgotten,
    decisions: u64,
    differences: Vec<Difference>,
    /// How many differences there are, also those that are not named.
    unlike: u64,
}

/// What an event is applied to: what comes before it, its command, its record, and what was in force.
type Scene<'a> = (&'a Change, &'a Command, &'a Recorded, InForceThen<'a>);

/// How an event ended that was told again, and how its facts differ.
type Told = (Result<Applied, Refusal>, Vec<Difference>);

/// So many differences are named.
const NAMED: usize = 1_000;

/// What is in force for an event: the scripts and the program of its version, with its settings.
#[derive(Clone, Copy)]
pub struct InForceThen<'a> {
    /// The scripts.
    pub rules: &'a dyn Rules,
    /// The program.
    pub program: &'a Program,
}

impl Replay {
    /// Begins before the first event, with the tenant's row as it was made.
    #[must_use]
    pub fn new(first: Lane, forgotten: Forgotten) -> Self {
        let slice = Slice { beyond: Beyond::AbsentUnlessWritten, ..Slice::new(first) };
        Self {
            world: World { slice, tallies: BTreeMap::new() },
            referrer_days: BTreeMap::new(),
            settings: BTreeMap::new(),
            forgotten,
            decisions: 0,
            differences: Vec::new(),
            unlike: 0,
        }
    }

    /// How many decisions were made again.
    #[must_use]
    pub const fn decisions(&self) -> u64 {
        self.decisions
    }

    /// The slice, to load into it what [`Replay::step`] asked for.
    pub const fn slice(&mut self) -> &mut Slice {
        &mut self.world.slice
    }

    /// Tells one event. An error names what has to be loaded first, of what is not kept in memory:
    /// transactions and fact sheets. Then nothing was told.
    pub fn step(
        &mut self,
        recorded: &Recorded,
        in_force: InForceThen<'_>,
    ) -> Result<(), BTreeSet<Key>> {
        let Lane { seq, settings_version, .. } = self.world.slice.lane;
        let outcome = self.tell(recorded, in_force);
        if outcome.is_err() {
            let lane = &mut self.world.slice.lane;
            (lane.seq, lane.settings_version) = (seq, settings_version);
        }
        outcome
    }

    fn tell(
        &mut self,
        recorded: &Recorded,
        in_force: InForceThen<'_>,
    ) -> Result<(), BTreeSet<Key>> {
        let gap = self.step_over_gap(recorded);
        let mut first = Change::default();
        first.lane = Some(self.world.slice.lane.clone());
        let Some(mut command) = recorded.command() else {
            self.note(gap);
            self.stand(first, recorded, "its text says no command");
            return Ok(());
        };
        self.forgotten.make_up_for(&mut command, recorded, &mut self.world.slice.tables);
        // A batch is applied under the settings that it began with.
        self.world.slice.lane.settings_version = recorded.event.settings_version;
        let scene = (&first, &command, recorded, in_force);
        let (mut told, mut unlike) = self.apply(scene, Source::Scripts)?;
        unlike.extend(gap);
        let decided = told::decisions_unlike(&told, recorded, &self.forgotten);
        if decided.is_any {
            unlike.extend(decided.differences);
            told = self.apply(scene, Source::Record)?.0;
        }
        self.note(unlike);
        self.decisions += recorded.decisions.len() as u64;
        match told {
            Ok(Applied::Changed(changed)) => self.keep(*changed, recorded),
            Ok(_) => self.stand(first, recorded, "it would change nothing"),
            Err(refusal) => self.stand(first, recorded, &refusal.message),
        }
        Ok(())
    }

    /// Goes on behind events that are not there: what comes after them has its own numbers.
    fn step_over_gap(&mut self, recorded: &Recorded) -> Option<Difference> {
        let (last, seq) = (self.world.slice.lane.seq, recorded.event.seq);
        if seq <= last + 1 {
            return None;
        }
        self.world.slice.lane.seq = seq - 1;
        let row = format!("events {} to {}", last + 1, seq - 1);
        Some(Difference { proof: Proof::Books, row, detail: "they are not there".to_owned() })
    }

    /// Applies an event's command; gives also how the facts of then differ from those of now.
    fn apply(&self, scene: Scene<'_>, source: Source) -> Result<Told, BTreeSet<Key>> {
        let (first, command, recorded, then) = scene;
        let witness = Witness::new(then.rules, (recorded, &self.forgotten), source);
        let in_force = InForce { rules: &witness, program: then.program, now: recorded.event.at };
        let applied = match apply(&self.world.slice, first, command, in_force) {
            Ok(applied) => Ok(applied),
            Err(Stop::Refused(refusal)) => Err(refusal),
            Err(Stop::Missing(keys)) => return Err(keys),
        };
        Ok((applied, witness.into_differences()))
    }

    /// Takes in what an event changed, after what never changes again was compared.
    fn keep(&mut self, mut changed: Changed, recorded: &Recorded) {
        self.forgotten.restore(&mut changed, &recorded.event, &self.world.slice.tables);
        self.forgotten.note(&recorded.decisions);
        self.note(told::rows_unlike(&changed, recorded, &self.forgotten));
        let mut change = changed.change;
        for ((day, user_id), more) in std::mem::take(&mut change.referrer_days) {
            let sum = self.referrer_days.entry((day, user_id)).or_default();
            sum.credited += more.credited;
            sum.earned = sum.earned.plus(more.earned).unwrap_or(more.earned);
        }
        if let Some(lane) = change.lane.as_ref().filter(|_| recorded.sets()) {
            self.settings.insert(lane.settings_version, lane.settings.clone());
        }
        // Facts are kept as they were recorded; the rest is compared by now, or no event's work.
        let tables = &mut change.tables;
        tables.fact_sheets.clear();
        tables.events.clear();
        tables.emissions.clear();
        tables.attempts.clear();
        self.world.keep(change);
    }

    /// Notes that a row is not there with which history was told.
    pub fn note_lack(&mut self, row: &str) {
        let (row, detail) = (row.to_owned(), "it is not there".to_owned());
        self.note([Difference { proof: Proof::Books, row, detail }]);
    }

    /// Lets go of what never changes and was compared: entries of the ledger, and facts.
    pub fn turn_the_page(&mut self) {
        self.world.slice.tables.transactions.clear();
        self.world.slice.tables.fact_sheets.clear();
    }

    /// Leaves an event as it is recorded that cannot be told again, and goes on behind it.
    fn stand(&mut self, first: Change, recorded: &Recorded, why: &str) {
        let event = &recorded.event;
        let erased = self.forgotten.is_event_of_erased(event);
        if !(erased && event.operation == Operation::UpdateUser) {
            let detail = format!("told again, {why}");
            let row = format!("event {}", event.seq);
            self.note([Difference { proof: Proof::Books, row, detail }]);
        }
        let lane = first.lane.unwrap_or_else(|| self.world.slice.lane.clone());
        self.world.slice.lane = Lane { seq: event.seq, last_at: event.at, ..lane };
    }

    /// What differs, the first 1,000 by name, and how much there is of it.
    #[must_use]
    pub fn into_differences(self) -> (Vec<Difference>, u64) {
        (self.differences, self.unlike)
    }

    fn note(&mut self, unlike: impl IntoIterator<Item = Difference>) {
        for difference in unlike {
            self.unlike += 1;
            if self.differences.len() < NAMED {
                self.differences.push(difference);
            }
        }
    }

    fn differ<T: std::fmt::Debug + PartialEq>(
        &mut self,
        row: impl FnOnce() -> String,
        (told, stored): (Option<&T>, Option<&T>),
    ) {
        self.note(unlike(row, told, stored));
    }
}

//! The tenant of a worked example: in memory, at a time of its own, empty at first.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use rhai::{Dynamic, EvalAltResult};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use crate::domain::answer::Answer;
use crate::domain::apply::Applied;
use crate::domain::command::{Body, Command, PersonalChange, SettledAccount};
use crate::domain::facts::standing;
use crate::domain::program::Program;
use crate::domain::records::{Account, AccountKey, Decision, Outcome, Referral, User};
use crate::domain::refusal::Refusal;
use crate::domain::rules::{MAX_STEPS, NextStep, Rules};
use crate::domain::state::Change;
use crate::domain::time::{Time, from_micros};
use crate::domain::work::{InForce, Work};
use crate::domain::world::World;

use super::super::bound::Bound;
use super::super::compile::Compiled;
use super::super::fault::raise;
use super::super::meter;

/// When every test begins: 2026-06-15 at noon in UTC, well inside of a day, a week and a month.
const BEGINNING_MICROS: i64 = 1_781_524_800_000_000;
/// What a command counts in operations: about what it takes.
const COMMAND_OPERATIONS: u64 = 500;

/// The tenant that the verbs of a test act on.
pub type Scene = Arc<Mutex<Stage>>;

/// What a verb of a test gives.
pub type Told<T> = Result<T, Box<EvalAltResult>>;

/// A tenant in memory, and what a test has done to it.
#[derive(Debug)]
pub struct Stage {
    compiled: Compiled,
    bound: Bound,
    world: World,
    now: Time,
    commands: u128,
    /// The number of the event that the last command was, or repeated.
    last: Option<i64>,
}

impl Stage {
    /// An empty tenant that runs the program.
    pub fn new(compiled: &Compiled) -> Self {
        let bound = compiled.bind(&Map::new());
        Self {
            world: World::new(&bound.program.name),
            compiled: compiled.clone(),
            bound,
            now: from_micros(BEGINNING_MICROS).unwrap_or_default(),
            commands: 0,
            last: None,
        }
    }

    /// The program with the tenant's settings in force.
    pub fn program(&self) -> &Program {
        &self.bound.program
    }

    /// The time.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// Moves the time; it never goes back.
    pub fn move_to(&mut self, time: Time) -> Told<()> {
        if time < self.now {
            return Err(raise("Time does not go back: give a later one."));
        }
        self.now = time;
        Ok(())
    }

    /// A name that this test has not used yet.
    pub fn fresh(&self, what: &str) -> String {
        format!("{what}-{}", self.commands + 1)
    }

    /// Applies a command; gives what it answers. A refusal is an answer too: the outer error is
    /// only for a test that works too long.
    pub fn attempt(
        &mut self,
        body: Body,
        key: Option<String>,
        personal: Option<PersonalChange>,
    ) -> Told<Result<Answer, Refusal>> {
        meter::charge(COMMAND_OPERATIONS)?;
        self.commands += 1;
        let command = self.command(body, key, personal);
        // Two commands at one instant would be one batch; a moment apart, they are two.
        self.now += TimeDelta::microseconds(1);
        let in_force = InForce { rules: &self.bound, program: &self.bound.program, now: self.now };
        let applied = match self.world.apply(&command, in_force) {
            Ok(applied) => applied,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (event, answer) = match applied {
            Applied::Changed(changed) => (Some(changed.event.seq), changed.event.answer),
            Applied::Repeated(event) => (Some(event.seq), event.answer),
            Applied::Noted(noted) => (None, noted.answer),
            Applied::Declined(declined) => return Ok(Err(declined.refusal)),
        };
        self.last = event;
        self.bound = self.compiled.bind(&self.world.slice.lane.settings);
        Ok(Ok(answer))
    }

    /// Applies a command that must be accepted.
    pub fn act(
        &mut self,
        body: Body,
        key: Option<String>,
        personal: Option<PersonalChange>,
    ) -> Told<Answer> {
        self.attempt(body, key, personal)?.map_err(|refusal| raise(format!("Refused: {refusal}")))
    }

    fn command(
        &self,
        body: Body,
        key: Option<String>,
        personal: Option<PersonalChange>,
    ) -> Command {
        let id =
            |salt: u128| Builder::from_random_bytes(random(self.commands << 1 | salt)).into_uuid();
        let input = json!([body, personal]).to_string();
        Command {
            id: id(0),
            seed: id(1),
            actor: "key:tests".to_owned(),
            key,
            input_hash: fingerprint(&input),
            body,
            personal,
        }
    }

    /// What the rules say that a user can do next. A file's error is the test's.
    pub fn what_next(&self, user_id: &str) -> Told<Vec<NextStep>> {
        meter::charge(COMMAND_OPERATIONS)?;
        self.user(user_id)?;
        let nothing = Change::default();
        let nobodys =
            self.command(Body::Settle { accounts: Vec::new(), rewards: Vec::new() }, None, None);
        let in_force = InForce { rules: &self.bound, program: &self.bound.program, now: self.now };
        let mut work = Work::new(self.world.state(&nothing), in_force, &nobodys);
        let facts = standing(&mut work, user_id)
            .map_err(|_| raise("A tenant in memory lacks something. Please report it."))?;
        let asked = facts.map_or_else(Vec::new, |facts| self.bound.what_next(&facts)).into_iter();
        let steps = asked.collect::<Result<Vec<_>, _>>().map_err(|why| raise(why.to_string()))?;
        Ok(steps.into_iter().flatten().take(MAX_STEPS).collect())
    }

    /// The decisions that the last command caused, in order.
    pub fn decisions(&self) -> Vec<&Decision> {
        let all = self.world.slice.tables.decisions.values().flatten();
        let mut found: Vec<_> =
            all.filter(|decision| Some(decision.position.seq) == self.last).collect();
        found.sort_by_key(|decision| decision.position);
        found
    }

    /// The FAILED decisions that were not decided again, oldest first.
    pub fn failed(&self) -> Vec<Uuid> {
        let all = self.world.slice.tables.decisions.values().flatten();
        let mut found: Vec<_> = all
            .filter(|decision| decision.outcome == Outcome::Failed && decision.retried_by.is_none())
            .collect();
        found.sort_by_key(|decision| decision.position);
        found.into_iter().map(|decision| decision.id).collect()
    }

    /// A user, who must be there.
    pub fn user(&self, id: &str) -> Told<&User> {
        let found = self.world.slice.tables.users.get(id).and_then(Option::as_ref);
        found.ok_or_else(|| raise(format!("There is no user `{id}`: register one first.")))
    }

    /// The referral by which a user came, if any: of a purchase's own, the latest.
    pub fn referral(&self, id: &str) -> Told<Option<&Referral>> {
        self.user(id)?;
        let all = self.world.slice.tables.referrals.values().flatten();
        Ok(all.filter(|referral| referral.referee_id == id).max_by_key(|referral| referral.created))
    }

    /// A user's account, settled to the present.
    pub fn account(&mut self, user_id: &str, unit: Option<&str>) -> Told<Account> {
        self.user(user_id)?;
        let unit = unit.unwrap_or(&self.program().unit).to_owned();
        if !self.program().knows_unit(&unit) {
            return Err(raise(format!("There is no unit `{unit}` in this program.")));
        }
        let last = self.last;
        let settled = SettledAccount { user_id: user_id.to_owned(), unit: unit.clone() };
        self.act(Body::Settle { accounts: vec![settled], rewards: Vec::new() }, None, None)?;
        self.last = last;
        let key = AccountKey { user_id: user_id.to_owned(), unit };
        let found = self.world.slice.tables.accounts.get(&key).and_then(Clone::clone);
        Ok(found.unwrap_or_else(|| Account::empty(key)))
    }

    /// Everything there is.
    pub const fn world(&self) -> &World {
        &self.world
    }
}

/// A keyed hash needs no key in a test.
pub fn fingerprint(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A value of a test as JSON, for data and traits.
pub fn json_of(value: &Dynamic) -> Told<Value> {
    super::super::vocabulary::plain(value)
}

fn random(number: u128) -> [u8; 16] {
    let hash = Sha256::digest(number.to_be_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes
}

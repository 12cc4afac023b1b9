//! The rules as they were asked then: each question on the facts that were frozen with it.

use std::sync::Mutex;
use std::sync::PoisonError;

use serde_json::Value;

use super::alike::Difference;
use super::forgotten::Forgotten;
use super::frozen::facts_unlike;
use super::recorded::Recorded;
use crate::domain::records::{Decision, FactSheet, Outcome};
use crate::domain::rules::{Answer, RuleError, Rules, Verdict};

/// Who answers what a rule is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The scripts, on the facts as they were frozen.
    Scripts,
    /// The record: the effects that were applied.
    Record,
}

/// The rules of one event, as they were asked then.
pub(super) struct Witness<'a> {
    rules: &'a dyn Rules,
    recorded: &'a Recorded,
    forgotten: &'a Forgotten,
    source: Source,
    heard: Mutex<Heard>,
}

/// What the rules were told so far.
#[derive(Default)]
struct Heard {
    /// The number of the sheet that was gathered and is to be decided on.
    sheet: Option<i32>,
    /// The frozen facts that are not those that were gathered.
    unlike: Vec<Difference>,
}

impl<'a> Witness<'a> {
    pub fn new(
        rules: &'a dyn Rules,
        (recorded, forgotten): (&'a Recorded, &'a Forgotten),
        source: Source,
    ) -> Self {
        Self { rules, recorded, forgotten, source, heard: Mutex::default() }
    }

    /// The frozen facts that are not those that history tells.
    pub fn into_differences(self) -> Vec<Difference> {
        self.heard.into_inner().unwrap_or_else(PoisonError::into_inner).unlike
    }

    fn heard<T>(&self, hear: impl FnOnce(&mut Heard) -> T) -> T {
        hear(&mut self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn sheet(&self, number: i32) -> Option<&'a FactSheet> {
        self.recorded.sheets.iter().find(|sheet| sheet.key.n == number)
    }

    /// What is recorded of the decisions on a sheet, or of one that was decided again on these facts.
    fn by_record(&self, sheet: Option<i32>, facts: &Value) -> Vec<Verdict> {
        let seq = self.recorded.event.seq;
        let decisions = self.recorded.decisions.iter();
        match sheet {
            Some(number) => decisions
                .filter(|made| made.retries.is_none())
                .filter(|made| (made.sheet.seq, made.sheet.n) == (seq, number))
                .map(verdict)
                .collect(),
            None => decisions
                .filter(|made| made.retries.is_some() && self.is_about(made, facts))
                .map(verdict)
                .collect(),
        }
    }

    /// Was it decided again on facts about this event? A retry keeps the sheet of then, which is not
    /// among those of its own event; then it is the only one.
    fn is_about(&self, made: &Decision, facts: &Value) -> bool {
        let own = made.sheet.seq == self.recorded.event.seq;
        let sheet = self.sheet(made.sheet.n).filter(|_| own);
        sheet.is_none_or(|sheet| sheet.facts.pointer("/event/id") == facts.pointer("/event/id"))
    }
}

impl Rules for Witness<'_> {
    fn handles(&self, event: &str) -> bool {
        self.rules.handles(event)
    }

    fn decide(&self, event: &str, facts: &Value) -> Vec<Verdict> {
        let sheet = self.heard(|heard| heard.sheet.take());
        match self.source {
            Source::Scripts => self.rules.decide(event, facts),
            Source::Record => self.by_record(sheet, facts),
        }
    }

    fn facts(&self, event: &str, number: i32, gathered: Value) -> Value {
        self.heard(|heard| heard.sheet = Some(number));
        let Some(sheet) = self.sheet(number).filter(|sheet| sheet.event == event) else {
            return gathered;
        };
        let frozen = sheet.whole();
        let unlike = facts_unlike(sheet, (&frozen, &gathered), self.forgotten);
        self.heard(|heard| heard.unlike.extend(unlike));
        frozen
    }

    /// As it was answered then: the visits that a script may look at are no events.
    fn can_use_code(&self, _facts: &Value) -> Result<(), String> {
        let answered = self.recorded.event.answer.validation.as_ref();
        answered.and_then(|validation| validation.reason.clone()).map_or(Ok(()), Err)
    }
}

/// The answer that is recorded: of what a rule asked for, that which was done.
fn verdict(made: &Decision) -> Verdict {
    let reason = || made.reason.clone().unwrap_or_default();
    let answer = match made.outcome {
        Outcome::Rewarded => Answer::Effects(made.effects.clone()),
        Outcome::Skipped => Answer::Skip(reason()),
        Outcome::Failed => Answer::Failed(RuleError::new(reason())),
    };
    let duration_micros = u64::try_from(made.duration_micros).unwrap_or_default();
    Verdict { rule: made.rule.clone(), answer, printed: Vec::new(), operations: 0, duration_micros }
}

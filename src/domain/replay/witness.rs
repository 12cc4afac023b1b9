//! The rules as they were asked then: each question with the facts that were frozen with it.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::recorded::Recorded;
use crate::domain::records::{Decision, Operation, Outcome};
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
    source: Source,
    /// How often were facts asked for, and decisions?
    gathered: AtomicUsize,
    asked: AtomicUsize,
}

impl<'a> Witness<'a> {
    pub fn new(rules: &'a dyn Rules, recorded: &'a Recorded, source: Source) -> Self {
        Self { rules, recorded, source, gathered: AtomicUsize::new(0), asked: AtomicUsize::new(0) }
    }

    /// Does the event decide earlier events again?
    const fn decides_again(&self) -> bool {
        matches!(
            self.recorded.event.operation,
            Operation::RetryDecision | Operation::ApproveReferral
        )
    }

    fn by_record(&self, question: usize) -> Vec<Verdict> {
        let decisions = self.recorded.decisions.iter();
        if self.decides_again() {
            return decisions.skip(question).take(1).map(verdict).collect();
        }
        let Some(sheet) = self.recorded.sheets.get(question) else { return Vec::new() };
        decisions.filter(|made| made.sheet == sheet.key).map(verdict).collect()
    }
}

impl Rules for Witness<'_> {
    fn handles(&self, event: &str) -> bool {
        self.rules.handles(event)
    }

    fn decide(&self, event: &str, facts: &Value) -> Vec<Verdict> {
        let question = self.asked.fetch_add(1, Ordering::Relaxed);
        match self.source {
            Source::Scripts => self.rules.decide(event, facts),
            Source::Record => self.by_record(question),
        }
    }

    fn frozen(&self, event: &str) -> Option<Value> {
        let number = self.gathered.fetch_add(1, Ordering::Relaxed);
        let sheet = self.recorded.sheets.get(number)?;
        (sheet.event == event).then(|| sheet.whole())
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

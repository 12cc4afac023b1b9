//! A compiled program bound to one tenant's settings: the rules that the domain asks.

use std::sync::Arc;

use rhai::Dynamic;
use serde_json::Value;

use crate::domain::program::Program;
use crate::domain::rules::{Answer, NextStep, RuleError, Rules, Verdict};

use super::answer::{self, People};
use super::calculation::{Surroundings, within};
use super::meter::{Budget, Used};
use super::rule::Rule;
use super::{facts, sandbox, suggestions};

const NOT_AVAILABLE: &str = "NOT_AVAILABLE";

/// A program with one tenant's settings in force; cheap to clone and to share between threads.
#[derive(Debug, Clone)]
pub struct Bound {
    /// The program as the domain sees it.
    pub program: Arc<Program>,
    /// Settings that fell back to their default, and why.
    pub warnings: Arc<[String]>,
    /// Why every event is decided FAILED, when the program cannot be used.
    pub failure: Option<RuleError>,
    rules: Arc<[Rule]>,
    surroundings: Surroundings,
}

impl Bound {
    pub(super) fn new(
        program: Program,
        warnings: Vec<String>,
        rules: Arc<[Rule]>,
        failure: Option<RuleError>,
    ) -> Self {
        let surroundings = Surroundings { unit: program.unit.clone(), zone: program.time_zone };
        Self { program: Arc::new(program), warnings: warnings.into(), failure, rules, surroundings }
    }

    fn with_handler<'a>(&'a self, handler: &'a str) -> impl Iterator<Item = &'a Rule> {
        self.rules.iter().filter(move |rule| rule.functions.contains(handler))
    }

    fn call(
        &self,
        rule: &Rule,
        handler: &str,
        (ctx, budget): (Dynamic, &mut Budget),
    ) -> (Result<Dynamic, RuleError>, Used) {
        within(&self.surroundings, || sandbox::call((&rule.file, &rule.ast), handler, ctx, budget))
    }

    fn ask(&self, rule: &Rule, handler: &str, asked: (Dynamic, &People, &mut Budget)) -> Verdict {
        let (ctx, people, budget) = asked;
        let (result, used) = self.call(rule, handler, (ctx, budget));
        let answer = result.and_then(|value| {
            answer::read(value, &self.program, people).map_err(|message| in_file(rule, message))
        });
        Verdict {
            rule: rule.name.clone(),
            answer: answer.unwrap_or_else(Answer::Failed),
            printed: used.printed,
            operations: used.operations,
            duration_micros: used.duration_micros,
        }
    }
}

impl Rules for Bound {
    fn handles(&self, event: &str) -> bool {
        self.failure.is_some() || self.with_handler(&format!("on_{event}")).next().is_some()
    }

    fn decide(&self, event: &str, facts: &Value) -> Vec<Verdict> {
        if let Some(error) = &self.failure {
            return vec![unusable(error)];
        }
        let handler = format!("on_{event}");
        let ctx = facts::read(facts);
        let people = People::of(facts);
        let mut budget = Budget::of_event();
        self.with_handler(&handler)
            .map(|rule| self.ask(rule, &handler, (ctx.clone(), &people, &mut budget)))
            .collect()
    }

    fn can_use_code(&self, facts: &Value) -> Result<(), String> {
        if self.failure.is_some() {
            return Err(NOT_AVAILABLE.to_owned());
        }
        let ctx = facts::read(facts);
        let mut budget = Budget::of_event();
        for rule in self.with_handler("can_use_code") {
            let (result, _) = self.call(rule, "can_use_code", (ctx.clone(), &mut budget));
            let permission = result.ok().and_then(answer::read_permission);
            permission.unwrap_or_else(|| Err(NOT_AVAILABLE.to_owned()))?;
        }
        Ok(())
    }

    fn what_next(&self, facts: &Value) -> Vec<Result<Vec<NextStep>, RuleError>> {
        if self.failure.is_some() {
            return Vec::new();
        }
        let ctx = facts::read(facts);
        let mut budget = Budget::of_event();
        self.with_handler("what_next")
            .map(|rule| {
                let (result, _) = self.call(rule, "what_next", (ctx.clone(), &mut budget));
                let read = |answer| suggestions::read(answer).map_err(|why| in_file(rule, why));
                result.and_then(read)
            })
            .collect()
    }
}

/// An error of what a rule file answers.
fn in_file(rule: &Rule, message: String) -> RuleError {
    RuleError { file: Some(rule.file.clone()), ..RuleError::new(message) }
}

fn unusable(error: &RuleError) -> Verdict {
    Verdict {
        rule: "program".to_owned(),
        answer: Answer::Failed(error.clone()),
        printed: Vec::new(),
        operations: 0,
        duration_micros: 0,
    }
}

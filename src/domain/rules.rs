//! What the domain asks of a rule engine, and what it answers. The engine lies above the domain;
//! only this trait is known here.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::amount::Amount;
use super::effect::Effect;

/// The event types that the engine itself makes; any other is a tenant's own.
pub const ENGINE_EVENTS: [&str; 8] = [
    "signup",
    "referred",
    "email_verified",
    "purchase",
    "refund",
    "step_completed",
    "onboarding_completed",
    "code_redeemed",
];

/// How the message begins of a script that was cut off by the clock: the last resort, which depends
/// on the machine's load, so that it is decided again by itself.
pub const OUT_OF_TIME: &str = "deadline";

/// Rules that decide. Pure: equal facts give equal answers (but for the measured duration).
pub trait Rules: Send + Sync {
    /// Does any rule file handle this event type (`signup`, `purchase`, ...)?
    fn handles(&self, event: &str) -> bool;

    /// Runs every rule file that handles the event, in file-name order, each on the same facts
    /// (a JSON object). One file's error does not stop another: it is that verdict's answer.
    fn decide(&self, event: &str, facts: &Value) -> Vec<Verdict>;

    /// Where history is told again: the facts of the next event of this type, as they were frozen with
    /// it. They stand in the place of those that are gathered, since some of what they count is no
    /// event: visits, and who was seen with what.
    fn frozen(&self, _event: &str) -> Option<Value> {
        None
    }

    /// Asks the rule files' `can_use_code`, in file-name order: `Ok` when none objects,
    /// else the first reason; an error in a script is the reason `NOT_AVAILABLE`.
    fn can_use_code(&self, facts: &Value) -> Result<(), String>;

    /// Asks the rule files' `what_next`, in file-name order: what a user can do now to earn, for each
    /// file that says so, or the file's error, which stops no other. Nothing where none is asked.
    fn what_next(&self, _facts: &Value) -> Vec<Result<Vec<NextStep>, RuleError>> {
        Vec::new()
    }
}

/// The most next steps that a user is shown.
pub const MAX_STEPS: usize = 16;

/// Something that a user can do now to earn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextStep {
    /// What kind it is, for the interface: a word of the rules' own.
    pub kind: String,
    /// The text for the user.
    pub message: String,
    /// How much or how many is missing, where that can be said.
    pub remaining: Option<Amount>,
}

/// One rule file's answer to one event.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The rule file without its ending.
    pub rule: String,
    /// What it answers.
    pub answer: Answer,
    /// What the script printed.
    pub printed: Vec<String>,
    /// Operations counted while it ran.
    pub operations: u64,
    /// How long it took, in microseconds; measured, so not part of any decision.
    pub duration_micros: u64,
}

/// What a rule file answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Effects, to be applied all or none.
    Effects(Vec<Effect>),
    /// Nothing to do, and why.
    Skip(String),
    /// The script failed, or answered what no rule may.
    Failed(RuleError),
}

/// An error of a script or of a program's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}{}", place(self))]
pub struct RuleError {
    /// What is wrong, and what to do.
    pub message: String,
    /// The file, as in `purchase.rhai`.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
}

impl RuleError {
    /// An error that belongs to no place in a file.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), file: None, line: None, column: None }
    }
}

fn place(error: &RuleError) -> String {
    match (&error.file, error.line, error.column) {
        (Some(file), Some(line), Some(column)) => {
            format!(" ({file}, line {line}, column {column})")
        }
        (Some(file), Some(line), None) => format!(" ({file}, line {line})"),
        (Some(file), ..) => format!(" ({file})"),
        (None, Some(line), _) => format!(" (line {line})"),
        (None, None, _) => String::new(),
    }
}

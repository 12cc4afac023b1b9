//! What is asked of a simulation, and what it answers.

use serde_json::Value;

use crate::domain::amount::Amount;
use crate::domain::records::Outcome;
use crate::domain::rules::RuleError;

/// What is to be simulated.
#[derive(Debug, Clone, Default)]
pub struct SimulateRequest {
    /// The event's type.
    pub event: String,
    /// Whose; the facts are loaded for this user when none are given.
    pub user_id: Option<String>,
    /// What is paid or refunded.
    pub amount: Option<Amount>,
    /// What else is said of the event.
    pub data: Option<Value>,
    /// What the rules shall see. The world is then what these facts say.
    pub facts: Option<Value>,
    /// Files laid over the active program's files of the same path.
    pub files: Vec<(String, String)>,
    /// Values laid over the tenant's settings.
    pub settings: Option<Value>,
}

/// What would be decided.
#[derive(Debug, Clone, Default)]
pub struct SimulationResult {
    /// What the rules saw.
    pub facts: Value,
    /// One for each rule file that handles the event.
    pub decisions: Vec<SimulatedDecision>,
    /// Why the draft does not compile.
    pub error: Option<RuleError>,
}

/// What one rule file would decide.
#[derive(Debug, Clone)]
pub struct SimulatedDecision {
    /// The rule file without its ending.
    pub rule: String,
    /// How it would end.
    pub outcome: Outcome,
    /// The script's reason, or the error's text.
    pub reason: Option<String>,
    /// The effects that would be applied.
    pub effects: Vec<Value>,
    /// What the script printed.
    pub printed: Vec<String>,
    /// The script's error.
    pub error: Option<RuleError>,
    /// How many operations it took.
    pub operations: u64,
    /// How long it took, in microseconds.
    pub duration_micros: u64,
}

//! Decisions, and the facts they were made on.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Position;
use crate::domain::effect::Effect;
use crate::domain::time::Time;

/// How a decision ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// Effects were applied.
    Rewarded,
    /// Nothing was to be done, and why.
    Skipped,
    /// The script failed, or asked for what may not be.
    Failed,
}

/// One rule file's answer to one event, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Its id.
    pub id: Uuid,
    /// Its place in the tenant's order.
    pub position: Position,
    /// The fact sheet that it was made on.
    pub sheet: FactSheetKey,
    /// The event's type.
    pub event: String,
    /// The event's user.
    pub user_id: String,
    /// The rule file without its ending.
    pub rule: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The script's reason, or the error's text.
    pub reason: Option<String>,
    /// The effects that were applied.
    pub effects: Vec<Effect>,
    /// SHA-256 of the program that decided.
    pub program_hash: String,
    /// The version of the settings in force.
    pub settings_version: i64,
    /// How long the script took, in microseconds.
    pub duration_micros: i64,
    /// When.
    pub created_at: Time,
    /// The FAILED decision that this one decides again.
    pub retries: Option<Uuid>,
    /// The decision that decided this one again.
    pub retried_by: Option<Uuid>,
}

/// What stands in the place of an error that may quote a forgotten user's facts.
const FORGOTTEN: &str = "user_erased";

impl Decision {
    /// The decision without the words that a rule wrote, and without an error's text: both may quote
    /// what the rule saw of a person. A skip's reason stays; it is a word of the program's.
    #[must_use]
    pub fn without_words(self) -> Self {
        let reason = match self.outcome {
            Outcome::Failed => Some(FORGOTTEN.to_owned()),
            Outcome::Rewarded | Outcome::Skipped => self.reason,
        };
        let effects = self.effects.into_iter().map(Effect::without_words).collect();
        Self { reason, effects, ..self }
    }
}

/// Names a fact sheet: the sheet's number among its event's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FactSheetKey {
    /// The event's number in its tenant.
    pub seq: i64,
    /// The sheet's number in its event, from 0.
    pub n: i32,
}

/// What the rules could see about one event, kept once however many rules saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct FactSheet {
    /// Its name.
    pub key: FactSheetKey,
    /// The event's type.
    pub event: String,
    /// The event's user.
    pub user_id: String,
    /// The facts, but for what is personal.
    pub facts: Value,
    /// What is personal: `user.name`, `user.email`, `user.traits`; gone when the user is erased.
    pub personal: Option<Value>,
    /// The purchase that the event is about.
    pub purchase_id: Option<String>,
    /// The referral that the event is about.
    pub referral_id: Option<Uuid>,
}

impl FactSheet {
    /// The facts as the rules saw them.
    #[must_use]
    pub fn whole(&self) -> Value {
        let mut facts = self.facts.clone();
        if let (Some(Value::Object(personal)), Some(Value::Object(user))) =
            (&self.personal, facts.get_mut("user"))
        {
            user.extend(personal.clone());
        }
        facts
    }
}

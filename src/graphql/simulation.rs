//! Simulations: what the rules would decide.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::cost;
use super::decision::DecisionOutcome;
use super::error::Result;
use super::loaders::call;
use super::scalars::{Amount, Json, int};
use super::tenant::RuleError;
use crate::operations::simulate;

/// A file of a draft.
#[derive(InputObject)]
pub struct RuleFileInput {
    /// Its path in the folder, e.g. `purchase.rhai`.
    path: String,
    /// Its text.
    source: String,
}

/// An event to be tried.
#[derive(InputObject)]
pub struct SimulateInput {
    /// The event's type: signup, purchase, ... (a rule handles it in `on_signup`, `on_purchase`, ...).
    event: String,
    /// The event's user; the facts are loaded for them when `facts` is null.
    user_id: Option<ID>,
    /// The event's amount.
    amount: Option<Amount>,
    /// The event's data: an object.
    data: Option<Json>,
    /// Everything that the script shall see: an object. Loaded for `userId` when null.
    facts: Option<Json>,
    /// Files to be laid over the active program's files of the same path.
    files: Option<Vec<RuleFileInput>>,
    /// Values to be laid over the tenant's settings: an object.
    settings: Option<Json>,
}

impl From<SimulateInput> for simulate::SimulateRequest {
    fn from(input: SimulateInput) -> Self {
        let files = input.files.unwrap_or_default();
        Self {
            event: input.event,
            user_id: input.user_id.map(|id| id.0),
            amount: input.amount.map(|amount| amount.0),
            data: input.data.map(|data| data.0),
            facts: input.facts.map(|facts| facts.0),
            files: files.into_iter().map(|file| (file.path, file.source)).collect(),
            settings: input.settings.map(|settings| settings.0),
        }
    }
}

/// What the rules would decide; nothing was stored.
#[derive(SimpleObject)]
pub struct Simulation {
    /// What the scripts saw.
    #[graphql(complexity = "cost::LONG_TEXT")]
    facts: Json,
    /// One for each rule file that handles the event.
    #[graphql(complexity = "cost::list(cost::DECISIONS, child_complexity)")]
    decisions: Vec<SimulatedDecision>,
    /// Why the draft does not compile; `decisions` is then empty. Null when it does.
    error: Option<RuleError>,
}

impl From<simulate::SimulationResult> for Simulation {
    fn from(result: simulate::SimulationResult) -> Self {
        Self {
            facts: Json(result.facts),
            decisions: result.decisions.into_iter().map(SimulatedDecision::from).collect(),
            error: result.error.map(RuleError::from),
        }
    }
}

/// What one rule file would decide.
#[derive(SimpleObject)]
pub struct SimulatedDecision {
    /// The rule file without its ending.
    rule: String,
    /// How it would end.
    outcome: DecisionOutcome,
    /// The script's reason; null when it gave none.
    reason: Option<String>,
    /// The effects that would be applied.
    effects: Vec<Json>,
    /// What the script printed.
    printed: Vec<String>,
    /// The script's error; null when there was none.
    error: Option<RuleError>,
    /// How many operations it took; 50,000 are allowed.
    operations: i32,
    /// How long it took, in microseconds.
    duration_micros: i32,
}

impl From<simulate::SimulatedDecision> for SimulatedDecision {
    fn from(decision: simulate::SimulatedDecision) -> Self {
        Self {
            rule: decision.rule,
            outcome: decision.outcome.into(),
            reason: decision.reason,
            effects: decision.effects.into_iter().map(Json).collect(),
            printed: decision.printed,
            error: decision.error.map(RuleError::from),
            operations: int(i64::try_from(decision.operations).unwrap_or(i64::MAX)),
            duration_micros: int(i64::try_from(decision.duration_micros).unwrap_or(i64::MAX)),
        }
    }
}

/// Simulations.
#[derive(Default)]
pub struct SimulationQuery;

#[Object]
impl SimulationQuery {
    /// What the active rules, or these with draft files laid over them, would decide on one event. Runs the same code as the real thing, caps, ceilings, `once`, settings and time included, and stores nothing. Needs an admin key.
    async fn simulate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which event, on which rules.")] input: SimulateInput,
    ) -> Result<Simulation> {
        let call = call(ctx)?;
        call.caller.require_admin()?;
        let tenant = call.tenant()?;
        Ok(simulate::simulate(&call.operations, tenant, input.into()).await?.into())
    }
}

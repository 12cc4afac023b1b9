//! What users can do now to earn, as the rules declare it.

use serde_json::Value;

use super::programs::InForce;
use super::{Call, peek};
use crate::domain::refusal::Refusal;
use crate::domain::rules::{MAX_STEPS, NextStep, RuleError};

/// What each of these users can do next, in their order. Needs to see everything about them. A rule
/// file that fails says nothing, and the log says which it was.
pub async fn of_users(call: &Call, user_ids: &[String]) -> Result<Vec<Vec<NextStep>>, Refusal> {
    for user_id in user_ids {
        call.require_sight(user_id)?;
    }
    let tenant = call.tenant()?.clone();
    let (in_force, standings) = peek::standings(&call.operations, &tenant, user_ids).await?;
    // Scripts may take their time: they must not hold up other calls.
    let asked = tokio::task::spawn_blocking(move || {
        let ask = |facts: &Option<Value>| match facts {
            Some(facts) => ask(&tenant.slug, &in_force, facts),
            None => Vec::new(),
        };
        standings.iter().map(ask).collect()
    });
    asked.await.map_err(|_| Refusal::internal("asking the rules what is next broke off"))
}

fn ask(tenant: &str, in_force: &InForce, facts: &Value) -> Vec<NextStep> {
    let mut steps = Vec::new();
    for answer in in_force.rules.what_next(facts) {
        match answer {
            Ok(found) => steps.extend(found),
            Err(error) => warn(tenant, in_force, &error),
        }
    }
    steps.truncate(MAX_STEPS);
    steps
}

/// The message stays out of the log: a script can put anything into it that it knows of a person.
fn warn(tenant: &str, in_force: &InForce, error: &RuleError) {
    tracing::warn!(
        tenant,
        program = in_force.program.name,
        file = error.file,
        line = error.line,
        column = error.column,
        "a rule file's what_next failed; it suggests nothing"
    );
}

//! Simulating: what the rules in force, or drafts of them, would decide on one event.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::peek::{ask, ground, nobodys, slice};
pub use super::simulation::{SimulateRequest, SimulatedDecision, SimulationResult};
use super::{Operations, input, seeding};
use crate::domain::amount::Amount;
use crate::domain::apply::{Foretold, Trial, preview};
use crate::domain::caller::TenantRef;
use crate::domain::refusal::Refusal;
use crate::domain::rules::{Answer, Rules, Verdict};
use crate::domain::settings::check_change;
use crate::domain::state::Slice;
use crate::domain::work;

/// Simulates one event, with the same code as the real thing; nothing is stored.
pub async fn simulate(
    operations: &Operations,
    tenant: &TenantRef,
    request: SimulateRequest,
) -> Result<SimulationResult, Refusal> {
    check(&request)?;
    let (mut slice, in_force) = slice(operations, tenant).await?;
    lay_settings(&mut slice, &in_force.program.default_settings, request.settings.as_ref())?;
    let draft = match operations
        .programs
        .draft(tenant.id, &in_force, &request.files, &slice.lane.settings)
        .await?
    {
        Ok(draft) => draft,
        Err(error) => {
            return Ok(SimulationResult {
                facts: json!({}),
                error: Some(error),
                ..SimulationResult::default()
            });
        }
    };
    let trial = trial(&request, &slice, &draft.program.settings)?;
    let now = ground(&draft, &slice, operations).now;
    if let Some(facts) = &trial.facts {
        slice = seeding::seeded(slice.lane, &draft.program, facts, now);
    }
    let command = nobodys(&slice);
    let recorder = Recorder { rules: &*draft.rules, verdicts: Mutex::default() };
    let foretold = ask(operations, tenant, (slice, BTreeSet::new()), |slice| {
        recorder.forget();
        let in_force = work::InForce { rules: &recorder, program: &draft.program, now };
        preview(slice, &command, in_force, &trial)
    })
    .await?;
    Ok(SimulationResult {
        facts: foretold.facts.clone(),
        decisions: recorder.match_with(foretold),
        error: None,
    })
}

fn check(request: &SimulateRequest) -> Result<(), Refusal> {
    input::word("event", &request.event)?;
    input::optional_word("userId", request.user_id.as_deref())?;
    request.data.as_ref().map_or(Ok(()), |data| input::json("data", data))?;
    request.settings.as_ref().map_or(Ok(()), |settings| input::json("settings", settings))?;
    request.facts.as_ref().map_or(Ok(()), |facts| input::facts("facts", facts))
}

fn lay_settings(
    slice: &mut Slice,
    defaults: &Map<String, Value>,
    over: Option<&Value>,
) -> Result<(), Refusal> {
    let Some(over) = over else { return Ok(()) };
    let Value::Object(over) = over else {
        return Err(Refusal::bad_input("settings must be an object of names and values."));
    };
    check_change(defaults, over)?;
    slice.lane.settings.extend(over.clone());
    slice.lane.settings.retain(|_, value| !value.is_null());
    Ok(())
}

fn trial(
    request: &SimulateRequest,
    slice: &Slice,
    settings: &Map<String, Value>,
) -> Result<Trial, Refusal> {
    let facts = match &request.facts {
        None => None,
        Some(Value::Object(facts)) => Some(seeding::whole(facts, request, &slice.lane, settings)),
        Some(_) => {
            return Err(Refusal::bad_input("facts must be an object, as a decision shows them."));
        }
    };
    let named =
        facts.as_ref().and_then(|facts| facts.pointer("/user/id")?.as_str().map(str::to_owned));
    let user_id = request.user_id.clone().or(named).ok_or_else(|| {
        Refusal::bad_input("Pass userId, whose facts are loaded, or facts with user.id.")
    })?;
    let event = |name: &str| {
        facts.as_ref().and_then(|facts| facts.pointer(&format!("/event/{name}")).cloned())
    };
    let amount = event("amount")
        .and_then(|amount| amount.as_i64())
        .and_then(|amount| Amount::new(amount).ok());
    Ok(Trial {
        event: request.event.clone(),
        user_id,
        amount: request.amount.or(amount),
        data: request.data.clone().or_else(|| event("data")).unwrap_or_else(|| json!({})),
        facts,
    })
}

/// Rules that remember what they answered.
struct Recorder<'a> {
    rules: &'a dyn Rules,
    verdicts: Mutex<Vec<(String, Verdict)>>,
}

impl Recorder<'_> {
    fn forget(&self) {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Each decision with what its script printed and took.
    fn match_with(&self, foretold: Foretold) -> Vec<SimulatedDecision> {
        let verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        (foretold.decisions.into_iter())
            .filter_map(|decision| {
                let asked = |(event, verdict): &&(String, Verdict)| {
                    *event == decision.event && verdict.rule == decision.rule
                };
                let (_, verdict) = verdicts.iter().find(asked)?;
                let error = if let Answer::Failed(error) = &verdict.answer {
                    Some(error.clone())
                } else {
                    None
                };
                Some(SimulatedDecision {
                    rule: decision.rule,
                    outcome: decision.outcome,
                    reason: decision.reason,
                    effects: decision
                        .effects
                        .iter()
                        .filter_map(|effect| serde_json::to_value(effect).ok())
                        .collect(),
                    printed: verdict.printed.clone(),
                    error,
                    operations: verdict.operations,
                    duration_micros: verdict.duration_micros,
                })
            })
            .collect()
    }
}

impl Rules for Recorder<'_> {
    fn handles(&self, event: &str) -> bool {
        self.rules.handles(event)
    }

    fn decide(&self, event: &str, facts: &Value) -> Vec<Verdict> {
        let verdicts = self.rules.decide(event, facts);
        let mut kept = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(verdicts.iter().map(|verdict| (event.to_owned(), verdict.clone())));
        verdicts
    }

    fn can_use_code(&self, facts: &Value) -> Result<(), String> {
        self.rules.can_use_code(facts)
    }
}

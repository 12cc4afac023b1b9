//! Decisions: what the rules answered and why, and deciding again.

use uuid::Uuid;

use super::page::{Page, PageRequest};
use super::submit::{Draft, submit};
use super::{Call, input};
use crate::domain::command::Body;
use crate::domain::records::{Decision, FactSheet, FactSheetKey};
use crate::domain::refusal::Refusal;

pub use crate::store::DecisionFilter;

/// How many decisions can be made again in one call.
const MAX_RETRIES: usize = 100;

/// What became of one retry.
#[derive(Debug)]
pub struct Retried {
    /// The id of the FAILED decision, as it came in.
    pub id: String,
    /// The new decision.
    pub decision: Option<Decision>,
    /// Why it was not decided again.
    pub reason: Option<String>,
}

/// Decides FAILED decisions again, each for itself. Needs an admin key.
pub async fn retry(call: &Call, ids: Vec<String>) -> Result<Vec<Retried>, Refusal> {
    call.caller.require_admin()?;
    if ids.is_empty() || ids.len() > MAX_RETRIES {
        return Err(Refusal::bad_input(format!("Give 1 to {MAX_RETRIES} ids.")));
    }
    let read = ids.iter().map(|id| input::own_id("decision", id));
    let decision_ids: Vec<Uuid> = read.collect::<Result<_, _>>()?;
    let known = find(call, &decision_ids).await?;
    let is_known = |id: &Uuid| known.iter().any(|decision| decision.id == *id);
    if let Some(unknown) = decision_ids.iter().find(|id| !is_known(id)) {
        return Err(Refusal::not_found(format!("There is no decision with the id {unknown}.")));
    }
    let mut results = Vec::with_capacity(ids.len());
    for (id, decision_id) in ids.into_iter().zip(decision_ids) {
        let done = submit(call, Draft::new(None, Body::RetryDecision { decision_id })).await?;
        let answer = done.answer();
        let made = answer.decision_id.and_then(|id| done.outcome().record::<Decision>(&id));
        results.push(Retried { id, decision: made.cloned(), reason: answer.reason });
    }
    Ok(results)
}

/// One decision, if there is one. Needs an admin key.
pub async fn one(call: &Call, id: &str) -> Result<Option<Decision>, Refusal> {
    call.caller.require_admin()?;
    input::word("id", id)?;
    match Uuid::try_parse(id) {
        Ok(id) => Ok(find(call, &[id]).await?.pop()),
        Err(_) => Ok(None),
    }
}

/// Decisions by id, as far as they are there, in no order.
pub async fn find(call: &Call, ids: &[Uuid]) -> Result<Vec<Decision>, Refusal> {
    Ok(call.operations.database.decisions_by_ids(call.tenant()?.id, ids).await?)
}

/// The decisions that these events brought about, in order.
pub async fn of_events(call: &Call, seqs: &[i64]) -> Result<Vec<Decision>, Refusal> {
    Ok(call.operations.database.decisions_by_seqs(call.tenant()?.id, seqs).await?)
}

/// The fact sheets that decisions were made on, as far as they are there, in no order.
pub async fn find_sheets(call: &Call, keys: &[FactSheetKey]) -> Result<Vec<FactSheet>, Refusal> {
    Ok(call.operations.database.fact_sheets(call.tenant()?.id, keys).await?)
}

/// Decisions that match, newest first. Needs an admin key.
pub async fn list(
    call: &Call,
    filter: DecisionFilter,
    request: PageRequest,
) -> Result<Page<Decision>, Refusal> {
    call.caller.require_admin()?;
    input::optional_word("userId", filter.user_id.as_deref())?;
    input::optional_word("event", filter.event.as_deref())?;
    let page = request.by_position()?;
    let found = call.operations.database.decisions_page(call.tenant()?.id, &filter, page).await?;
    Ok(Page::of(found, |decision| decision.position.into(), None))
}

/// What is kept of a decision cannot be read as JSON: a fault of the server.
pub fn unreadable(error: serde_json::Error) -> Refusal {
    Refusal::internal(format!("a decision's effects are no JSON: {error}"))
}

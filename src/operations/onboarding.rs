//! Getting started: steps and cards.

use super::submit::{Done, Draft, submit};
use super::{Call, input};
use crate::domain::command::{Body, Card};
use crate::domain::program::Step;
use crate::domain::records::User;
use crate::domain::refusal::Refusal;
use crate::domain::time::Time;

/// A step, and whether the user did it.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The step.
    pub step: Step,
    /// When the user did it.
    pub done_at: Option<Time>,
}

/// How far a user came, in the program's order.
pub async fn progress(call: &Call, user: &User) -> Result<Vec<Progress>, Refusal> {
    let in_force = call.in_force().await?;
    let steps = in_force.program.steps.iter();
    Ok(steps
        .map(|step| Progress { step: step.clone(), done_at: user.steps.get(&step.key).copied() })
        .collect())
}

/// Marks a step done; again changes nothing. An end user's own, or of the user that a key names.
pub async fn complete(call: &Call, user_id: Option<&str>, step: String) -> Result<Done, Refusal> {
    let user_id = call.subject(user_id)?;
    input::word("step", &step)?;
    // The step's key has no colon to be mistaken: it is one of the program's.
    let key = Some(format!("{user_id}:{step}"));
    submit(call, Draft::new(key, Body::CompleteStep { user_id, step })).await
}

/// Hides a card for good.
pub async fn dismiss(call: &Call, user_id: Option<&str>, card: Card) -> Result<Done, Refusal> {
    let user_id = call.subject(user_id)?;
    submit(call, Draft::new(None, Body::Dismiss { user_id, card })).await
}

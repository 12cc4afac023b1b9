//! Reviews: what an administrator decides about rewards and referrals by hand.

use uuid::Uuid;

use super::submit::{Done, Draft, submit};
use super::{Call, input};
use crate::domain::command::Body;
use crate::domain::records::{Lot, Referral};
use crate::domain::refusal::Refusal;

/// What is reviewed, and why.
#[derive(Debug, Clone)]
pub struct Review {
    /// The id of a reward or a referral.
    pub id: String,
    /// A reason, which is kept.
    pub reason: Option<String>,
}

/// Tries a FAILED reward again. Needs an admin key.
pub async fn retry_reward(call: &Call, review: Review) -> Result<Lot, Refusal> {
    of_reward(call, review, |reward_id, reason| Body::RetryReward { reward_id, reason }).await
}

/// Ends a hold early: the reward becomes usable. Needs an admin key.
pub async fn approve_reward(call: &Call, review: Review) -> Result<Lot, Refusal> {
    of_reward(call, review, |reward_id, reason| Body::ApproveReward { reward_id, reason }).await
}

/// Ends a hold or a reward: what is left of it is gone. Needs an admin key.
pub async fn cancel_reward(call: &Call, review: Review) -> Result<Lot, Refusal> {
    of_reward(call, review, |reward_id, reason| Body::CancelReward { reward_id, reason }).await
}

/// Releases a HELD referral: what held it is decided again, with holds off. Needs an admin key.
pub async fn approve_referral(call: &Call, review: Review) -> Result<(Referral, Done), Refusal> {
    of_referral(call, review, |referral_id, reason| Body::ApproveReferral { referral_id, reason })
        .await
}

/// Refuses a referral that was not paid. Needs an admin key.
pub async fn reject_referral(call: &Call, review: Review) -> Result<(Referral, Done), Refusal> {
    of_referral(call, review, |referral_id, reason| Body::RejectReferral { referral_id, reason })
        .await
}

async fn of_reward(
    call: &Call,
    review: Review,
    body: fn(Uuid, Option<String>) -> Body,
) -> Result<Lot, Refusal> {
    let id = checked(call, "reward", &review)?;
    let done = submit(call, Draft::new(None, body(id, review.reason))).await?;
    if let Some(lot) = done.outcome().lot(id) {
        return Ok(lot.clone());
    }
    let found = call.operations.database.lots_by_ids(call.tenant()?.id, &[id]).await?.pop();
    found.ok_or_else(|| Refusal::internal("a reward that was reviewed is not there"))
}

async fn of_referral(
    call: &Call,
    review: Review,
    body: fn(Uuid, Option<String>) -> Body,
) -> Result<(Referral, Done), Refusal> {
    let id = checked(call, "referral", &review)?;
    let done = submit(call, Draft::new(None, body(id, review.reason))).await?;
    match done.referral(call).await? {
        Some(referral) => Ok((referral, done)),
        None => Err(Refusal::internal("a referral that was reviewed is not there")),
    }
}

fn checked(call: &Call, what: &str, review: &Review) -> Result<Uuid, Refusal> {
    call.caller.require_admin()?;
    input::optional_text("reason", review.reason.as_deref())?;
    input::own_id(what, &review.id)
}

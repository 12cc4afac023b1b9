//! Reviews: what an administrator decides about rewards and referrals by hand.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::cost;
use super::decision::{self, Decision};
use super::error::Result;
use super::loaders::call;
use super::referral::Referral;
use super::reward::Reward;
use crate::operations::{Call, Done, reviews};

/// Which reward is reviewed.
#[derive(InputObject)]
pub struct ReviewRewardInput {
    /// The reward's id.
    id: ID,
    /// Why; kept with the review.
    reason: Option<String>,
}

/// Which referral is reviewed.
#[derive(InputObject)]
pub struct ReviewReferralInput {
    /// The referral's id.
    id: ID,
    /// Why; kept with the review, and shown as `failureReason` when the referral is refused.
    reason: Option<String>,
}

/// What became of a reward.
#[derive(SimpleObject)]
pub struct RewardPayload {
    /// The reward as it is now.
    reward: Reward,
}

/// What became of a referral.
#[derive(SimpleObject)]
pub struct ReviewReferralPayload {
    /// The referral as it is now.
    referral: Referral,
    /// What was decided again; empty when nothing was.
    #[graphql(complexity = "cost::list(cost::DECISIONS, child_complexity)")]
    decisions: Vec<Decision>,
}

/// Reviews by an administrator.
#[derive(Default)]
pub struct ReviewMutation;

#[Object]
impl ReviewMutation {
    /// Tries a FAILED reward again (a Stripe payment that was refused). While Stripe is not connected it stays FAILED. Needs an admin key.
    async fn retry_reward(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which reward.")] input: ReviewRewardInput,
    ) -> Result<RewardPayload> {
        let reward = Reward(reviews::retry_reward(call(ctx)?, input.into()).await?);
        Ok(RewardPayload { reward })
    }

    /// Ends a hold early: the reward becomes usable. One that is usable already stays as it is. Needs an admin key.
    async fn approve_reward(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which reward, and why.")] input: ReviewRewardInput,
    ) -> Result<RewardPayload> {
        let reward = Reward(reviews::approve_reward(call(ctx)?, input.into()).await?);
        Ok(RewardPayload { reward })
    }

    /// Ends a hold or a reward: what is left of it is gone. When it was given for a credited referral, the referral is REVERSED. One that is CANCELLED already stays as it is. Needs an admin key.
    async fn cancel_reward(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which reward, and why.")] input: ReviewRewardInput,
    ) -> Result<RewardPayload> {
        let reward = Reward(reviews::cancel_reward(call(ctx)?, input.into()).await?);
        Ok(RewardPayload { reward })
    }

    /// Releases a HELD referral: decides the held event again with holds off. Any other is BAD_USER_INPUT. Needs an admin key.
    async fn approve_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which referral, and why.")] input: ReviewReferralInput,
    ) -> Result<ReviewReferralPayload> {
        let call = call(ctx)?;
        let (referral, done) = reviews::approve_referral(call, input.into()).await?;
        reviewed(call, Referral(referral), &done).await
    }

    /// Refuses a referral for good: it is REJECTED and never paid. One that was paid is BAD_USER_INPUT. Needs an admin key.
    async fn reject_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which referral, and why.")] input: ReviewReferralInput,
    ) -> Result<ReviewReferralPayload> {
        let call = call(ctx)?;
        let (referral, done) = reviews::reject_referral(call, input.into()).await?;
        reviewed(call, Referral(referral), &done).await
    }
}

async fn reviewed(call: &Call, referral: Referral, done: &Done) -> Result<ReviewReferralPayload> {
    Ok(ReviewReferralPayload { referral, decisions: decision::of_done(call, done).await? })
}

impl From<ReviewRewardInput> for reviews::Review {
    fn from(input: ReviewRewardInput) -> Self {
        Self { id: input.id.0, reason: input.reason }
    }
}

impl From<ReviewReferralInput> for reviews::Review {
    fn from(input: ReviewReferralInput) -> Self {
        Self { id: input.id.0, reason: input.reason }
    }
}

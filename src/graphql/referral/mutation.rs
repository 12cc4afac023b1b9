//! Changes of referrals and their codes.

use async_graphql::{Context, Object};

use super::{
    ApplyReferralCodeInput, ApplyReferralCodePayload, CreateReferrerInput, CreateReferrerPayload,
    GenerateReferralCodeInput, Referral, ReferralCodePayload, ReferralCodeValidation,
    TrackReferralClickInput, TrackReferralClickPayload,
};
use crate::domain::answer::Validation;
use crate::domain::refusal::Refusal;
use crate::graphql::decision;
use crate::graphql::error::Result;
use crate::graphql::loaders::call;
use crate::graphql::user::User;
use crate::operations::referrals::{self, SharedCode};

/// Changes of referrals and their codes.
#[derive(Default)]
pub struct ReferralMutation;

#[Object]
impl ReferralMutation {
    /// The caller's code; made on first use, the same one after that. Needs a user's token or a key.
    async fn generate_referral_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose code; null for the caller's own.")] input: Option<
            GenerateReferralCodeInput,
        >,
    ) -> Result<ReferralCodePayload> {
        let user_id = input.unwrap_or_default().user_id;
        Ok(referrals::generate_code(call(ctx)?, user_id.as_ref().map(|id| id.as_str()))
            .await?
            .into())
    }

    /// A new code; the old one stops working. Too often is RATE_LIMITED. Needs a user's token or a key.
    async fn regenerate_referral_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose code; null for the caller's own.")] input: Option<
            GenerateReferralCodeInput,
        >,
    ) -> Result<ReferralCodePayload> {
        let user_id = input.unwrap_or_default().user_id;
        Ok(referrals::regenerate_code(call(ctx)?, user_id.as_ref().map(|id| id.as_str()))
            .await?
            .into())
    }

    /// Applies a code typed in after sign-up. It cannot be used once the user has a referrer or has purchased: `validation` says so. Needs a user's token or a key.
    async fn apply_referral_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code, and whose it shall be.")] input: ApplyReferralCodeInput,
    ) -> Result<ApplyReferralCodePayload> {
        let call = call(ctx)?;
        let user_id = input.user_id.as_ref().map(|id| id.as_str());
        let done = referrals::apply_code(call, user_id, input.code, input.idempotency_key).await?;
        let validation = done.answer().validation;
        let referral = match validation.as_ref().is_some_and(Validation::is_valid) {
            true => done.referral(call).await?,
            false => None,
        };
        let validation = ReferralCodeValidation::of(ctx, validation).await?;
        Ok(ApplyReferralCodePayload {
            validation: validation
                .ok_or_else(|| Refusal::internal("a code was applied without a validation"))?,
            referral: referral.map(Referral),
            decisions: decision::of_done(call, &done).await?,
        })
    }

    /// Counts a visit through a share link. Anyone who names a tenant may call it.
    async fn track_referral_click(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which link, and who came.")] input: TrackReferralClickInput,
    ) -> Result<TrackReferralClickPayload> {
        let (code, agent, device) = (input.code, input.user_agent, input.device_id);
        let counted = referrals::track_click(call(ctx)?, code, agent, device).await?;
        Ok(TrackReferralClickPayload { counted })
    }

    /// Makes someone who refers but is no user of the product (a partner, an affiliate): a User with an id made here, not counted among the users. The same e-mail again returns the same. Needs an admin key.
    async fn create_referrer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who.")] input: CreateReferrerInput,
    ) -> Result<CreateReferrerPayload> {
        let call = call(ctx)?;
        let made = referrals::create_referrer(call, input.name, input.email).await?;
        Ok(CreateReferrerPayload {
            user: User(made.user),
            code: made.shared.code,
            share_url: made.shared.share_url,
        })
    }
}

impl From<SharedCode> for ReferralCodePayload {
    fn from(shared: SharedCode) -> Self {
        Self { code: shared.code, share_url: shared.share_url, created: shared.created }
    }
}

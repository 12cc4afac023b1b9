//! Changes of users.

use async_graphql::{Context, Object};

use super::{
    EraseUserInput, EraseUserPayload, IssueUserTokenInput, IssueUserTokenPayload,
    RegisterUserInput, RegisterUserPayload, UpdateUserInput, UpdateUserPayload, User,
};
use crate::graphql::decision;
use crate::graphql::error::Result;
use crate::graphql::loaders::call;
use crate::graphql::referral::ReferralCodeValidation;
use crate::graphql::scalars::DateTime;
use crate::operations::{tokens, users};

/// Changes of users.
#[derive(Default)]
pub struct UserMutation;

#[Object]
impl UserMutation {
    /// Signs a user up. The same id again changes nothing and answers as the first time, with `created: false`. A bad referral code never fails the sign-up: it is reported in `referralCode`. Needs a service key.
    async fn register_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs up.")] input: RegisterUserInput,
    ) -> Result<RegisterUserPayload> {
        let call = call(ctx)?;
        let done = users::register(call, input.into()).await?;
        Ok(RegisterUserPayload {
            created: !done.replayed && done.answer().created,
            referral_code: ReferralCodeValidation::of(ctx, done.answer().validation).await?,
            user: User(done.user(call).await?),
            decisions: decision::of_done(call, &done).await?,
        })
    }

    /// Changes name, e-mail, `emailVerified` or traits. Needs a service key.
    async fn update_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateUserInput,
    ) -> Result<UpdateUserPayload> {
        let call = call(ctx)?;
        let done = users::update(call, input.into()).await?;
        Ok(UpdateUserPayload {
            user: User(done.user(call).await?),
            decisions: decision::of_done(call, &done).await?,
        })
    }

    /// Signs a token with which a browser calls as this user. Needs a service key.
    async fn issue_user_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "For whom, for how long.")] input: IssueUserTokenInput,
    ) -> Result<IssueUserTokenPayload> {
        let ttl_seconds = input.ttl_seconds.unwrap_or(3_600);
        let issued = tokens::issue(call(ctx)?, &input.user_id, ttl_seconds.into()).await?;
        Ok(IssueUserTokenPayload { token: issued.token, expires_at: DateTime(issued.expires_at) })
    }

    /// Replaces name, e-mail, traits, address and device with nothing; the ledger, its sums and the counts stay. The user's code stops working. Where a user has a very long history, its last traces go soon after the answer. Needs an admin key.
    async fn erase_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to forget.")] input: EraseUserInput,
    ) -> Result<EraseUserPayload> {
        let call = call(ctx)?;
        let done = users::erase(call, &input.user_id).await?;
        Ok(EraseUserPayload { user: User(done.user(call).await?) })
    }
}

//! What a user has to do with referrals.

use async_graphql::{Context, Object};

use super::{Referral, ReferralStatus, list};
use crate::domain::records;
use crate::graphql::cost;
use crate::graphql::error::Result;
use crate::graphql::loaders::{UserId, call, reader};
use crate::graphql::page::{CountedConnection, PageArgs};
use crate::graphql::scalars::{Amount, int};
use crate::operations::referrals;

/// What a user has to do with referrals, as referrer and as referred.
pub struct ReferralProfile(pub records::User);

/// What a user has to do with referrals, as referrer and as referred.
#[Object]
#[expect(clippy::too_many_arguments, reason = "a list's arguments are Relay's, each by its name")]
impl ReferralProfile {
    /// The user's code; null until it is generated.
    async fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The link that carries the code; null until the code is generated.
    async fn share_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let Some(code) = &self.0.code else { return Ok(None) };
        Ok(Some(referrals::share_url(call(ctx)?, code).await?))
    }

    /// Visits through the user's links.
    async fn clicks(&self) -> i32 {
        int(self.0.clicks)
    }

    /// Referrals that the user made.
    async fn signups(&self) -> i32 {
        int(self.0.signups)
    }

    /// Referred users who went on to purchase.
    async fn conversions(&self) -> i32 {
        int(self.0.conversions)
    }

    /// Referrals that paid this referrer.
    async fn credited(&self) -> i32 {
        int(self.0.credited)
    }

    /// What the user earned from referrals.
    async fn total_earned(&self) -> Amount {
        Amount(self.0.referral_earned)
    }

    /// How many referrals are paid at most; null when the program sets no limit.
    async fn max_uses(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        Ok(referrals::uses(call(ctx)?, &self.0).await?.map(|uses| int(uses.limit)))
    }

    /// How many of them are left; null when the program sets no limit.
    async fn remaining_uses(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        Ok(referrals::uses(call(ctx)?, &self.0).await?.map(|uses| int(uses.remaining)))
    }

    /// The code that this user came in with; null without a referrer.
    async fn referred_by_code(&self) -> Option<&str> {
        self.0.referred_by_code.as_deref()
    }

    /// The name of the user's referrer; null without a referrer or a name.
    async fn referred_by_name(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let Some(id) = &self.0.referrer_id else { return Ok(None) };
        let referrer = reader(ctx)?.load_one(UserId(id.clone())).await?;
        Ok(referrer.and_then(|user| user.personal.name))
    }

    /// Whether to show the invite prompt: not dismissed, nobody invited yet, and the program lets users invite now.
    async fn show_prompt(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(referrals::shows_prompt(call(ctx)?, &self.0).await?)
    }

    /// The referrals that the user made, newest first.
    #[graphql(complexity = "cost::page(first, last, child_complexity)")]
    async fn referrals(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the beginning of the list, 1 to 100; 20 when neither first nor last is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Begin after the entry of this cursor; at the beginning when null.")]
        after: Option<String>,
        #[graphql(desc = "How many from the end of the list, 1 to 100; not together with first.")]
        last: Option<i32>,
        #[graphql(desc = "End before the entry of this cursor; at the end when null.")]
        before: Option<String>,
        #[graphql(desc = "Only those that stand so.")] status: Option<ReferralStatus>,
    ) -> Result<CountedConnection<Referral>> {
        let filter = referrals::ReferralFilter {
            status: status.map(Into::into),
            referrer_id: Some(self.0.id.clone()),
            from: None,
            to: None,
        };
        list(ctx, "user_referrals", PageArgs { first, after, last, before }, filter).await
    }
}

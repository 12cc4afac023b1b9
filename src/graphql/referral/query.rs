//! Queries about referrals.

use async_graphql::{Context, Object};

use super::{Referral, ReferralCodeValidation, ReferralFilter, ReferralTotals, list};
use crate::domain::refusal::Refusal;
use crate::graphql::cost;
use crate::graphql::error::Result;
use crate::graphql::loaders::call;
use crate::graphql::page::{CountedConnection, PageArgs};
use crate::operations::referrals;

/// Queries about referrals.
#[derive(Default)]
pub struct ReferralQuery;

#[Object]
#[expect(clippy::too_many_arguments, reason = "a list's arguments are Relay's, each by its name")]
impl ReferralQuery {
    /// Every referral of the tenant, newest first. Needs an admin key.
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
        #[graphql(desc = "Only those that match.")] filter: Option<ReferralFilter>,
    ) -> Result<CountedConnection<Referral>> {
        call(ctx)?.caller.require_admin()?;
        let filter = filter.unwrap_or_default().into();
        list(ctx, "referrals", PageArgs { first, after, last, before }, filter).await
    }

    /// How many referrals there are, of all time, by status. Needs an admin key.
    async fn referral_totals(&self, ctx: &Context<'_>) -> Result<ReferralTotals> {
        Ok(referrals::totals(call(ctx)?).await?.into())
    }

    /// Says whether a code can be used now, and by whom it was shared. Never reveals an e-mail address. Anyone who names a tenant may ask.
    async fn validate_referral_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code; case and surrounding space do not matter.")] code: String,
    ) -> Result<ReferralCodeValidation> {
        let validation = referrals::validate(call(ctx)?, &code).await?;
        let shown = ReferralCodeValidation::of(ctx, Some(validation)).await?;
        Ok(shown.ok_or_else(|| Refusal::internal("a validation got lost"))?)
    }
}

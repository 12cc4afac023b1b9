//! Rewards: grants seen from the program.

use async_graphql::{Context, Enum, ID, InputObject, Object};

use super::cost;
use super::error::Result;
use super::loaders::call;
use super::page::{self, Connection, PageArgs};
use super::referral::{self, Referral};
use super::scalars::{Amount, DateTime, instant};
use crate::domain::records;
use crate::operations::rewards;

/// What a reward is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "records::Kind")]
pub enum RewardType {
    /// Credit in the tenant's main unit.
    Credit,
    /// An allowance in a unit (messages, requests).
    Quota,
    /// A feature, for a while or for good.
    Feature,
    /// A balance at Stripe.
    StripeBalance,
}

/// Where a reward stands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "records::Status")]
pub enum RewardStatus {
    /// Not usable yet.
    Pending,
    /// Usable now.
    Active,
    /// Used up, or paid.
    Redeemed,
    /// Its time ended with something left.
    Expired,
    /// Taken back.
    Cancelled,
    /// Could not be paid.
    Failed,
}

/// A grant, seen from the program.
#[derive(Clone)]
pub struct Reward(pub records::Lot);

/// A grant, seen from the program.
#[Object]
impl Reward {
    /// The reward's id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it is.
    #[graphql(name = "type")]
    async fn kind(&self) -> RewardType {
        self.0.kind.into()
    }

    /// Where it stands now.
    async fn status(&self, ctx: &Context<'_>) -> Result<RewardStatus> {
        Ok(self.0.status_at(call(ctx)?.now()).into())
    }

    /// The currency, the quota's unit, or the feature's name.
    async fn unit(&self) -> &str {
        &self.0.account.unit
    }

    /// What was granted; 0 for a feature.
    async fn amount(&self) -> Amount {
        Amount(self.0.amount)
    }

    /// What is left of it; 0 for a feature.
    async fn remaining(&self) -> Amount {
        Amount(self.0.remaining)
    }

    /// Where it came from, as in `CreditTransaction.source`.
    async fn source(&self) -> &str {
        &self.0.source
    }

    /// A text for people; null when none was given.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// From when it can be used.
    async fn valid_from(&self) -> DateTime {
        DateTime(self.0.available_from)
    }

    /// When it ends; exclusive. Null when it never ends.
    async fn valid_until(&self) -> Option<DateTime> {
        instant(self.0.expires_at)
    }

    /// The referral that it rewards; null when it rewards something else.
    async fn referral(&self, ctx: &Context<'_>) -> Result<Option<Referral>> {
        referral::load(ctx, self.0.referral_id).await
    }

    /// Why it could not be paid; null when it was, or needs not be.
    async fn failure_reason(&self) -> Option<&str> {
        self.0.failure.as_deref()
    }

    /// Who ended its hold or cancelled it by hand: `key:` and the API key's name. Null when nobody did, and to all but admins.
    async fn reviewed_by(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        Ok(self.review(ctx)?.map(|review| review.by.as_str()))
    }

    /// Why; null when no reason was given, and to all but admins.
    async fn review_reason(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        Ok(self.review(ctx)?.and_then(|review| review.reason.as_deref()))
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

impl Reward {
    fn review(&self, ctx: &Context<'_>) -> Result<Option<&records::Review>> {
        let seen = call(ctx)?.caller.is_admin();
        Ok(self.0.review.as_ref().filter(|_| seen))
    }
}

/// Which rewards.
#[derive(InputObject, Default)]
pub struct RewardFilter {
    /// Those of this user.
    user_id: Option<ID>,
    /// Those of this type.
    #[graphql(name = "type")]
    kind: Option<RewardType>,
    /// Those that stand so now.
    status: Option<RewardStatus>,
}

impl From<RewardFilter> for rewards::RewardFilter {
    fn from(filter: RewardFilter) -> Self {
        Self {
            user_id: filter.user_id.map(|id| id.0),
            kind: filter.kind.map(Into::into),
            status: filter.status.map(Into::into),
        }
    }
}

/// Queries about rewards.
#[derive(Default)]
pub struct RewardQuery;

#[Object]
#[expect(clippy::too_many_arguments, reason = "a list's arguments are Relay's, each by its name")]
impl RewardQuery {
    /// Every reward of the tenant, newest first. Needs an admin key.
    #[graphql(complexity = "cost::page(first, last, child_complexity)")]
    async fn rewards(
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
        #[graphql(desc = "Only those that match.")] filter: Option<RewardFilter>,
    ) -> Result<Connection<Reward>> {
        let call = call(ctx)?;
        call.caller.require_admin()?;
        let page = page::request(call, "rewards", PageArgs { first, after, last, before })?;
        let found = rewards::list(call, filter.unwrap_or_default().into(), page).await?;
        page::connection(call, "rewards", found, Reward)
    }
}

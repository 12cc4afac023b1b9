//! Users.

mod input;
mod mutation;
mod query;

use async_graphql::{Context, ID, Object};
use serde_json::Value;

pub use input::{
    EraseUserInput, EraseUserPayload, IssueUserTokenInput, IssueUserTokenPayload,
    RegisterUserInput, RegisterUserPayload, UpdateUserInput, UpdateUserPayload, UserFilter,
    UserOrder,
};
pub use mutation::UserMutation;
pub use query::UserQuery;

use super::cost;
use super::credit::{self, CreditAccount, CreditTransaction, TransactionFilter};
use super::error::Result;
use super::loaders::{NextStepsOf, UserId, call, reader};
use super::next_step::NextStep;
use super::notice::{Notification, NotificationConnection};
use super::onboarding::Onboarding;
use super::page::{self, Connection, CountedConnection, PageArgs};
use super::referral::ReferralProfile;
use super::reward::{Reward, RewardStatus};
use super::scalars::{DateTime, Json};
use crate::domain::records;
use crate::domain::refusal::Refusal;
use crate::operations::{notices, rewards};

/// An end user of the product, or a partner who only refers. Of another user an end user sees `id` and `name`: every other nullable field is null, every other non-null field FORBIDDEN.
#[derive(Clone)]
pub struct User(pub records::User);

/// An end user of the product, or a partner who only refers. Of another user an end user sees `id` and `name`: every other nullable field is null, every other non-null field FORBIDDEN.
#[Object]
#[expect(clippy::too_many_arguments, reason = "a list's arguments are Relay's, each by its name")]
impl User {
    /// The tenant's own id of the user.
    async fn id(&self) -> ID {
        ID(self.0.id.clone())
    }

    /// The user's name; null when none was given, and after the user was erased.
    async fn name(&self) -> Option<&str> {
        self.0.personal.name.as_deref()
    }

    /// The e-mail address; null when none was given, after the user was erased, and to other users.
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        let seen = call(ctx)?.sees(&self.0.id);
        Ok(self.0.personal.email.as_deref().filter(|_| seen))
    }

    /// Whether the e-mail address is verified.
    async fn email_verified(&self, ctx: &Context<'_>) -> Result<bool> {
        self.private(ctx)?;
        Ok(self.0.email_verified)
    }

    /// What the tenant says of the user: an object.
    async fn traits(&self, ctx: &Context<'_>) -> Result<Json> {
        self.private(ctx)?;
        Ok(Json(Value::Object(self.0.personal.traits.clone())))
    }

    /// When the user signed up.
    async fn created_at(&self, ctx: &Context<'_>) -> Result<DateTime> {
        self.private(ctx)?;
        Ok(DateTime(self.0.created_at))
    }

    /// The user's account in one unit; one of zero when nothing was ever granted in it.
    async fn credits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The unit; the tenant's main unit when null.")] unit: Option<String>,
    ) -> Result<CreditAccount> {
        self.private(ctx)?;
        credit::load_account(ctx, &self.0.id, unit).await
    }

    /// The user's ledger entries, newest first.
    #[graphql(complexity = "cost::page(first, last, child_complexity)")]
    async fn transactions(
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
        #[graphql(desc = "Only those that match.")] filter: Option<TransactionFilter>,
    ) -> Result<CountedConnection<CreditTransaction>> {
        self.private(ctx)?;
        let filter = filter.unwrap_or_default().of_user(&self.0.id)?;
        credit::list(ctx, "user_transactions", PageArgs { first, after, last, before }, filter)
            .await
    }

    /// What the user has to do with referrals.
    async fn referral(&self, ctx: &Context<'_>) -> Result<ReferralProfile> {
        self.private(ctx)?;
        Ok(ReferralProfile(self.0.clone()))
    }

    /// How far the user came in getting started.
    async fn onboarding(&self, ctx: &Context<'_>) -> Result<Onboarding> {
        self.private(ctx)?;
        Onboarding::of(ctx, self.0.clone()).await
    }

    /// The user's rewards, newest first.
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
        #[graphql(desc = "Only those that stand so.")] status: Option<RewardStatus>,
    ) -> Result<Connection<Reward>> {
        self.private(ctx)?;
        let call = call(ctx)?;
        let page = page::request(call, "user_rewards", PageArgs { first, after, last, before })?;
        let found = rewards::of_user(call, &self.0.id, status.map(Into::into), page).await?;
        page::connection(call, "user_rewards", found, Reward)
    }

    /// What the user can do now to earn, as the rules declare it; at most 16 steps.
    #[graphql(complexity = "cost::list(cost::SHORT_LIST, child_complexity)")]
    async fn what_next(&self, ctx: &Context<'_>) -> Result<Vec<NextStep>> {
        self.private(ctx)?;
        let found = reader(ctx)?.load_one(NextStepsOf(self.0.id.clone())).await?;
        Ok(found.unwrap_or_default().into_iter().map(Into::into).collect())
    }

    /// The user's notices, newest first.
    #[graphql(complexity = "cost::page(first, last, child_complexity)")]
    async fn notifications(
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
        #[graphql(desc = "Leave out those that were read.", default_with = "Some(false)")]
        unread_only: Option<bool>,
    ) -> Result<NotificationConnection> {
        self.private(ctx)?;
        let call = call(ctx)?;
        let page = page::request(call, "notifications", PageArgs { first, after, last, before })?;
        let found = notices::of_user(call, &self.0, unread_only.unwrap_or(false), page).await?;
        let page = page::connection(call, "notifications", found, Notification)?;
        Ok(NotificationConnection::new(page, self.0.unread))
    }
}

impl User {
    fn private(&self, ctx: &Context<'_>) -> Result<()> {
        Ok(call(ctx)?.require_sight(&self.0.id)?)
    }
}

/// The user with this id, who must be there: what names a user was kept with it.
pub async fn load(ctx: &Context<'_>, id: &str) -> Result<User> {
    let found = reader(ctx)?.load_one(UserId(id.to_owned())).await?;
    let user = found.ok_or_else(|| Refusal::internal("a record names a user who is not there"))?;
    Ok(User(user))
}

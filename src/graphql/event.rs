//! What happened in the product: purchases, refunds and events of the tenant's own.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::cost;
use super::credit::CreditTransaction;
use super::decision::{self, Decision};
use super::error::Result;
use super::loaders::call;
use super::referral::{Referral, ReferralCodeValidation};
use super::scalars::{Amount, DateTime, Json};
use super::user::User;
use crate::operations::{Done, purchases};

/// A payment.
#[derive(InputObject)]
pub struct RecordPurchaseInput {
    /// The payment's own id.
    id: ID,
    /// Who paid.
    user_id: ID,
    /// What was paid, more than 0.
    amount: Amount,
    /// The currency; it must be the tenant's. The tenant's when null.
    currency: Option<String>,
    /// The plan that was bought.
    plan: Option<String>,
    /// A referral code that came with the payment; a bad one never fails it.
    referral_code: Option<String>,
    /// When it happened; now when null. Counting goes by the server's time all the same.
    occurred_at: Option<DateTime>,
    /// What else rules may read as `event.data`: an object.
    data: Option<Json>,
}

impl From<RecordPurchaseInput> for purchases::NewPurchase {
    fn from(input: RecordPurchaseInput) -> Self {
        Self {
            id: input.id.0,
            user_id: input.user_id.0,
            amount: input.amount.0,
            currency: input.currency,
            plan: input.plan,
            referral_code: input.referral_code,
            occurred_at: input.occurred_at.map(|time| time.0),
            data: input.data.map(|data| data.0),
        }
    }
}

/// A refund of all or part of a purchase.
#[derive(InputObject)]
pub struct RecordRefundInput {
    /// The refund's own id.
    id: ID,
    /// Which payment.
    purchase_id: ID,
    /// How much, more than 0; all that is left when null.
    amount: Option<Amount>,
    /// Why, for people.
    reason: Option<String>,
}

impl From<RecordRefundInput> for purchases::NewRefund {
    fn from(input: RecordRefundInput) -> Self {
        Self {
            id: input.id.0,
            purchase_id: input.purchase_id.0,
            amount: input.amount.map(|amount| amount.0),
            reason: input.reason,
        }
    }
}

/// Anything else that happened.
#[derive(InputObject)]
pub struct RecordEventInput {
    /// The event's own id.
    id: ID,
    /// Whom it is about.
    user_id: ID,
    /// What happened: lower-case words with underscores; none of the engine's own types.
    #[graphql(name = "type")]
    kind: String,
    /// When it happened; now when null.
    occurred_at: Option<DateTime>,
    /// What rules may read as `event.data`: an object.
    data: Option<Json>,
}

impl From<RecordEventInput> for purchases::NewEvent {
    fn from(input: RecordEventInput) -> Self {
        Self {
            id: input.id.0,
            user_id: input.user_id.0,
            kind: input.kind,
            occurred_at: input.occurred_at.map(|time| time.0),
            data: input.data.map(|data| data.0),
        }
    }
}

/// What an event brought about.
#[derive(SimpleObject)]
pub struct EventPayload {
    /// What the rules decided; empty to an end user.
    #[graphql(complexity = "cost::list(cost::DECISIONS, child_complexity)")]
    decisions: Vec<Decision>,
    /// The event's user, as it is now.
    user: User,
    /// All that this event posted, for every user; to an end user only their own.
    #[graphql(complexity = "cost::list(cost::SHORT_LIST, child_complexity)")]
    transactions: Vec<CreditTransaction>,
    /// The referral of this event, else the user's own as referee; null when there is none.
    referral: Option<Referral>,
    /// What became of the code; null when the event named none.
    referral_code: Option<ReferralCodeValidation>,
    /// True when this answer repeats an earlier one.
    replayed: bool,
}

impl EventPayload {
    /// What a change brought about.
    pub async fn of(ctx: &Context<'_>, done: Done) -> Result<Self> {
        let call = call(ctx)?;
        let posted = done.transactions(call).await?;
        Ok(Self {
            decisions: decision::of_done(call, &done).await?,
            user: User(done.user(call).await?),
            transactions: posted.into_iter().map(CreditTransaction).collect(),
            referral: done.referral(call).await?.map(Referral),
            referral_code: ReferralCodeValidation::of(ctx, done.answer().validation).await?,
            replayed: done.replayed,
        })
    }
}

/// What happened in the product.
#[derive(Default)]
pub struct EventMutation;

#[Object]
impl EventMutation {
    /// Records a payment. `id` is the payment's own id: the same one again changes nothing and returns the same payload. Needs a service key.
    async fn record_purchase(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who paid what.")] input: RecordPurchaseInput,
    ) -> Result<EventPayload> {
        let done = purchases::record(call(ctx)?, input.into()).await?;
        EventPayload::of(ctx, done).await
    }

    /// Records a refund of all or part of a recorded purchase; without `amount`, of all that is left. More than is left is BAD_USER_INPUT. Needs a service key.
    async fn record_refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which payment, how much.")] input: RecordRefundInput,
    ) -> Result<EventPayload> {
        let done = purchases::refund(call(ctx)?, input.into()).await?;
        EventPayload::of(ctx, done).await
    }

    /// Records anything else that rules can react to. `type` is lower-case words with underscores; the engine's own types are BAD_USER_INPUT. Needs a service key.
    async fn record_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What happened to whom.")] input: RecordEventInput,
    ) -> Result<EventPayload> {
        let done = purchases::event(call(ctx)?, input.into()).await?;
        EventPayload::of(ctx, done).await
    }
}

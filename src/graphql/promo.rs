//! Promotion codes.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::cost;
use super::error::Result;
use super::event::EventPayload;
use super::loaders::call;
use super::page::{self, Connection, PageArgs};
use super::scalars::{DateTime, Json, instant, int};
use crate::domain::records;
use crate::operations::promos;

/// A promotion code.
#[derive(Clone)]
pub struct PromoCode(pub records::Promo);

/// A promotion code.
#[Object]
impl PromoCode {
    /// The code.
    async fn code(&self) -> &str {
        &self.0.shown
    }

    /// Whether it is switched on.
    async fn active(&self) -> bool {
        self.0.active
    }

    /// How often it may be redeemed; null when there is no limit.
    async fn max_redemptions(&self) -> Option<i32> {
        self.0.max_redemptions.map(int)
    }

    /// How often it was redeemed.
    async fn redemptions(&self) -> i32 {
        int(self.0.redemptions)
    }

    /// How often one user may redeem it.
    async fn per_user(&self) -> i32 {
        int(self.0.per_user)
    }

    /// From when it can be redeemed; null when from the beginning.
    async fn starts_at(&self) -> Option<DateTime> {
        instant(self.0.starts_at)
    }

    /// Until when it can be redeemed; exclusive. Null when without an end.
    async fn ends_at(&self) -> Option<DateTime> {
        instant(self.0.ends_at)
    }

    /// What rules read as `event.data` when it is redeemed.
    async fn data(&self) -> Json {
        Json(self.0.data.clone())
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// A new promotion code.
#[derive(InputObject)]
pub struct CreatePromoCodeInput {
    /// The code; one is made up when null.
    code: Option<String>,
    /// How often it may be redeemed; without a limit when null.
    max_redemptions: Option<i32>,
    /// How often one user may redeem it.
    #[graphql(default_with = "Some(1)")]
    per_user: Option<i32>,
    /// From when; at once when null.
    starts_at: Option<DateTime>,
    /// Until when, exclusive; without an end when null.
    ends_at: Option<DateTime>,
    /// What rules read as `event.data` when it is redeemed: an object.
    data: Json,
}

impl From<CreatePromoCodeInput> for promos::PromoDraft {
    fn from(input: CreatePromoCodeInput) -> Self {
        Self {
            code: input.code,
            max_redemptions: input.max_redemptions.map(Into::into),
            per_user: input.per_user.unwrap_or(1).into(),
            starts_at: input.starts_at.map(|time| time.0),
            ends_at: input.ends_at.map(|time| time.0),
            data: input.data.0,
        }
    }
}

/// Which code to switch.
#[derive(InputObject)]
pub struct UpdatePromoCodeInput {
    /// The code.
    code: String,
    /// On or off.
    active: bool,
}

/// A promotion code after a change.
#[derive(SimpleObject)]
pub struct PromoCodePayload {
    /// The code.
    promo_code: PromoCode,
}

/// Which code to redeem.
#[derive(InputObject)]
pub struct RedeemPromoCodeInput {
    /// The code; case and surrounding space do not matter.
    code: String,
    /// Which user; an end user leaves it out.
    user_id: Option<ID>,
    /// The same key again changes nothing and answers the same.
    idempotency_key: Option<String>,
}

/// Queries about promotion codes.
#[derive(Default)]
pub struct PromoQuery;

#[Object]
#[expect(clippy::too_many_arguments, reason = "a list's arguments are Relay's, each by its name")]
impl PromoQuery {
    /// Every promotion code, newest first. Needs an admin key.
    #[graphql(complexity = "cost::page(first, last, child_complexity)")]
    async fn promo_codes(
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
    ) -> Result<Connection<PromoCode>> {
        let call = call(ctx)?;
        call.caller.require_admin()?;
        let page = page::request(call, "promo_codes", PageArgs { first, after, last, before })?;
        let found = promos::list(call, page).await?;
        page::connection(call, "promo_codes", found, PromoCode)
    }
}

/// Changes of promotion codes.
#[derive(Default)]
pub struct PromoMutation;

#[Object]
impl PromoMutation {
    /// Makes a promotion code; without `code` one is made up. A code that exists is ALREADY_EXISTS. Needs an admin key.
    async fn create_promo_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is good for.")] input: CreatePromoCodeInput,
    ) -> Result<PromoCodePayload> {
        let promo = promos::create(call(ctx)?, input.into()).await?;
        Ok(PromoCodePayload { promo_code: PromoCode(promo) })
    }

    /// Switches a code on or off. Needs an admin key.
    async fn update_promo_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which code.")] input: UpdatePromoCodeInput,
    ) -> Result<PromoCodePayload> {
        let promo = promos::switch(call(ctx)?, input.code, input.active).await?;
        Ok(PromoCodePayload { promo_code: PromoCode(promo) })
    }

    /// Redeems a code. Unknown is NOT_FOUND; used up, used by this user, outside its window or switched off is BAD_USER_INPUT, with `extensions.reason`. Needs a user's token or a key.
    async fn redeem_promo_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which code, by whom.")] input: RedeemPromoCodeInput,
    ) -> Result<EventPayload> {
        let user_id = input.user_id.as_ref().map(|id| id.as_str());
        let done = promos::redeem(call(ctx)?, user_id, input.code, input.idempotency_key).await?;
        EventPayload::of(ctx, done).await
    }
}

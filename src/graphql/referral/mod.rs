//! Referrals: who brought whom, codes, and what became of them.

mod code;
mod mutation;
mod profile;
mod query;
mod totals;

use async_graphql::{Context, Enum, ID, InputObject, Object};

pub use code::{
    ApplyReferralCodeInput, ApplyReferralCodePayload, CreateReferrerInput, CreateReferrerPayload,
    GenerateReferralCodeInput, ReferralCodePayload, ReferralCodeValidation,
    TrackReferralClickInput, TrackReferralClickPayload,
};
pub use mutation::ReferralMutation;
pub use profile::ReferralProfile;
pub use query::ReferralQuery;
pub use totals::ReferralTotals;

use super::cost;
use super::error::Result;
use super::loaders::{ReferralId, RewardsOf, call, reader};
use super::page::{self, CountedConnection, PageArgs};
use super::reward::Reward;
use super::scalars::{Amount, DateTime, Json, instant};
use super::user::{self, User};
use crate::domain::records;
use crate::operations::referrals;

/// Where a referral stands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "records::ReferralStatus")]
pub enum ReferralStatus {
    /// Made; the referrer has not been paid for it.
    Pending,
    /// Waits for an administrator.
    Held,
    /// A payment outside (Stripe) is on its way.
    Paying,
    /// The referrer was paid.
    Credited,
    /// A payment was owed and could not be made; `failureReason` says why.
    Failed,
    /// Refused as abuse, or by the rules.
    Rejected,
    /// Was paid, then taken back.
    Reversed,
}

/// That one user brought another.
#[derive(Clone)]
pub struct Referral(pub records::Referral);

/// That one user brought another.
#[Object]
impl Referral {
    /// The referral's id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The code that was used.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// Where it stands.
    async fn status(&self) -> ReferralStatus {
        self.0.status.into()
    }

    /// Who referred.
    async fn referrer(&self, ctx: &Context<'_>) -> Result<User> {
        user::load(ctx, &self.0.referrer_id).await
    }

    /// Who was referred.
    async fn referee(&self, ctx: &Context<'_>) -> Result<User> {
        user::load(ctx, &self.0.referee_id).await
    }

    /// When it was made.
    async fn signed_up_at(&self) -> DateTime {
        DateTime(self.0.signed_up_at)
    }

    /// When the referred user first purchased; null until then.
    async fn converted_at(&self) -> Option<DateTime> {
        instant(self.0.converted_at)
    }

    /// When the referrer was paid; null until then.
    async fn credited_at(&self) -> Option<DateTime> {
        instant(self.0.credited_at)
    }

    /// What the referrer earned from it.
    async fn bonus_earned(&self) -> Amount {
        Amount(self.0.bonus_earned)
    }

    /// Why a payment could not be made, or why it was held or rejected; null when neither happened. Why it was held or rejected is null to an end user.
    async fn failure_reason(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        use records::ReferralStatus::{Held, Rejected};
        let open = !matches!(self.0.status, Held | Rejected) || call(ctx)?.caller.is_service();
        Ok(self.0.failure_reason.as_deref().filter(|_| open))
    }

    /// The rewards that it brought; to an end user only their own.
    #[graphql(complexity = "cost::list(cost::SHORT_LIST, child_complexity)")]
    async fn rewards(&self, ctx: &Context<'_>) -> Result<Vec<Reward>> {
        let call = call(ctx)?;
        let lots = reader(ctx)?.load_one(RewardsOf(self.0.id)).await?.unwrap_or_default();
        Ok(lots.into_iter().filter(|lot| call.sees(&lot.account.user_id)).map(Reward).collect())
    }

    /// The purchase that decided it; null when none did.
    async fn purchase_id(&self) -> Option<ID> {
        self.0.purchase_id.clone().map(ID)
    }

    /// That purchase's `data.type`; null when it had none.
    async fn purchase_type(&self) -> Option<&str> {
        self.0.purchase_type.as_deref()
    }

    /// What was paid; null when no purchase decided it.
    async fn purchase_amount(&self) -> Option<Amount> {
        self.0.purchase_amount.map(Amount)
    }

    /// The plan that was bought; null when none was named.
    async fn plan(&self) -> Option<&str> {
        self.0.plan.as_deref()
    }

    /// Who released or refused it by hand: `key:` and the API key's name. Null when nobody did, and to all but admins.
    async fn reviewed_by(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        let seen = call(ctx)?.caller.is_admin();
        Ok(self.0.reviewed_by.as_deref().filter(|_| seen))
    }

    /// What spoke for abuse when it was decided; null before that, and to all but admins.
    async fn signals(&self, ctx: &Context<'_>) -> Result<Option<Json>> {
        let seen = call(ctx)?.caller.is_admin();
        Ok(self.0.signals.clone().filter(|_| seen).map(Json))
    }
}

/// Which referrals.
#[derive(InputObject, Default)]
pub struct ReferralFilter {
    /// Those that stand so.
    status: Option<ReferralStatus>,
    /// Those that this user made.
    referrer_id: Option<ID>,
    /// Those made at this instant or later.
    from: Option<DateTime>,
    /// Those made before this instant.
    to: Option<DateTime>,
}

impl From<ReferralFilter> for referrals::ReferralFilter {
    fn from(filter: ReferralFilter) -> Self {
        Self {
            status: filter.status.map(Into::into),
            referrer_id: filter.referrer_id.map(|id| id.0),
            from: filter.from.map(|time| time.0),
            to: filter.to.map(|time| time.0),
        }
    }
}

/// A page of referrals; `list` names it in cursors.
async fn list(
    ctx: &Context<'_>,
    list: &str,
    args: PageArgs,
    filter: referrals::ReferralFilter,
) -> Result<CountedConnection<Referral>> {
    let call = call(ctx)?;
    let mut page = page::request(call, list, args)?;
    page::count_if_selected(ctx, &mut page);
    let found = referrals::list(call, filter, page).await?;
    page::counted_connection(call, list, found, Referral)
}

/// Reads a referral, together with the others that the request asks for.
pub async fn load(ctx: &Context<'_>, id: Option<uuid::Uuid>) -> Result<Option<Referral>> {
    let Some(id) = id else { return Ok(None) };
    Ok(reader(ctx)?.load_one(ReferralId(id)).await?.map(Referral))
}

//! Rewards: grants seen from the program.

use uuid::Uuid;

use super::page::{Page, PageRequest};
use super::{Call, input};
use crate::domain::records::{Lot, Status};
use crate::domain::refusal::Refusal;

pub use crate::store::RewardFilter;

/// Rewards that match, newest first. Needs an admin key.
pub async fn list(
    call: &Call,
    filter: RewardFilter,
    request: PageRequest,
) -> Result<Page<Lot>, Refusal> {
    call.caller.require_admin()?;
    input::optional_word("userId", filter.user_id.as_deref())?;
    page(call, &filter, request).await
}

/// A user's rewards, newest first.
pub async fn of_user(
    call: &Call,
    user_id: &str,
    status: Option<Status>,
    request: PageRequest,
) -> Result<Page<Lot>, Refusal> {
    call.require_sight(user_id)?;
    let filter = RewardFilter { user_id: Some(user_id.to_owned()), kind: None, status };
    page(call, &filter, request).await
}

async fn page(
    call: &Call,
    filter: &RewardFilter,
    request: PageRequest,
) -> Result<Page<Lot>, Refusal> {
    let (tenant_id, now) = (call.tenant()?.id, call.now());
    let page = request.by_position()?;
    let found = call.operations.database.rewards_page(tenant_id, filter, now, page).await?;
    Ok(Page::of(found, |lot| lot.created.into(), None))
}

/// The rewards of these referrals, in the order in which they were made.
pub async fn of_referrals(call: &Call, referral_ids: &[Uuid]) -> Result<Vec<Lot>, Refusal> {
    let found = call.operations.database.lots_of_referrals(call.tenant()?.id, referral_ids).await?;
    Ok(found)
}

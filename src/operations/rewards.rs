//! Rewards: grants seen from the program.

use uuid::Uuid;

use super::page::{Page, PageRequest};
use super::{Call, input, peek};
use crate::domain::records::{Kind, Lot, Status};
use crate::domain::refusal::Refusal;

use crate::store::RewardFilter as StoreFilter;

/// Which rewards; what is left out does not matter.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "each field is the field of the API's input with the same name")]
pub struct RewardFilter {
    pub user_id: Option<String>,
    pub kind: Option<Kind>,
    pub status: Option<Status>,
}

/// Rewards that match, newest first. Needs an admin key.
pub async fn list(
    call: &Call,
    filter: RewardFilter,
    request: PageRequest,
) -> Result<Page<Lot>, Refusal> {
    call.caller.require_admin()?;
    input::optional_word("userId", filter.user_id.as_deref())?;
    page(call, filter, request).await
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
    page(call, filter, request).await
}

async fn page(
    call: &Call,
    filter: RewardFilter,
    request: PageRequest,
) -> Result<Page<Lot>, Refusal> {
    let filter = StoreFilter {
        user_id: filter.user_id,
        kind: filter.kind,
        status: filter.status.map(|status| (status, call.now())),
    };
    let (tenant, page) = (call.tenant()?, request.by_position()?);
    let mut found = call.operations.database.rewards_page(tenant.id, &filter, page).await?;
    found.rows = peek::lots(&call.operations, tenant, found.rows).await?;
    if let Some((status, now)) = filter.status {
        // What an account owes may have taken a grant whose hold just ended.
        found.rows.retain(|lot| lot.status_at(now) == status);
    }
    Ok(Page::of(found, |lot| lot.created.into(), None))
}

/// The rewards of these referrals, in the order in which they were made.
pub async fn of_referrals(call: &Call, referral_ids: &[Uuid]) -> Result<Vec<Lot>, Refusal> {
    let tenant = call.tenant()?;
    let found = call.operations.database.lots_by_referrals(tenant.id, referral_ids).await?;
    peek::lots(&call.operations, tenant, found).await
}

//! Rewards: grants seen from the program.

use uuid::Uuid;

use super::page::{Page, PageRequest};
use super::{Call, input, peek};
use crate::domain::records::{Kind, Lot, Position, Status};
use crate::domain::refusal::Refusal;
use crate::store::{Page as StorePage, RewardFilter as StoreFilter, Rows, Window};

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
    let (tenant, page) = (call.tenant()?, request.by_position()?);
    let RewardFilter { user_id, kind, status } = filter;
    let filter = StoreFilter { user_id, kind };
    let found = match status {
        Some(status) => of_status(call, &filter, status, &page).await?,
        None => {
            let mut found = call.operations.database.rewards_page(tenant.id, &filter, page).await?;
            found.rows = peek::lots(&call.operations, tenant, found.rows).await?;
            found
        }
    };
    Ok(Page::of(found, |lot| lot.created.into(), None))
}

/// Those of a status now. Of one that is due the row does not say it: what its account owes may take
/// it whole.
async fn of_status(
    call: &Call,
    filter: &StoreFilter,
    status: Status,
    page: &StorePage<Position>,
) -> Result<Rows<Lot>, Refusal> {
    let (tenant, now) = (call.tenant()?, call.now());
    let database = &call.operations.database;
    let found = database.rewards_of_status(tenant.id, filter, (status, now), page).await?;
    let mut rewards = peek::lots(&call.operations, tenant, found.due).await?;
    rewards.retain(|lot| lot.status_at(now) == status);
    rewards.extend(found.kept);
    rewards.sort_unstable_by_key(|lot| lot.created);
    if matches!(page.window, Window::First(_)) {
        rewards.reverse();
    }
    Ok(Rows::cut(page, rewards))
}

/// The rewards of these referrals, in the order in which they were made.
pub async fn of_referrals(call: &Call, referral_ids: &[Uuid]) -> Result<Vec<Lot>, Refusal> {
    let tenant = call.tenant()?;
    let found = call.operations.database.lots_by_referrals(tenant.id, referral_ids).await?;
    peek::lots(&call.operations, tenant, found).await
}

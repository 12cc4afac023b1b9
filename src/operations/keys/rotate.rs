//! Rotating a key: another takes its place, and for a while both work.

use chrono::TimeDelta;
use uuid::Uuid;

use super::{ApiKey, NewKey, Wanted, of_call, prepare, unknown};
use crate::domain::refusal::Refusal;
use crate::domain::time::Time;
use crate::operations::failure::of_change;
use crate::operations::tenants::Tenant;
use crate::operations::{Call, Operations, input};
use crate::store::Succession;

/// For how long both keys can work, in seconds: 30 days at most.
const OVERLAP: std::ops::RangeInclusive<i64> = 0..=2_592_000;
/// For how long they do when nothing is said: a day.
pub const OVERLAP_SECONDS: i64 = 86_400;

/// Which key is rotated, and how.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The key's id.
    pub id: String,
    /// How long it goes on, in seconds.
    pub overlap_seconds: i64,
    /// When the new one ends by itself; never, when left out.
    pub expires_at: Option<Time>,
}

/// What a rotation gives.
pub struct Rotated {
    /// The new key.
    pub new: NewKey,
    /// The old one, with its end.
    pub old: ApiKey,
}

/// Rotates a key of one's own tenant; the operator names the tenant. Needs an admin key.
pub async fn rotate(
    call: &Call,
    slug: Option<&str>,
    rotation: Rotation,
) -> Result<Rotated, Refusal> {
    call.caller.require_admin()?;
    let tenant = of_call(call, slug).await?;
    let rotated = replace(&call.operations, &tenant, rotation).await?;
    call.note_done();
    Ok(rotated)
}

/// Makes a key of the name and the rights of another, which ends after the overlap, or when it would
/// have ended anyway. Done again it makes yet another, and the old one ends no later for it. NOT_FOUND
/// when the tenant has no such key, and BAD_USER_INPUT when it has ended.
pub async fn replace(
    operations: &Operations,
    tenant: &Tenant,
    rotation: Rotation,
) -> Result<Rotated, Refusal> {
    let id = input::own_id("API key", &rotation.id)?;
    if !OVERLAP.contains(&rotation.overlap_seconds) {
        return Err(Refusal::bad_input("overlapSeconds must be 0 to 2592000, 30 days."));
    }
    let (database, tenant_id) = (&operations.database, tenant.reference.id);
    let now = operations.clock.now();
    let mut old = database.api_key(tenant_id, id).await?.ok_or_else(|| unknown(id))?;
    let wanted = Wanted { name: old.name.clone(), role: old.role, expires_at: rotation.expires_at };
    let (successor, new) = prepare(operations, tenant, wanted)?;
    let end = now + TimeDelta::seconds(rotation.overlap_seconds);
    let succession = Succession { id, now, end };
    let held = database.succeed_api_key(tenant_id, succession, &successor).await;
    if !held.map_err(of_change)? {
        return Err(ended(id));
    }
    operations.credentials.forget_keys();
    old.expires_at = Some(old.expires_at.map_or(end, |own| own.min(end)));
    Ok(Rotated { new, old })
}

fn ended(id: Uuid) -> Refusal {
    Refusal::bad_input(format!("The API key {id} has ended: make another with createApiKey."))
}

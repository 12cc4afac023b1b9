//! Notices to users.

use uuid::Uuid;

use super::page::{Page, PageRequest};
use super::submit::{Draft, submit};
use super::{Call, input};
use crate::domain::command::Body;
use crate::domain::records::{Notice, User};
use crate::domain::refusal::Refusal;

/// How many notices can be marked in one call.
const MAX_IDS: usize = 1_000;

/// A user's notices, newest first.
pub async fn of_user(
    call: &Call,
    user: &User,
    unread_only: bool,
    request: PageRequest,
) -> Result<Page<Notice>, Refusal> {
    call.require_sight(&user.id)?;
    let page = request.by_position()?;
    let tenant_id = call.tenant()?.id;
    let unread_after = unread_only.then_some(user.read_through);
    let found =
        call.operations.database.notices_page(tenant_id, &user.id, unread_after, page).await?;
    let mut page = Page::of(found, |notice| notice.position.into(), None);
    for (_, notice) in &mut page.entries {
        notice.read |= notice.position.seq <= user.read_through;
    }
    Ok(page)
}

/// Marks notices read, all of them without ids; gives how many are left to read.
pub async fn mark_read(
    call: &Call,
    user_id: Option<&str>,
    ids: Option<Vec<String>>,
) -> Result<i64, Refusal> {
    let user_id = call.subject(user_id)?;
    if ids.as_ref().is_some_and(|ids| ids.len() > MAX_IDS) {
        return Err(Refusal::bad_input(format!("Give at most {MAX_IDS} ids, or none for all.")));
    }
    let read = |ids: Vec<String>| ids.iter().map(|id| input::own_id("notification", id)).collect();
    let ids: Option<Vec<Uuid>> = ids.map(read).transpose()?;
    let done = submit(call, Draft::new(None, Body::MarkRead { user_id, ids })).await?;
    Ok(done.user(call).await?.unread)
}

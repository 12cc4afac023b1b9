//! An account, live.

use futures_util::stream::{Stream, unfold};

use super::audience::Subject;
use super::poller;
use crate::domain::records::Account;
use crate::domain::refusal::Refusal;
use crate::operations::{Call, credits, users};

/// The user's account in a unit (the main one when none is named), at once and then after every
/// change to it. Whoever reads slowly misses states in between, never the last. An end user names
/// nobody, or themself; a key must name a user.
pub async fn accounts(
    call: &Call,
    user_id: Option<&str>,
    unit: Option<String>,
) -> Result<impl Stream<Item = Account> + use<>, Refusal> {
    let user_id = call.subject(user_id)?;
    let key = credits::account_key(call, &user_id, unit).await?;
    users::expect(call, &user_id).await?;
    let subject = Subject::Account(key.clone());
    let seated = poller::join(call, subject, |watchers| watchers.watch_account(&key))?;
    Ok(unfold(seated, async |(mut view, seat)| Some((view.next().await?, (view, seat)))))
}

//! A user's notices, live.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{Stream, unfold};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;

use super::audience::{NoticeView, Subject, end_of};
use super::hub::Seat;
use super::poller;
use crate::domain::records::{Notice, Position};
use crate::domain::refusal::Refusal;
use crate::operations::{Call, Operations, users};
use crate::store::StoreError;

/// How many missed notices are read together.
const AT_ONCE: u64 = 50;
/// How long a database that fails is left in peace.
const PAUSE: Duration = Duration::from_secs(1);

/// The notices that a user gets from now on, each once, in their order. An end user names nobody, or
/// themself; a key must name a user.
pub async fn notices(
    call: &Call,
    user_id: Option<&str>,
) -> Result<impl Stream<Item = Notice> + use<>, Refusal> {
    let user_id = call.subject(user_id)?;
    let tenant_id = call.tenant()?.id;
    // "From now on" begins here: whatever is added while the rest of this runs is seen.
    let shown = end_of(call.operations.database.last_seq(tenant_id).await?);
    users::expect(call, &user_id).await?;
    let subject = Subject::Notices(user_id.clone());
    let (view, seat) =
        poller::join(call, subject, |watchers| watchers.watch_notices(&user_id, shown))?;
    let operations = Arc::clone(&call.operations);
    let read = VecDeque::new();
    let reader = Reader { operations, tenant_id, user_id, shown, read, view, _seat: seat };
    Ok(unfold(reader, async |mut reader| Some((reader.next().await?, reader))))
}

/// Somebody who watches a user's notices.
struct Reader {
    operations: Arc<Operations>,
    tenant_id: i64,
    user_id: String,
    /// Notices up to here were shown, or are among those that were read.
    shown: Position,
    /// Missed notices that were read and are to be shown.
    read: VecDeque<Notice>,
    view: NoticeView,
    _seat: Seat,
}

impl Reader {
    /// The next notice; `None` when none will come any more.
    async fn next(&mut self) -> Option<Notice> {
        loop {
            if let Some(notice) = self.read.pop_front() {
                return Some(notice);
            }
            if self.view.missed {
                if self.read_missed().await.is_err() {
                    sleep(PAUSE).await;
                }
                continue;
            }
            match self.view.coming.recv().await {
                Ok(notice) if notice.position > self.shown => {
                    self.shown = notice.position;
                    return Some(notice);
                }
                Ok(_) => {}
                // More came than find room: they are in the database.
                Err(RecvError::Lagged(_)) => self.view.missed = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// Reads some that were missed. What comes meanwhile comes again, and is passed over then.
    async fn read_missed(&mut self) -> Result<(), StoreError> {
        let (database, user_id) = (&self.operations.database, Some(self.user_id.as_str()));
        let page = database.notices_after(self.tenant_id, user_id, self.shown, AT_ONCE).await?;
        self.shown = page.rows.last().map_or(self.shown, |notice| notice.position);
        self.view.missed = page.has_next;
        self.read.extend(page.rows);
        Ok(())
    }
}

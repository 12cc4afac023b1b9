//! Events of the tenant's own kinds, and notices read.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::deciding::{decide, occur};
use crate::domain::records::{Notice, User};
use crate::domain::refusal::Refusal;
use crate::domain::rules::ENGINE_EVENTS;
use crate::domain::state::{Key, Stop};
use crate::domain::time::Time;
use crate::domain::work::{Occurrence, Work};

use super::kept::Kept;

/// An event that happened to a user now, without amount or purchase.
pub(super) fn plain(work: &Work<'_>, event: &str, id: &str, user: &User) -> Occurrence {
    Occurrence {
        event: event.to_owned(),
        id: id.to_owned(),
        user_id: user.id.clone(),
        at: work.now(),
        amount: None,
        plan: None,
        data: json!({}),
        purchase_id: None,
        referral_id: user.referral_id,
    }
}

/// An event of the tenant's own kind.
pub(super) struct Custom<'c> {
    pub event_id: &'c str,
    pub user_id: &'c str,
    pub event: &'c str,
    pub occurred_at: Option<Time>,
    pub data: &'c Value,
}

pub(super) fn record(work: &mut Work<'_>, custom: Custom<'_>) -> Result<Kept, Stop> {
    if ENGINE_EVENTS.contains(&custom.event) {
        let message = format!(
            "The type {:?} is the engine's own: it comes from what users do. Choose another.",
            custom.event
        );
        return Err(Refusal::bad_input(message).into());
    }
    let user = work.user(custom.user_id)?;
    work.answer.user_id = Some(user.id.clone());
    work.answer.referral_id = user.referral_id;
    let occurrence = Occurrence {
        at: custom.occurred_at.unwrap_or_else(|| work.now()),
        data: custom.data.clone(),
        ..plain(work, custom.event, custom.event_id, &user)
    };
    let sheet = occur(work, occurrence)?;
    decide(work, sheet)?;
    Ok(Kept::Event)
}

pub(super) fn mark_read(
    work: &mut Work<'_>,
    user_id: &str,
    ids: Option<&[Uuid]>,
) -> Result<Kept, Stop> {
    let mut user = work.user(user_id)?;
    work.answer.user_id = Some(user.id.clone());
    let unread_before = user.unread;
    match ids {
        None => {
            user.read_through = work.state.lane().seq;
            user.unread = 0;
        }
        Some(ids) => {
            work.state.need(ids.iter().map(|id| Key::Notice(*id)))?;
            for id in ids {
                read_one(work, &mut user, *id)?;
            }
        }
    }
    if user.unread == unread_before {
        return Ok(Kept::Noted);
    }
    work.state.put(user);
    Ok(Kept::Event)
}

fn read_one(work: &mut Work<'_>, user: &mut User, id: Uuid) -> Result<(), Stop> {
    let notice = (work.state.get::<Notice>(&id)?.cloned())
        .filter(|notice| notice.user_id == user.id)
        .ok_or_else(|| Refusal::not_found("This user has no such notification."))?;
    if !notice.read && notice.position.seq > user.read_through {
        user.unread -= 1;
        work.state.put(Notice { read: true, ..notice });
    }
    Ok(())
}

//! Bulk calls: many commands of low class, each with a result of its own.

use std::collections::HashMap;

use futures_util::{StreamExt, stream};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::credits::{self, NewGrant};
use super::submit::Done;
use super::users::{self, SignUp};
use super::{Call, decisions, input, secrets};
use crate::domain::answer::Validation;
use crate::domain::records::{Decision, Transaction, User};
use crate::domain::refusal::Refusal;

/// The most entries of a bulk call.
pub const MAX_ENTRIES: usize = 1_000;

/// How many entries of one call are sent ahead of the first whose answer is not there yet.
const AHEAD: usize = 200;

/// One entry of a bulk call, and what became of it.
#[derive(Debug)]
pub struct Entry<T> {
    /// The user's id, as it came in.
    pub id: String,
    /// What was done, or why nothing was.
    pub result: Result<T, Refusal>,
}

/// A grant to one of many.
#[derive(Debug)]
pub struct Granted {
    /// What was booked.
    pub transaction: Option<Transaction>,
    /// Does it repeat an earlier command?
    pub replayed: bool,
}

/// A sign-up of one of many.
#[derive(Debug)]
pub struct Registered {
    /// The user.
    pub user: User,
    /// Was the user made by this call?
    pub created: bool,
    /// What became of the code that was given.
    pub validation: Option<Validation>,
    /// What the rules decided.
    pub decisions: Vec<Decision>,
}

/// The same grant to many users: `terms` without the user, its key that of the whole call. Each
/// user's own key is made of both, so that the same call again goes on where an earlier one broke
/// off, and a user who is named twice is granted once. Needs an admin key.
pub async fn grant(
    call: &Call,
    user_ids: Vec<String>,
    terms: NewGrant,
) -> Result<Vec<Entry<Granted>>, Refusal> {
    call.caller.require_admin()?;
    input::count("userIds", user_ids.len(), MAX_ENTRIES)?;
    let key = terms.idempotency_key.clone().unwrap_or_default();
    input::word("idempotencyKey", &key)?;
    credits::check_terms(&terms)?;
    credits::unit(call, terms.unit.clone()).await?;
    credits::check_source(call, &terms.source).await?;
    let call = &call.in_bulk();
    let done = in_order(user_ids, |id| {
        let own = NewGrant {
            user_id: id.clone(),
            idempotency_key: Some(key_of(&key, &id)),
            ..terms.clone()
        };
        async move { Entry { id, result: credits::submit_grant(call, own).await } }
    });
    with_transactions(call, done.await).await
}

/// An entry's own key: of the call's and the user's id, which both can be as long as a key.
fn key_of(key: &str, user_id: &str) -> String {
    let digest = Sha256::new().chain_update(key).chain_update([0]).chain_update(user_id);
    format!("grantCredits:{}", secrets::hex(&digest.finalize()))
}

/// Adds what each entry booked; what earlier commands booked is read together.
async fn with_transactions(
    call: &Call,
    entries: Vec<Entry<Done>>,
) -> Result<Vec<Entry<Granted>>, Refusal> {
    let ids: Vec<Uuid> =
        done(&entries).filter(|done| done.replayed).filter_map(booked_by).collect();
    let earlier = credits::find_transactions(call, &ids).await?;
    let earlier: HashMap<Uuid, Transaction> =
        earlier.into_iter().map(|booked| (booked.id, booked)).collect();
    let granted = |done: Done| Granted {
        transaction: booked_by(&done).and_then(|id| {
            done.outcome().record::<Transaction>(&id).or_else(|| earlier.get(&id)).cloned()
        }),
        replayed: done.replayed,
    };
    Ok(entries.into_iter().map(|entry| entry.and_then(|done| Ok(granted(done)))).collect())
}

fn booked_by(done: &Done) -> Option<Uuid> {
    done.answer().transaction_id
}

/// Signs many users up, each as `users::register` does. Needs a service key.
pub async fn register(
    call: &Call,
    sign_ups: Vec<SignUp>,
) -> Result<Vec<Entry<Registered>>, Refusal> {
    call.caller.require_service()?;
    input::count("users", sign_ups.len(), MAX_ENTRIES)?;
    let call = &call.in_bulk();
    let done = in_order(sign_ups, |sign_up| async move {
        Entry { id: sign_up.id.clone(), result: users::register(call, sign_up).await }
    });
    with_users(call, done.await).await
}

/// Adds each entry's user and decisions; those of earlier commands are read together.
async fn with_users(
    call: &Call,
    entries: Vec<Entry<Done>>,
) -> Result<Vec<Entry<Registered>>, Refusal> {
    let ids: Vec<String> = (entries.iter())
        .filter(|entry| entry.result.as_ref().is_ok_and(|done| made(done, &entry.id).is_none()))
        .map(|entry| entry.id.clone())
        .collect();
    let seqs: Vec<i64> =
        done(&entries).filter(|done| done.replayed).filter_map(Done::seq).collect();
    let known = users::find(call, &ids).await?;
    let known: HashMap<String, User> =
        known.into_iter().map(|user| (user.id.clone(), user)).collect();
    let mut earlier: HashMap<i64, Vec<Decision>> = HashMap::new();
    for decision in decisions::of_events(call, &seqs).await? {
        earlier.entry(decision.position.seq).or_default().push(decision);
    }
    let registered = |id: &str, done: Done| {
        let user = made(&done, id).or_else(|| known.get(id)).cloned();
        let decisions = match done.seq().filter(|_| done.replayed) {
            Some(seq) => earlier.get(&seq).cloned().unwrap_or_default(),
            None => done.outcome().decisions(),
        };
        Ok(Registered {
            user: user.ok_or_else(|| Refusal::internal("a user who signed up is not there"))?,
            created: !done.replayed && done.answer().created,
            validation: done.answer().validation,
            decisions,
        })
    };
    Ok((entries.into_iter())
        .map(|entry| {
            let id = entry.id.clone();
            entry.and_then(|done| registered(&id, done))
        })
        .collect())
}

fn made<'a>(done: &'a Done, id: &str) -> Option<&'a User> {
    done.outcome().record::<User>(&id.to_owned())
}

impl<T> Entry<T> {
    fn and_then<U>(self, then: impl FnOnce(T) -> Result<U, Refusal>) -> Entry<U> {
        Entry { id: self.id, result: self.result.and_then(then) }
    }
}

/// The entries that were accepted.
fn done(entries: &[Entry<Done>]) -> impl Iterator<Item = &Done> {
    entries.iter().filter_map(|entry| entry.result.as_ref().ok())
}

/// Sends entries in their order, many ahead of the answers; what became of each, in the same order.
async fn in_order<I, T, F: Future<Output = T>>(
    entries: Vec<I>,
    send: impl FnMut(I) -> F,
) -> Vec<T> {
    stream::iter(entries).map(send).buffered(AHEAD).collect().await
}

#[cfg(test)]
mod tests {
    use super::key_of;

    #[test]
    fn every_call_and_user_has_a_key_of_its_own() {
        let keys = [key_of("a", "bc"), key_of("ab", "c"), key_of("a", "b"), key_of("b", "a")];
        for (n, key) in keys.iter().enumerate() {
            assert!(key.len() <= 255 && !keys[..n].contains(key), "{key}");
        }
        assert_eq!(key_of("a", "bc"), keys[0]);
    }
}

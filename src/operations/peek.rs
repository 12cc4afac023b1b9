//! Looking at a tenant with the domain's own eyes: a slice is loaded without a lock, the question is
//! asked of it, and what it lacks is loaded until the answer is there. Nothing is written.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::Operations;
use super::programs::InForce;
use crate::domain::answer::Validation;
use crate::domain::attempts::MISSED_CODES;
use crate::domain::caller::TenantRef;
use crate::domain::command::{Body, Command};
use crate::domain::facts::standing;
use crate::domain::ledger;
use crate::domain::records::{Account, AccountKey, Code, Lot, User};
use crate::domain::referral::{Attempt, validate, working};
use crate::domain::refusal::Refusal;
use crate::domain::state::{Change, Key, Slice, State, Stop};
use crate::domain::work::{self, Work};

/// A question needs fewer rounds of loading than this.
const MAX_ROUNDS: usize = 8;

/// The account as it stands now, what is due booked in thought, and its usable lots in the order in
/// which they will be spent.
pub async fn account(
    operations: &Operations,
    tenant: &TenantRef,
    key: &AccountKey,
) -> Result<(Account, Vec<Lot>), Refusal> {
    look(operations, tenant, to_settle([key]), |work| {
        let account = ledger::settle(work, key)?;
        Ok((account, ledger::usable_lots(work, key)?))
    })
    .await
}

/// Accounts as they stand now, what is due booked in thought, in the order of the keys.
pub async fn accounts(
    operations: &Operations,
    tenant: &TenantRef,
    keys: &[AccountKey],
) -> Result<Vec<Account>, Refusal> {
    look(operations, tenant, to_settle(keys), |work| {
        keys.iter().map(|key| ledger::settle(work, key)).collect()
    })
    .await
}

/// These lots as they stand now, what is due in their accounts booked in thought.
pub async fn lots(
    operations: &Operations,
    tenant: &TenantRef,
    lots: Vec<Lot>,
) -> Result<Vec<Lot>, Refusal> {
    let now = operations.clock.now();
    let is_due = |lot: &&Lot| lot.due_at().is_some_and(|due| due <= now);
    let due: BTreeSet<AccountKey> =
        lots.iter().filter(is_due).map(|lot| lot.account.clone()).collect();
    if due.is_empty() {
        return Ok(lots);
    }
    look(operations, tenant, to_settle(&due), |work| {
        for key in &due {
            ledger::settle(work, key)?;
        }
        let settled = &work.state.change.tables.lots;
        let as_it_stands = |lot: &Lot| settled.get(&lot.id).cloned().flatten();
        Ok(lots.iter().map(|lot| as_it_stands(lot).unwrap_or_else(|| lot.clone())).collect())
    })
    .await
}

/// Whether a referral code can be used now by this user (`None`: by somebody new). RATE_LIMITED when
/// `guesser` tried too many codes that nobody has.
pub async fn validate_code(
    operations: &Operations,
    tenant: &TenantRef,
    code: &str,
    (user_id, guesser): (Option<&str>, Option<&str>),
) -> Result<Validation, Refusal> {
    let wanted = guesser.map(|guesser| MISSED_CODES.ask(guesser)).into_iter().collect();
    look(operations, tenant, wanted, |work| {
        if let Some(guesser) = guesser {
            MISSED_CODES.require(work, guesser)?;
        }
        let user = match user_id {
            Some(id) => work.state.get::<User>(&id.to_owned())?.cloned(),
            None => None,
        };
        let attempt = if user.is_some() { Attempt::TypedIn } else { Attempt::Look };
        validate(work, code, user.as_ref(), attempt)
    })
    .await
}

/// What settling these accounts reads.
fn to_settle<'k>(keys: impl IntoIterator<Item = &'k AccountKey>) -> BTreeSet<Key> {
    let about = |key: &AccountKey| [Key::Account(key.clone()), Key::OpenLots(key.clone())];
    keys.into_iter().flat_map(about).collect()
}

/// How everything stands for each of these users (`None` of one who was erased), with what is in force
/// for them. All of it comes in a few queries, however many users there are.
pub async fn standings(
    operations: &Operations,
    tenant: &TenantRef,
    user_ids: &[String],
) -> Result<(Arc<InForce>, Vec<Option<Value>>), Refusal> {
    let (slice, in_force) = slice(operations, tenant).await?;
    let unit = &in_force.program.unit;
    let account = |user_id: &String| AccountKey { user_id: user_id.clone(), unit: unit.clone() };
    let first = (user_ids.iter())
        .flat_map(|id| [Key::User(id.clone()), Key::Account(account(id))])
        .collect();
    let command = nobodys(&slice);
    let found = ask(operations, tenant, (slice, first), |slice| {
        let nothing = Change::default();
        let ground = ground(&in_force, slice, operations);
        let mut work = Work::new(State::new(slice, &nothing), ground, &command);
        let mut found = Vec::with_capacity(user_ids.len());
        for user_id in user_ids {
            let facts = standing(&mut work, user_id);
            found.extend(work.or_missing(facts)?);
        }
        work.ended(Ok(found))
    });
    let found = found.await?;
    Ok((in_force, found))
}

/// The code as it is shown, while it works: nobody retired it, and its owner was not erased.
/// RATE_LIMITED when `guesser` tried too many codes that nobody has.
pub async fn working_code(
    operations: &Operations,
    tenant: &TenantRef,
    code: &str,
    guesser: Option<&str>,
) -> Result<Option<String>, Refusal> {
    let mut wanted = BTreeSet::from([Key::Code(Code::matching(code))]);
    wanted.extend(guesser.map(|guesser| MISSED_CODES.ask(guesser)));
    look(operations, tenant, wanted, |work| {
        if let Some(guesser) = guesser {
            MISSED_CODES.require(work, guesser)?;
        }
        Ok(working(work, code)?.map(|(code, _)| code.shown.clone()))
    })
    .await
}

/// Asks a question of the tenant as it is now.
async fn look<T>(
    operations: &Operations,
    tenant: &TenantRef,
    first: BTreeSet<Key>,
    question: impl Fn(&mut Work<'_>) -> Result<T, Stop>,
) -> Result<T, Refusal> {
    let (slice, in_force) = slice(operations, tenant).await?;
    let command = nobodys(&slice);
    ask(operations, tenant, (slice, first), |slice| {
        let nothing = Change::default();
        let in_force = ground(&in_force, slice, operations);
        question(&mut Work::new(State::new(slice, &nothing), in_force, &command))
    })
    .await
}

/// Asks `question` of a slice, and loads what it lacks, until it is answered.
pub(super) async fn ask<T>(
    operations: &Operations,
    tenant: &TenantRef,
    (mut slice, mut wanted): (Slice, BTreeSet<Key>),
    question: impl Fn(&Slice) -> Result<T, Stop>,
) -> Result<T, Refusal> {
    for _ in 0..MAX_ROUNDS {
        operations.database.load(tenant.id, &mut slice, &wanted).await?;
        match question(&slice) {
            Ok(answer) => return Ok(answer),
            Err(Stop::Refused(refusal)) => return Err(refusal),
            Err(Stop::Missing(keys)) => wanted = keys,
        }
    }
    tracing::error!(missing = wanted.len(), "a question still misses something");
    Err(Refusal::internal("Something broke on the server; it is in the log."))
}

/// A slice that knows only the tenant's row, and what is in force for it.
pub(super) async fn slice(
    operations: &Operations,
    tenant: &TenantRef,
) -> Result<(Slice, Arc<InForce>), Refusal> {
    let lane = operations.database.lane(tenant.id).await?;
    let in_force = operations.programs.in_force(tenant.id, &lane).await?;
    Ok((Slice::new(lane), in_force))
}

/// What a question is asked under: now, but never before the lane's time.
pub(super) fn ground<'a>(
    in_force: &'a InForce,
    slice: &Slice,
    operations: &Operations,
) -> work::InForce<'a> {
    let now = operations.clock.now().max(slice.lane.last_at);
    work::InForce { rules: &*in_force.rules, program: &in_force.program, now }
}

/// A command that nobody gave, for questions: only its ids are used, and nothing of it is kept.
pub(super) fn nobodys(slice: &Slice) -> Command {
    Command {
        id: Uuid::nil(),
        seed: Uuid::from_u64_pair(0, slice.lane.seq.unsigned_abs()),
        actor: "system".to_owned(),
        key: None,
        input_hash: String::new(),
        body: Body::Settle { accounts: Vec::new(), rewards: Vec::new() },
        personal: None,
    }
}

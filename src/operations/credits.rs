//! Credits: grants and spends by hand, reversals, accounts, lots and the ledger.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::page::{Page, PageRequest};
use super::submit::{Done, Draft, input_hash, submit};
use super::{Call, Operations, input, peek};
use crate::domain::amount::Amount;
use crate::domain::caller::{Role, TenantRef};
use crate::domain::command::{Body, Grant, Spend};
use crate::domain::records::{Account, AccountKey, EventKey, Lot, Operation, Transaction};
use crate::domain::refusal::Refusal;
use crate::domain::time::Time;

pub use crate::store::TransactionFilter;

/// A grant by hand, as it came in.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each field is the field of the API's input with the same name")]
pub struct NewGrant {
    pub user_id: String,
    pub amount: Amount,
    pub unit: Option<String>,
    pub source: String,
    pub description: Option<String>,
    pub reference_id: Option<String>,
    pub space_id: Option<String>,
    pub priority: i32,
    pub available_from: Option<Time>,
    pub expires_at: Option<Time>,
    pub idempotency_key: Option<String>,
}

/// A spend, as it came in.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each field is the field of the API's input with the same name")]
pub struct NewSpend {
    pub user_id: String,
    pub amount: Amount,
    pub unit: Option<String>,
    pub description: Option<String>,
    pub reference_id: Option<String>,
    pub space_id: Option<String>,
    pub idempotency_key: Option<String>,
}

/// An account after a grant, a spend or a reversal.
#[derive(Debug)]
pub struct Credited {
    /// What was booked; `None` while the grant is on hold.
    pub transaction: Option<Transaction>,
    /// The grant.
    pub lot: Option<Lot>,
    /// The account as it is now.
    pub account: Account,
    /// Does it repeat an earlier command?
    pub replayed: bool,
}

/// Grants credit. Needs a service key.
pub async fn add(call: &Call, grant: NewGrant) -> Result<Credited, Refusal> {
    call.caller.require_service()?;
    credited(call, submit_grant(call, grant).await?).await
}

/// Sends a grant; what it booked is not looked up.
pub async fn submit_grant(call: &Call, grant: NewGrant) -> Result<Done, Refusal> {
    check_grant(&grant)?;
    submit(call, draft(call, grant)).await
}

/// Of each of these grants, in their order: was it granted before? IDEMPOTENCY_CONFLICT where its key
/// was used with another input.
pub async fn granted_before(
    call: &Call,
    grants: &[NewGrant],
) -> Result<Vec<Result<bool, Refusal>>, Refusal> {
    let operation = Operation::AddCredits;
    let keys: Vec<EventKey> = (grants.iter())
        .filter_map(|grant| Some(EventKey { operation, key: grant.idempotency_key.clone()? }))
        .collect();
    let found = call.operations.database.events_by_keys(call.tenant()?.id, &keys).await?;
    let hash_of: HashMap<_, _> =
        found.into_iter().filter_map(|event| Some((event.key?, event.input_hash))).collect();
    let mut before = Vec::with_capacity(grants.len());
    for grant in grants {
        before.push(match grant.idempotency_key.as_ref().and_then(|key| hash_of.get(key)) {
            None => Ok(false),
            Some(hash) if *hash == input_hash(call, &draft(call, grant.clone())).await? => Ok(true),
            Some(_) => Err(Refusal::key_used()),
        });
    }
    Ok(before)
}

/// Looks at a grant in itself.
pub fn check_grant(grant: &NewGrant) -> Result<(), Refusal> {
    input::word("userId", &grant.user_id)?;
    check_terms(grant)
}

/// Looks at a grant in itself, whoever gets it.
pub fn check_terms(grant: &NewGrant) -> Result<(), Refusal> {
    input::optional_word("unit", grant.unit.as_deref())?;
    input::positive("amount", grant.amount)?;
    input::word("source", &grant.source)?;
    check_texts(&grant.description, &grant.reference_id, &grant.space_id)?;
    input::optional_word("idempotencyKey", grant.idempotency_key.as_deref())?;
    input::ordered("The grant", grant.available_from, grant.expires_at)
}

fn draft(call: &Call, grant: NewGrant) -> Draft {
    let granted_by = match call.caller.role {
        Role::Operator | Role::Admin(_) | Role::Service(_) => Some(call.caller.actor()),
        Role::User(_) | Role::Public => None,
    };
    let body = Grant {
        user_id: grant.user_id,
        unit: grant.unit,
        amount: grant.amount,
        source: grant.source,
        description: grant.description,
        reference_id: grant.reference_id,
        space_id: grant.space_id,
        priority: grant.priority,
        available_from: grant.available_from,
        expires_at: grant.expires_at,
        granted_by: None,
    };
    // Who asks is no part of the input: another key may send the same again.
    let input = serde_json::to_value(&body).ok();
    let body = Body::AddCredits(Grant { granted_by, ..body });
    Draft { key: grant.idempotency_key, body, personal: None, input }
}

/// Spends. Needs a service key.
pub async fn spend(call: &Call, spend: NewSpend) -> Result<Credited, Refusal> {
    call.caller.require_service()?;
    let (key, spend) = checked(spend)?;
    credited(call, submit(call, Draft::new(key, Body::SpendCredits(spend))).await?).await
}

/// Uses up some of a quota. Needs a service key.
pub async fn consume_quota(call: &Call, spend: NewSpend) -> Result<Credited, Refusal> {
    call.caller.require_service()?;
    let (key, spend) = checked(spend)?;
    credited(call, submit(call, Draft::new(key, Body::ConsumeQuota(spend))).await?).await
}

fn checked(spend: NewSpend) -> Result<(Option<String>, Spend), Refusal> {
    check_about(&spend.user_id, spend.unit.as_deref(), spend.amount)?;
    check_texts(&spend.description, &spend.reference_id, &spend.space_id)?;
    input::optional_word("idempotencyKey", spend.idempotency_key.as_deref())?;
    let body = Spend {
        user_id: spend.user_id,
        unit: spend.unit,
        amount: spend.amount,
        description: spend.description,
        reference_id: spend.reference_id,
        space_id: spend.space_id,
    };
    Ok((spend.idempotency_key, body))
}

fn check_about(user_id: &str, unit: Option<&str>, amount: Amount) -> Result<(), Refusal> {
    input::word("userId", user_id)?;
    input::optional_word("unit", unit)?;
    input::positive("amount", amount)
}

fn check_texts(
    description: &Option<String>,
    reference_id: &Option<String>,
    space_id: &Option<String>,
) -> Result<(), Refusal> {
    input::optional_text("description", description.as_deref())?;
    input::optional_word("referenceId", reference_id.as_deref())?;
    input::optional_word("spaceId", space_id.as_deref())
}

/// Undoes a grant or a spend. Needs an admin key.
pub async fn reverse(
    call: &Call,
    transaction_id: &str,
    reason: Option<String>,
    key: Option<String>,
) -> Result<Credited, Refusal> {
    call.caller.require_admin()?;
    let transaction_id = input::own_id("transaction", transaction_id)?;
    input::optional_text("reason", reason.as_deref())?;
    input::optional_word("idempotencyKey", key.as_deref())?;
    let body = Body::ReverseTransaction { transaction_id, reason };
    let mut credited = credited(call, submit(call, Draft::new(key, body)).await?).await?;
    credited.lot = None;
    Ok(credited)
}

/// The account that a command was about, with what the command booked there.
async fn credited(call: &Call, done: Done) -> Result<Credited, Refusal> {
    let answer = done.answer();
    let transaction = match answer.transaction_id {
        Some(id) => Some(transaction(call, &done, id).await?),
        None => None,
    };
    let lot = match answer.lot_id {
        Some(id) => Some(lot(call, &done, id).await?),
        None => None,
    };
    let key = (transaction.as_ref().map(|booked| &booked.account))
        .or(lot.as_ref().map(|lot| &lot.account))
        .ok_or_else(|| Refusal::internal("a change of credits names neither entry nor lot"))?;
    let account = match done.outcome().account(key).filter(|_| !done.replayed) {
        Some(account) => account.clone(),
        None => account(call, key).await?,
    };
    Ok(Credited { account, replayed: done.replayed, transaction, lot })
}

async fn transaction(call: &Call, done: &Done, id: Uuid) -> Result<Transaction, Refusal> {
    if let Some(booked) = done.outcome().record::<Transaction>(&id) {
        return Ok(booked.clone());
    }
    let found = find_transactions(call, &[id]).await?.pop();
    found.ok_or_else(|| Refusal::internal("an entry that was answered is not there"))
}

async fn lot(call: &Call, done: &Done, id: Uuid) -> Result<Lot, Refusal> {
    if let Some(lot) = done.outcome().lot(id) {
        return Ok(lot.clone());
    }
    let tenant = call.tenant()?;
    let found = call.operations.database.lots_by_ids(tenant.id, &[id]).await?;
    let found = peek::lots(&call.operations, tenant, found).await?.pop();
    found.ok_or_else(|| Refusal::internal("a lot that was answered is not there"))
}

/// The unit, which must be known; the main unit when none is named.
pub async fn unit(call: &Call, unit: Option<String>) -> Result<String, Refusal> {
    let in_force = call.in_force().await?;
    match unit {
        None => Ok(in_force.program.unit.clone()),
        Some(unit) if in_force.program.knows_unit(&unit) => Ok(unit),
        Some(_) => Err(Refusal::bad_input(format!(
            "This unit is not known: use {} or one that the program names.",
            in_force.program.unit
        ))),
    }
}

/// Names a user's account; the unit must be known.
pub async fn account_key(
    call: &Call,
    user_id: &str,
    named: Option<String>,
) -> Result<AccountKey, Refusal> {
    Ok(AccountKey { user_id: user_id.to_owned(), unit: unit(call, named).await? })
}

/// Accounts as they are now; one of zero where nothing was ever granted.
pub async fn accounts(call: &Call, keys: &[AccountKey]) -> Result<Vec<Account>, Refusal> {
    accounts_of(&call.operations, call.tenant()?, keys).await
}

/// A tenant's accounts as they are now, in no order; one of zero where nothing was ever granted.
pub(super) async fn accounts_of(
    operations: &Operations,
    tenant: &TenantRef,
    keys: &[AccountKey],
) -> Result<Vec<Account>, Refusal> {
    let now = operations.clock.now();
    let mut found = operations.database.accounts_by_keys(tenant.id, keys).await?;
    let known: HashSet<AccountKey> = found.iter().map(|account| account.key.clone()).collect();
    // Something fell due that is not booked yet: only its lots tell what is left.
    let due: Vec<AccountKey> = found
        .extract_if(.., |account| account.next_due_at.is_some_and(|due| due <= now))
        .map(|account| account.key)
        .collect();
    if !due.is_empty() {
        found.extend(peek::accounts(operations, tenant, &due).await?);
    }
    let missing = keys.iter().filter(|key| !known.contains(*key));
    found.extend(missing.cloned().map(Account::empty));
    Ok(found)
}

async fn account(call: &Call, key: &AccountKey) -> Result<Account, Refusal> {
    let found = accounts(call, std::slice::from_ref(key)).await?.pop();
    found.ok_or_else(|| Refusal::internal("an account was asked for and not made up"))
}

/// An account's usable lots in the order in which they will be spent, at most `first` of them.
pub async fn usable_lots(call: &Call, key: &AccountKey, first: i64) -> Result<Vec<Lot>, Refusal> {
    call.require_sight(&key.user_id)?;
    let size = input::size("first", first)?;
    let (database, tenant, now) = (&call.operations.database, call.tenant()?, call.now());
    let account = database.accounts_by_keys(tenant.id, std::slice::from_ref(key)).await?.pop();
    if account.and_then(|account| account.next_due_at).is_none_or(|due| due > now) {
        return Ok(database.usable_lots(tenant.id, key, now, size as u64).await?);
    }
    let (_, lots) = peek::account(&call.operations, tenant, key).await?;
    Ok(lots.into_iter().take(size).collect())
}

/// Transactions by id, as far as they are there, in no order.
pub async fn find_transactions(call: &Call, ids: &[Uuid]) -> Result<Vec<Transaction>, Refusal> {
    Ok(call.operations.database.transactions_by_ids(call.tenant()?.id, ids).await?)
}

/// The ledger's entries that match, newest first. Needs an admin key, but for one's own entries.
pub async fn transactions(
    call: &Call,
    filter: TransactionFilter,
    request: PageRequest,
) -> Result<Page<Transaction>, Refusal> {
    match &filter.user_id {
        Some(user_id) if call.sees(user_id) => {}
        _ => call.caller.require_admin()?,
    }
    check_filter(call, &filter).await?;
    let database = &call.operations.database;
    let tenant_id = call.tenant()?.id;
    let found = database.transactions_page(tenant_id, &filter, request.by_position()?).await?;
    let total = match request.counted {
        true => Some(database.count_transactions(tenant_id, &filter).await?),
        false => None,
    };
    Ok(Page::of(found, |entry| entry.position.into(), total))
}

async fn check_filter(call: &Call, filter: &TransactionFilter) -> Result<(), Refusal> {
    input::optional_word("userId", filter.user_id.as_deref())?;
    input::optional_word("referenceId", filter.reference_id.as_deref())?;
    if let Some(named) = &filter.unit {
        unit(call, Some(named.clone())).await?;
    }
    match &filter.source {
        Some(source) => check_source(call, source).await,
        None => Ok(()),
    }
}

/// Refuses a source that the program does not know.
pub async fn check_source(call: &Call, source: &str) -> Result<(), Refusal> {
    if call.in_force().await?.program.knows_source(source) {
        return Ok(());
    }
    Err(Refusal::bad_input("This source is not known: use one that the program names."))
}

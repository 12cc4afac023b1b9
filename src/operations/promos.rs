//! Promotion codes.

use serde_json::Value;

use super::page::{Page, PageRequest};
use super::submit::{Done, Draft, submit};
use super::{Call, input};
use crate::domain::command::{Body, NewPromo};
use crate::domain::records::{Code, Promo};
use crate::domain::refusal::Refusal;
use crate::domain::time::Time;

/// The most codes of one call.
const MAX_CODES: u32 = 10_000;
/// How many of them one command makes: their rows are the work of a small part of a batch.
const CHUNK: u32 = 100;
/// How long their common beginning can be, in characters.
const MAX_PREFIX: usize = 40;

/// A new promotion code, as it came in.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each field is the field of the API's input with the same name")]
pub struct PromoDraft {
    pub code: Option<String>,
    pub max_redemptions: Option<i64>,
    pub per_user: i64,
    pub starts_at: Option<Time>,
    pub ends_at: Option<Time>,
    pub data: Value,
}

/// Makes a promotion code. Needs an admin key.
pub async fn create(call: &Call, draft: PromoDraft) -> Result<Promo, Refusal> {
    call.caller.require_admin()?;
    if let Some(code) = &draft.code {
        input::word("code", code)?;
        input::word("code", code.trim())?;
    }
    let body = Body::CreatePromo(checked(draft)?);
    promo(call, submit(call, Draft::new(None, body)).await?).await
}

fn checked(draft: PromoDraft) -> Result<NewPromo, Refusal> {
    if draft.per_user < 1 || draft.max_redemptions.is_some_and(|max| max < 1) {
        return Err(Refusal::bad_input("maxRedemptions and perUser must be 1 or more."));
    }
    input::ordered("The code", draft.starts_at, draft.ends_at)?;
    Ok(NewPromo {
        code: draft.code,
        max_redemptions: draft.max_redemptions,
        per_user: draft.per_user,
        starts_at: draft.starts_at,
        ends_at: draft.ends_at,
        data: Value::Object(input::object("data", Some(draft.data))?),
    })
}

/// Makes `count` codes that share their terms, each beginning with `prefix`. They are made chunk
/// after chunk; when the server breaks off, those that were made by then are given, and without any
/// the refusal. Needs an admin key.
pub async fn create_many(
    call: &Call,
    count: i64,
    prefix: Option<String>,
    terms: PromoDraft,
) -> Result<Vec<String>, Refusal> {
    call.caller.require_admin()?;
    let count = u32::try_from(count).ok().filter(|count| (1..=MAX_CODES).contains(count));
    let count = count.ok_or_else(|| {
        Refusal::bad_input(format!("count must be 1 to {MAX_CODES}: make more in another call."))
    })?;
    let prefix = prefix.unwrap_or_default();
    check_prefix(&prefix)?;
    let terms = checked(terms)?;
    let call = call.in_bulk();
    let mut codes = Vec::with_capacity(count as usize);
    while let left @ 1.. = count - codes.len() as u32 {
        let (count, prefix, terms) = (left.min(CHUNK), prefix.clone(), terms.clone());
        let body = Body::CreatePromos { count, prefix, terms };
        match submit(&call, Draft::new(None, body)).await {
            Ok(done) => codes.extend(codes_of(&done)),
            Err(refusal) if codes.is_empty() => return Err(refusal),
            Err(refusal) => {
                tracing::warn!(made = codes.len(), %refusal, "making codes broke off");
                break;
            }
        }
    }
    Ok(codes)
}

/// The beginning of a code that people type in.
fn check_prefix(prefix: &str) -> Result<(), Refusal> {
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    if prefix.chars().count() <= MAX_PREFIX && prefix.chars().all(plain) {
        return Ok(());
    }
    Err(Refusal::bad_input(format!(
        "prefix must be up to {MAX_PREFIX} letters, digits, - and _: as in SUMMER-."
    )))
}

/// The codes that a command made, in their order.
fn codes_of(done: &Done) -> Vec<String> {
    let mut made: Vec<&Promo> = done.outcome().change.tables.promos.values().flatten().collect();
    made.sort_by_key(|promo| promo.created);
    made.into_iter().map(|promo| promo.shown.clone()).collect()
}

/// Switches a code on or off. Needs an admin key.
pub async fn switch(call: &Call, code: String, active: bool) -> Result<Promo, Refusal> {
    call.caller.require_admin()?;
    input::word("code", &code)?;
    promo(call, submit(call, Draft::new(None, Body::UpdatePromo { code, active })).await?).await
}

/// The promotion code that a command made or changed.
async fn promo(call: &Call, done: Done) -> Result<Promo, Refusal> {
    let code = done.answer().code;
    let code = code.ok_or_else(|| Refusal::internal("a promotion code's command names no code"))?;
    let matched = Code::matching(&code);
    if let Some(promo) = done.outcome().record::<Promo>(&matched) {
        return Ok(promo.clone());
    }
    let found = call.operations.database.promo(call.tenant()?.id, &matched).await?;
    found.ok_or_else(|| Refusal::internal("a promotion code that was answered is not there"))
}

/// Redeems a code: an end user's own, or for the user that a key names.
pub async fn redeem(
    call: &Call,
    user_id: Option<&str>,
    code: String,
    key: Option<String>,
) -> Result<Done, Refusal> {
    let user_id = call.subject(user_id)?;
    input::word("code", &code)?;
    input::optional_word("idempotencyKey", key.as_deref())?;
    submit(call, Draft::new(key, Body::RedeemPromo { user_id, code })).await
}

/// Every promotion code, newest first. Needs an admin key.
pub async fn list(call: &Call, request: PageRequest) -> Result<Page<Promo>, Refusal> {
    call.caller.require_admin()?;
    let page = request.by_position()?;
    let found = call.operations.database.promos_page(call.tenant()?.id, page).await?;
    Ok(Page::of(found, |promo| promo.created.into(), None))
}

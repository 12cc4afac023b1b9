//! Promotion codes.

use serde_json::Value;

use super::page::{Page, PageRequest};
use super::submit::{Done, Draft, submit};
use super::{Call, input};
use crate::domain::command::{Body, NewPromo};
use crate::domain::records::{Code, Promo};
use crate::domain::refusal::Refusal;
use crate::domain::time::Time;

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
    if draft.per_user < 1 || draft.max_redemptions.is_some_and(|max| max < 1) {
        return Err(Refusal::bad_input("maxRedemptions and perUser must be 1 or more."));
    }
    input::ordered("The code", draft.starts_at, draft.ends_at)?;
    let data = Value::Object(input::object("data", Some(draft.data))?);
    let body = Body::CreatePromo(NewPromo {
        code: draft.code,
        max_redemptions: draft.max_redemptions,
        per_user: draft.per_user,
        starts_at: draft.starts_at,
        ends_at: draft.ends_at,
        data,
    });
    promo(call, submit(call, Draft::new(None, body)).await?).await
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

//! Referrals: codes, visits, partners, and what became of who brought whom.

use serde_json::Value;
use uuid::Uuid;

use super::page::{Page, PageRequest};
use super::submit::{Done, Draft, submit};
use super::{Call, guessing, input, peek, tenants};
use crate::domain::amount::Amount;
use crate::domain::answer::Validation;
use crate::domain::caller::Role;
use crate::domain::command::{Body, Patch, PersonalChange};
use crate::domain::invites;
use crate::domain::records::{Referral, ReferralStatus, TallyKey, User, mailbox};
use crate::domain::refusal::Refusal;

pub use crate::store::ReferralFilter;

/// A code with the link that carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedCode {
    /// The code.
    pub code: String,
    /// The link.
    pub share_url: String,
    /// Was it made by this call?
    pub created: bool,
}

/// A partner with a code.
#[derive(Debug)]
pub struct Partner {
    /// The partner.
    pub user: User,
    /// The partner's code.
    pub shared: SharedCode,
}

/// How many uses a referrer's codes bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uses {
    /// How many in all.
    pub limit: i64,
    /// How many are left.
    pub remaining: i64,
}

/// The user's code; made on first use. An end user's own, or of the user that a key names.
pub async fn generate_code(call: &Call, user_id: Option<&str>) -> Result<SharedCode, Refusal> {
    let user_id = call.subject(user_id)?;
    shared(call, submit(call, Draft::new(None, Body::GenerateCode { user_id })).await?).await
}

/// A new code for the user; the old one stops working.
pub async fn regenerate_code(call: &Call, user_id: Option<&str>) -> Result<SharedCode, Refusal> {
    let user_id = call.subject(user_id)?;
    shared(call, submit(call, Draft::new(None, Body::RegenerateCode { user_id })).await?).await
}

async fn shared(call: &Call, done: Done) -> Result<SharedCode, Refusal> {
    let answer = done.answer();
    let code =
        answer.code.ok_or_else(|| Refusal::internal("a command for a code answers without one"))?;
    let share_url = share_url(call, &code).await?;
    Ok(SharedCode { code, share_url, created: answer.created && !done.replayed })
}

/// The link that carries a code.
pub async fn share_url(call: &Call, code: &str) -> Result<String, Refusal> {
    Ok(call.in_force().await?.program.link_for(code))
}

/// Applies a code that was typed in after sign-up.
pub async fn apply_code(
    call: &Call,
    user_id: Option<&str>,
    code: String,
    key: Option<String>,
) -> Result<Done, Refusal> {
    let user_id = call.subject(user_id)?;
    input::word("code", &code)?;
    input::optional_word("idempotencyKey", key.as_deref())?;
    submit(call, Draft::new(key, Body::ApplyCode { user_id, code })).await
}

/// Whether a code can be used now. An end user learns it for themself. RATE_LIMITED for whoever tried
/// too many codes that nobody has.
pub async fn validate(call: &Call, code: &str) -> Result<Validation, Refusal> {
    let tenant = call.tenant()?;
    input::word("code", code)?;
    let user_id = match &call.caller.role {
        Role::User(id) => Some(id.as_str()),
        _ => None,
    };
    let Some(guesser) = guessing::guesser(call).await? else {
        return peek::validate_code(&call.operations, tenant, code, (user_id, None)).await;
    };
    let _turn = call.operations.turns.turn(tenant.id, &guesser).await;
    let asked = (user_id, Some(guesser.as_str()));
    let validation = peek::validate_code(&call.operations, tenant, code, asked).await?;
    if validation.is_unknown() {
        guessing::note(call, guesser).await?;
    }
    Ok(validation)
}

/// Counts a visit through a share link; says whether it was counted.
pub async fn track_click(
    call: &Call,
    code: String,
    user_agent: Option<String>,
    device_id: Option<String>,
) -> Result<bool, Refusal> {
    call.tenant()?;
    input::word("code", &code)?;
    input::optional_line("userAgent", user_agent.as_deref())?;
    input::optional_word("deviceId", device_id.as_deref())?;
    let secret = tenants::secret(call).await?;
    // Labels of their own: nothing that is kept tells which user a visitor is.
    let body = Body::Click {
        code,
        user_agent,
        device_hash: device_id.map(|device| secret.digest("visit device", &device)),
        ip_hash: guessing::visitor(call).map(|network| secret.digest("visit ip", &network)),
    };
    Ok(submit(call, Draft::new(None, body)).await?.answer().counted)
}

/// Makes a partner; the same e-mail again gives the same. Needs an admin key.
pub async fn create_referrer(call: &Call, name: String, email: String) -> Result<Partner, Refusal> {
    call.caller.require_admin()?;
    input::word("name", &name)?;
    input::optional_email(Some(&email))?;
    let hash = tenants::secret(call).await?.digest("email", &mailbox(&email));
    let personal = PersonalChange {
        name: Patch::Set(name),
        email: Patch::Set(email),
        email_hash: Some(hash.clone()),
        ..PersonalChange::default()
    };
    let body = Body::CreateReferrer { user_id: format!("partner-{}", Uuid::now_v7()) };
    // A partner is told by the mailbox alone: another name the second time is no conflict.
    let input = Some(Value::String(hash.clone()));
    let draft = Draft { key: Some(hash), body, personal: Some(personal), input };
    let done = submit(call, draft).await?;
    let user = done.user(call).await?;
    Ok(Partner { user, shared: shared(call, done).await? })
}

/// How many uses the user's codes bring; `None` when the program sets no limit.
pub async fn uses(call: &Call, user: &User) -> Result<Option<Uses>, Refusal> {
    let in_force = call.in_force().await?;
    let limit = in_force.program.codes.max_uses;
    let remaining = invites::remaining_uses(&in_force.program, user);
    Ok(limit.zip(remaining).map(|(limit, remaining)| Uses { limit, remaining }))
}

/// Is the invite prompt to be shown? Not when it was dismissed, when somebody was invited already,
/// or when the program lets nobody invite now.
pub async fn shows_prompt(call: &Call, user: &User) -> Result<bool, Refusal> {
    Ok(invites::shows_prompt(&call.in_force().await?.program, user))
}

/// Referrals by id, as far as they are there, in no order.
pub async fn find(call: &Call, ids: &[Uuid]) -> Result<Vec<Referral>, Refusal> {
    Ok(call.operations.database.referrals_by_ids(call.tenant()?.id, ids).await?)
}

/// How many referrals there are, of all time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Whatever their status.
    pub all: i64,
    /// By status, in the order of [`ReferralStatus::ALL`].
    pub by_status: [i64; ReferralStatus::ALL.len()],
    /// What referrers earned from them.
    pub bonus_earned: Amount,
}

/// How many referrals there are, by status, and what they brought. Needs an admin key.
pub async fn totals(call: &Call) -> Result<Totals, Refusal> {
    call.caller.require_admin()?;
    let scope = TallyKey::tenant("").scope;
    let kept = call.operations.database.tallies(call.tenant()?.id, &[scope]).await?;
    let total = |name: &str| kept.get(&TallyKey::tenant(name)).copied().unwrap_or(0);
    let by_status =
        ReferralStatus::ALL.map(|status| total(&format!("referrals:{}", status.name())));
    let bonus_earned = Amount::new(total("bonus_earned")).unwrap_or(Amount::MAX);
    Ok(Totals { all: total("referrals"), by_status, bonus_earned })
}

/// Referrals that match, newest first. Needs an admin key, but for those that one made.
pub async fn list(
    call: &Call,
    filter: ReferralFilter,
    request: PageRequest,
) -> Result<Page<Referral>, Refusal> {
    match &filter.referrer_id {
        Some(user_id) if call.sees(user_id) => {}
        _ => call.caller.require_admin()?,
    }
    input::optional_word("referrerId", filter.referrer_id.as_deref())?;
    let database = &call.operations.database;
    let tenant_id = call.tenant()?.id;
    let found = database.referrals_page(tenant_id, &filter, request.by_position()?).await?;
    let total = match request.counted {
        true => Some(database.count_referrals(tenant_id, &filter).await?),
        false => None,
    };
    Ok(Page::of(found, |referral| referral.created.into(), total))
}

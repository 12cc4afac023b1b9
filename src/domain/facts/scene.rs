//! What every sheet of facts has: the people, the referral, caps, signals, settings and the time.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::caps::Parties;
use crate::domain::ledger::settle;
use crate::domain::records::{AccountKey, Referral, ReferralStatus, User};
use crate::domain::state::{Key, Stop};
use crate::domain::work::Work;

use super::persons::{referrer_facts, user_facts};
use super::signals::{fingerprint_keys, signals};
use super::stand::{cap_facts, cap_keys};

/// A user among others, as everything stands now.
pub(super) struct Scene {
    /// The user.
    pub user: User,
    /// Who referred the user.
    pub referrer_id: Option<String>,
    /// The facts, an object.
    pub facts: Value,
}

/// Gathers a user's facts, about this referral or the user's own. What lacks is asked for at once,
/// with what else the caller is going to read.
pub(super) fn scene(
    work: &mut Work<'_>,
    (user_id, referral_id): (&str, Option<Uuid>),
    more: impl FnOnce(&Work<'_>, &User) -> Vec<Key>,
) -> Result<Scene, Stop> {
    let user = work.user(user_id)?;
    let account = AccountKey { user_id: user.id.clone(), unit: work.program().unit.clone() };
    let referral_id = referral_id.or(user.referral_id);
    let mut keys = keys(work, &user, referral_id);
    keys.extend(more(work, &user));
    keys.push(Key::Account(account.clone()));
    work.state.need(keys)?;
    let referral = match referral_id {
        Some(id) => work.state.get::<Referral>(&id)?.cloned(),
        None => None,
    };
    let referrer_id = (referral.as_ref())
        .map(|referral| referral.referrer_id.clone())
        .or_else(|| user.referrer_id.clone());
    let referrer = match &referrer_id {
        Some(id) => work.state.get::<User>(id)?.cloned(),
        None => None,
    };
    let account = settle(work, &account)?;
    let (program, lane) = (work.program(), work.state.lane());
    let facts = json!({
        "user": user_facts(program, &user, &account),
        "referral": referral.as_ref().map(referral_facts),
        "referrer": referrer.as_ref().map(referrer_facts),
        "program": { "users": lane.users, "credited_referrals": lane.credited_referrals },
        "caps": cap_facts(work, Some(&user.id), referrer_id.as_deref())?,
        "signals": signals(work, &user, referrer.as_ref())?,
        "settings": program.settings,
        "now": work.now().timestamp_micros(),
    });
    Ok(Scene { user, referrer_id, facts })
}

/// Everything that the facts are gathered from, but the account.
fn keys(work: &Work<'_>, user: &User, referral_id: Option<Uuid>) -> Vec<Key> {
    let parties = Parties { user_id: Some(&user.id), referrer_id: user.referrer_id.as_deref() };
    (user.referrer_id.clone().map(Key::User).into_iter())
        .chain(referral_id.map(Key::Referral))
        .chain(fingerprint_keys(user).into_iter().map(Key::Fingerprint))
        .chain(cap_keys(work, parties).into_iter().map(Key::CapUse))
        .collect()
}

/// A referral that waits for an administrator is PENDING to rules: what they answer waits with it.
fn referral_facts(referral: &Referral) -> Value {
    let status = match referral.status {
        ReferralStatus::Held => ReferralStatus::Pending,
        other => other,
    };
    json!({
        "id": referral.id,
        "code": referral.code,
        "status": status,
        "converted": referral.converted_at.is_some(),
        "approved": referral.is_approved(),
        "signed_up_at": referral.signed_up_at.timestamp_micros(),
    })
}

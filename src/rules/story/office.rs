//! What the product's administrator does in a test: settings, grants by hand, promotional codes,
//! partners, and setting right what went wrong.

use rhai::{Dynamic, Engine};
use uuid::Uuid;

use crate::domain::command::{Body, Grant, NewPromo, Patch, PersonalChange};
use crate::domain::records::mailbox;
use crate::domain::time::from_micros;

use super::super::fault::raise;
use super::acts::{Verb, add, fine_or_word};
use super::given::{Args, Given, amount, data, id, name, name_if};
use super::stage::{Scene, Stage, Told, fingerprint, json_of};

/// Registers the verbs of an administrator.
pub fn register(engine: &mut Engine, scene: &Scene) {
    for (name, least, most, verb) in [
        ("set", 1, 1, set as Verb),
        ("promo", 2, 3, promo),
        ("partner", 2, 2, partner),
        ("grant", 2, 3, grant),
        ("reverse", 1, 1, reverse),
        ("retry", 0, 0, retry),
        ("approve", 1, 1, approve),
        ("reject", 1, 2, reject),
        ("approve_reward", 1, 1, approve_reward),
        ("cancel_reward", 1, 1, cancel_reward),
        ("retry_reward", 1, 1, retry_reward),
    ] {
        add(engine, scene, (name, least, most), verb);
    }
}

fn set(stage: &mut Stage, [change, ..]: Args) -> Told<Dynamic> {
    let settings = json_of(&change)?;
    let Some(settings) = settings.as_object().cloned() else {
        return Err(raise("set(#{ ... }) takes a map of settings."));
    };
    stage.act(Body::UpdateSettings { settings }, None, None).map(|_| Dynamic::UNIT)
}

fn promo(stage: &mut Stage, [code, more, options]: Args) -> Told<Dynamic> {
    let given = Given::read(&options, &["per_user", "max_redemptions", "starts_at", "ends_at"])?;
    let new = NewPromo {
        code: Some(name("code", &code)?),
        max_redemptions: given.whole("max_redemptions")?,
        per_user: given.whole("per_user")?.unwrap_or(1),
        starts_at: given.whole("starts_at")?.and_then(from_micros),
        ends_at: given.whole("ends_at")?.and_then(from_micros),
        data: data(&more)?,
    };
    stage.act(Body::CreatePromo(new), None, None).map(|_| code)
}

/// A partner is told by the mailbox: the same again gives the same id.
fn partner(stage: &mut Stage, [given_name, email, _]: Args) -> Told<Dynamic> {
    let email = name("e-mail address", &email)?;
    let email_hash = fingerprint(&mailbox(&email));
    let personal = PersonalChange {
        name: Patch::Set(name("name", &given_name)?),
        email: Patch::Set(email),
        email_hash: Some(email_hash.clone()),
        ..PersonalChange::default()
    };
    let body = Body::CreateReferrer { user_id: stage.fresh("partner") };
    let answer = stage.act(body, Some(email_hash), Some(personal))?;
    Ok(answer.user_id.map_or(Dynamic::UNIT, Into::into))
}

fn grant(stage: &mut Stage, [user, given_amount, options]: Args) -> Told<Dynamic> {
    let given = Given::read(&options, &["unit", "source", "priority", "expires_in"])?;
    let priority = given.whole("priority")?.unwrap_or(50);
    let grant = Grant {
        user_id: name("user", &user)?,
        unit: given.text("unit")?,
        amount: amount(&given_amount)?,
        source: given.text("source")?.unwrap_or_else(|| "manual".to_owned()),
        description: None,
        reference_id: None,
        space_id: None,
        priority: i32::try_from(priority).map_err(|_| raise("`priority` is too great."))?,
        available_from: None,
        expires_at: given
            .whole("expires_in")?
            .map(|micros| stage.now() + chrono::TimeDelta::microseconds(micros)),
        granted_by: None,
    };
    stage
        .act(Body::AddCredits(grant), None, None)
        .map(|answer| answer.transaction_id.map_or(Dynamic::UNIT, |id| id.to_string().into()))
}

fn reverse(stage: &mut Stage, [transaction, ..]: Args) -> Told<Dynamic> {
    let transaction_id = id("transaction's id", &transaction)?;
    let body = Body::ReverseTransaction { transaction_id, reason: None };
    stage.attempt(body, None, None).map(fine_or_word)
}

/// Decides again every event whose decision FAILED; gives how many were.
fn retry(stage: &mut Stage, _: Args) -> Told<Dynamic> {
    let mut again = 0;
    for decision_id in stage.failed() {
        let answer = stage.act(Body::RetryDecision { decision_id }, None, None)?;
        again += i64::from(answer.decision_id.is_some());
    }
    Ok(again.into())
}

/// Releases the held referral by which a user came.
fn approve(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    let referral_id = referral_of(stage, &user)?;
    let body = Body::ApproveReferral { referral_id, reason: None };
    stage.attempt(body, None, None).map(fine_or_word)
}

fn reject(stage: &mut Stage, [user, why, _]: Args) -> Told<Dynamic> {
    let (referral_id, reason) = (referral_of(stage, &user)?, name_if("reason", &why)?);
    stage.attempt(Body::RejectReferral { referral_id, reason }, None, None).map(fine_or_word)
}

fn referral_of(stage: &Stage, user: &Dynamic) -> Told<Uuid> {
    let user_id = name("user", user)?;
    let found = stage.referral(&user_id)?.map(|referral| referral.id);
    found.ok_or_else(|| raise(format!("Nobody referred `{user_id}`.")))
}

fn approve_reward(stage: &mut Stage, [reward, ..]: Args) -> Told<Dynamic> {
    let body = Body::ApproveReward { reward_id: id("reward's id", &reward)?, reason: None };
    stage.attempt(body, None, None).map(fine_or_word)
}

fn cancel_reward(stage: &mut Stage, [reward, ..]: Args) -> Told<Dynamic> {
    let body = Body::CancelReward { reward_id: id("reward's id", &reward)?, reason: None };
    stage.attempt(body, None, None).map(fine_or_word)
}

fn retry_reward(stage: &mut Stage, [reward, ..]: Args) -> Told<Dynamic> {
    let body = Body::RetryReward { reward_id: id("reward's id", &reward)?, reason: None };
    stage.attempt(body, None, None).map(fine_or_word)
}

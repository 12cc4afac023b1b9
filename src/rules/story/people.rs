//! What a test can look at of people who invite and were invited.

use rhai::{Array, Dynamic, Engine};

use crate::domain::invites;

use super::acts::{Verb, add};
use super::given::{Args, name};
use super::looks::map;
use super::stage::{Scene, Stage, Told};

/// Registers the verbs that look at people.
pub fn register(engine: &mut Engine, scene: &Scene) {
    for (name, look) in [
        ("referral", referral_of as Verb),
        ("status", status),
        ("clicks", clicks),
        ("signups", signups),
        ("credited", credited),
        ("conversions", conversions),
        ("referral_earned", referral_earned),
        ("shows_prompt", shows_prompt),
        ("what_next", what_next),
    ] {
        add(engine, scene, (name, 1, 1), look);
    }
}

fn referral_of(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    let Some(referral) = stage.referral(&name("user", &user)?)? else { return Ok(Dynamic::UNIT) };
    let entries: [(&str, Dynamic); 6] = [
        ("status", referral.status.name().into()),
        ("code", referral.code.clone().into()),
        ("referrer", referral.referrer_id.clone().into()),
        ("converted", referral.converted_at.is_some().into()),
        ("bonus_earned", referral.bonus_earned.get().into()),
        ("reason", referral.failure_reason.clone().map_or(Dynamic::UNIT, Into::into)),
    ];
    Ok(map(entries))
}

fn status(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    let referral = stage.referral(&name("user", &user)?)?;
    Ok(referral.map_or(Dynamic::UNIT, |referral| referral.status.name().into()))
}

fn clicks(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    Ok(stage.user(&name("user", &user)?)?.clicks.into())
}

fn signups(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    Ok(stage.user(&name("user", &user)?)?.signups.into())
}

fn credited(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    Ok(stage.user(&name("user", &user)?)?.credited.into())
}

fn conversions(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    Ok(stage.user(&name("user", &user)?)?.conversions.into())
}

fn referral_earned(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    Ok(stage.user(&name("user", &user)?)?.referral_earned.get().into())
}

fn shows_prompt(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    let user = stage.user(&name("user", &user)?)?;
    Ok(invites::shows_prompt(stage.program(), user).into())
}

fn what_next(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    let steps = stage.what_next(&name("user", &user)?)?;
    let shown = steps.into_iter().map(|step| {
        let remaining = step.remaining.map_or(Dynamic::UNIT, |amount| amount.get().into());
        map([
            ("kind", step.kind.into()),
            ("remaining", remaining),
            ("message", step.message.into()),
        ])
    });
    Ok(shown.collect::<Array>().into())
}

//! What a test can look at: balances, referrals, decisions, notices.

use rhai::{Array, Dynamic, Engine, Map};

use crate::domain::records::{Decision, Kind, LotState, Outcome, Status};

use super::super::facts;
use super::super::fault::raise;
use super::acts::add;
use super::given::{Args, name, name_if};
use super::stage::{Scene, Stage, Told};

/// Registers the verbs that only look.
pub fn register(engine: &mut Engine, scene: &Scene) {
    for (name, least, most, look) in [
        ("balance", 1, 2, balance as fn(&mut Stage, Args) -> Told<Dynamic>),
        ("pending", 1, 2, pending),
        ("earned", 1, 2, earned),
        ("referral", 1, 1, referral),
        ("status", 1, 1, status),
        ("credited", 1, 1, credited),
        ("conversions", 1, 1, conversions),
        ("referral_earned", 1, 1, referral_earned),
        ("has_feature", 2, 2, has_feature),
        ("transactions", 1, 2, transactions),
        ("notices", 1, 1, notices),
        ("emitted", 0, 0, emitted),
        ("decisions", 0, 0, decisions),
        ("outcome", 1, 1, outcome),
        ("reason", 1, 1, reason),
        ("now", 0, 0, now),
    ] {
        add(engine, scene, (name, least, most), look);
    }
}

fn balance(stage: &mut Stage, [user, unit, _]: Args) -> Told<Dynamic> {
    let unit = name_if("unit", &unit)?;
    Ok(stage.account(&name("user", &user)?, unit.as_deref())?.balance.get().into())
}

fn pending(stage: &mut Stage, [user, unit, _]: Args) -> Told<Dynamic> {
    let unit = name_if("unit", &unit)?;
    Ok(stage.account(&name("user", &user)?, unit.as_deref())?.pending.get().into())
}

fn earned(stage: &mut Stage, [user, unit, _]: Args) -> Told<Dynamic> {
    let unit = name_if("unit", &unit)?;
    Ok(stage.account(&name("user", &user)?, unit.as_deref())?.earned.get().into())
}

fn referral(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
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

fn credited(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    Ok(stage.user(&name("user", &user)?)?.credited.into())
}

fn conversions(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    Ok(stage.user(&name("user", &user)?)?.conversions.into())
}

fn referral_earned(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    Ok(stage.user(&name("user", &user)?)?.referral_earned.get().into())
}

fn has_feature(stage: &mut Stage, [user, feature, _]: Args) -> Told<Dynamic> {
    let (user_id, feature) = (name("user", &user)?, name("feature", &feature)?);
    stage.user(&user_id)?;
    let now = stage.now();
    let mut lots = stage.world().slice.tables.lots.values().flatten();
    let has = lots.any(|lot| {
        lot.kind == Kind::Feature
            && lot.account.user_id == user_id
            && lot.account.unit == feature
            && lot.state != LotState::Cancelled
            && lot.status_at(now) == Status::Active
    });
    Ok(has.into())
}

fn transactions(stage: &mut Stage, [user, unit, _]: Args) -> Told<Dynamic> {
    let unit = name_if("unit", &unit)?;
    let key = stage.account(&name("user", &user)?, unit.as_deref())?.key;
    let all = stage.world().slice.tables.transactions.values().flatten();
    let mut found: Vec<_> = all.filter(|transaction| transaction.account == key).collect();
    found.sort_by_key(|transaction| transaction.position);
    let shown = found.into_iter().map(|transaction| {
        map([
            ("amount", transaction.amount.get().into()),
            ("source", transaction.source.clone().into()),
            ("balance_after", transaction.balance_after.get().into()),
        ])
    });
    Ok(shown.collect::<Array>().into())
}

fn notices(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    let user_id = name("user", &user)?;
    let all = stage.world().slice.tables.notices.values().flatten();
    let mut found: Vec<_> = all.filter(|notice| notice.user_id == user_id).collect();
    found.sort_by_key(|notice| notice.position);
    Ok(found.into_iter().map(|notice| notice.message.clone().into()).collect::<Array>().into())
}

fn emitted(stage: &mut Stage, _: Args) -> Told<Dynamic> {
    let all = stage.world().slice.tables.emissions.iter();
    let shown = all.map(|emission| {
        map([("type", emission.kind.clone().into()), ("data", facts::value(&emission.data))])
    });
    Ok(shown.collect::<Array>().into())
}

fn decisions(stage: &mut Stage, _: Args) -> Told<Dynamic> {
    let shown = stage.decisions().into_iter().map(|decision| {
        map([
            ("rule", decision.rule.clone().into()),
            ("event", decision.event.clone().into()),
            ("outcome", word(decision.outcome).into()),
            ("reason", decision.reason.clone().map_or(Dynamic::UNIT, Into::into)),
        ])
    });
    Ok(shown.collect::<Array>().into())
}

fn outcome(stage: &mut Stage, [rule, ..]: Args) -> Told<Dynamic> {
    of_rule(stage, &name("rule", &rule)?).map(|decision| word(decision.outcome).into())
}

fn reason(stage: &mut Stage, [rule, ..]: Args) -> Told<Dynamic> {
    let decision = of_rule(stage, &name("rule", &rule)?)?;
    Ok(decision.reason.clone().map_or(Dynamic::UNIT, Into::into))
}

fn now(stage: &mut Stage, _: Args) -> Told<Dynamic> {
    Ok(stage.now().timestamp_micros().into())
}

/// The last decision of a rule file about the last thing that happened.
fn of_rule<'s>(stage: &'s Stage, rule: &str) -> Told<&'s Decision> {
    let decisions = stage.decisions();
    let found = decisions.iter().rev().find(|decision| decision.rule == rule);
    found.copied().ok_or_else(|| {
        let rules: Vec<_> = decisions.iter().map(|decision| decision.rule.as_str()).collect();
        raise(format!(
            "The rule `{rule}` decided nothing about what happened last; these did: [{}].",
            rules.join(", ")
        ))
    })
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Rewarded => "REWARDED",
        Outcome::Skipped => "SKIPPED",
        Outcome::Failed => "FAILED",
    }
}

fn map<const N: usize>(entries: [(&str, Dynamic); N]) -> Dynamic {
    entries.into_iter().map(|(name, value)| (name.into(), value)).collect::<Map>().into()
}

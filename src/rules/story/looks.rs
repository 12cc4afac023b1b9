//! What a test can look at: balances, rewards, decisions, notices.

use std::collections::BTreeSet;

use rhai::{Array, Dynamic, Engine, Map};

use crate::domain::records::{Decision, Kind, Lot, LotState, Outcome, Status};

use super::super::facts;
use super::super::fault::raise;
use super::acts::{Verb, add};
use super::given::{Args, name, name_if};
use super::stage::{Scene, Stage, Told};

/// Registers the verbs that only look.
pub fn register(engine: &mut Engine, scene: &Scene) {
    for (name, least, most, look) in [
        ("balance", 1, 2, balance as Verb),
        ("pending", 1, 2, pending),
        ("earned", 1, 2, earned),
        ("has_feature", 2, 2, has_feature),
        ("rewards", 1, 1, rewards),
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

fn has_feature(stage: &mut Stage, [user, feature, _]: Args) -> Told<Dynamic> {
    let (user_id, feature) = (name("user", &user)?, name("feature", &feature)?);
    let now = stage.now();
    let has = lots_of(stage, &user_id)?.any(|lot| {
        lot.kind == Kind::Feature
            && lot.account.unit == feature
            && lot.state != LotState::Cancelled
            && lot.status_at(now) == Status::Active
    });
    Ok(has.into())
}

/// Everything that the user was ever given, with what has become of it by now.
fn rewards(stage: &mut Stage, [user, ..]: Args) -> Told<Dynamic> {
    let user_id = name("user", &user)?;
    let units: BTreeSet<String> = lots_of(stage, &user_id)?
        .filter(|lot| lot.has_account())
        .map(|lot| lot.account.unit.clone())
        .collect();
    for unit in units {
        // What fell due is booked first, as a sweep does.
        stage.account(&user_id, Some(&unit))?;
    }
    let now = stage.now();
    let mut found: Vec<&Lot> = lots_of(stage, &user_id)?.collect();
    found.sort_by_key(|lot| lot.created);
    let shown = found.into_iter().map(|lot| {
        map([
            ("id", lot.id.to_string().into()),
            ("type", kind_word(lot.kind).into()),
            ("unit", lot.account.unit.clone().into()),
            ("amount", lot.amount.get().into()),
            ("remaining", lot.remaining.get().into()),
            ("status", status_word(lot.status_at(now)).into()),
            ("reason", lot.failure.clone().map_or(Dynamic::UNIT, Into::into)),
        ])
    });
    Ok(shown.collect::<Array>().into())
}

fn lots_of<'s>(stage: &'s Stage, user_id: &str) -> Told<impl Iterator<Item = &'s Lot>> {
    stage.user(user_id)?;
    let all = stage.world().slice.tables.lots.values().flatten();
    let user_id = user_id.to_owned();
    Ok(all.filter(move |lot| lot.account.user_id == user_id))
}

const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Credit => "CREDIT",
        Kind::Quota => "QUOTA",
        Kind::Feature => "FEATURE",
        Kind::StripeBalance => "STRIPE_BALANCE",
    }
}

const fn status_word(status: Status) -> &'static str {
    match status {
        Status::Pending => "PENDING",
        Status::Active => "ACTIVE",
        Status::Redeemed => "REDEEMED",
        Status::Expired => "EXPIRED",
        Status::Cancelled => "CANCELLED",
        Status::Failed => "FAILED",
    }
}

fn transactions(stage: &mut Stage, [user, unit, _]: Args) -> Told<Dynamic> {
    let unit = name_if("unit", &unit)?;
    let key = stage.account(&name("user", &user)?, unit.as_deref())?.key;
    let all = stage.world().slice.tables.transactions.values().flatten();
    let mut found: Vec<_> = all.filter(|transaction| transaction.account == key).collect();
    found.sort_by_key(|transaction| transaction.position);
    let shown = found.into_iter().map(|transaction| {
        map([
            ("id", transaction.id.to_string().into()),
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

/// A map of a test's language.
pub fn map<const N: usize>(entries: [(&str, Dynamic); N]) -> Dynamic {
    entries.into_iter().map(|(name, value)| (name.into(), value)).collect::<Map>().into()
}

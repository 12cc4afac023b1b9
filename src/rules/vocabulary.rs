//! The verbs of rules. Each makes an effect, which does nothing by itself: a rule answers with it.

use rhai::{Dynamic, Engine, EvalAltResult};
use serde_json::Value;

use crate::domain::amount::Amount;
use crate::domain::effect::{Effect, Options};

use super::calculation::whole;
use super::fault::{describe, raise};
use super::options::{self, MAX_NAME, MAX_TEXT, text};

/// What a rule asks for: an effect, or to do nothing for a reason. Opaque to scripts.
#[derive(Debug, Clone)]
pub enum Asked {
    /// One effect.
    Effect(Effect),
    /// Nothing, and why.
    Skip(String),
}

type Verb = Result<Asked, Box<EvalAltResult>>;
type Read<T> = Result<T, Box<EvalAltResult>>;

/// Registers the verbs.
pub fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Asked>("effect");
    engine.register_fn("to_string", |asked: &mut Asked| format!("{asked:?}"));
    engine.register_fn("to_debug", |asked: &mut Asked| format!("{asked:?}"));
    register_grants(engine);
    register_others(engine);
}

fn register_grants(engine: &mut Engine) {
    type D = Dynamic;
    engine
        .register_fn("credit", |u: D, a: D, s: D| credit([&u, &a, &s], None))
        .register_fn("credit", |u: D, a: D, s: D, o: D| credit([&u, &a, &s], Some(&o)))
        .register_fn("quota", |u: D, n: D, a: D| quota([&u, &n, &a], None))
        .register_fn("quota", |u: D, n: D, a: D, o: D| quota([&u, &n, &a], Some(&o)))
        .register_fn("feature", |u: D, n: D| feature(&u, &n, None))
        .register_fn("feature", |u: D, n: D, o: D| feature(&u, &n, Some(&o)))
        .register_fn("stripe_balance", |u: D, a: D| stripe_balance(&u, &a, None))
        .register_fn("stripe_balance", |u: D, a: D, o: D| stripe_balance(&u, &a, Some(&o)));
}

fn register_others(engine: &mut Engine) {
    type D = Dynamic;
    engine
        .register_fn("credit_referral", || effect(Effect::CreditReferral))
        .register_fn("hold_referral", |why: D| hold_referral(&why))
        .register_fn("reject_referral", |why: D| reject_referral(&why))
        .register_fn("complete_step", |u: D, key: D| complete_step(&u, &key))
        .register_fn("notify", |u: D, kind: D, message: D| notify(&u, &kind, &message))
        .register_fn("emit", |kind: D, data: D| emit(&kind, &data))
        .register_fn("skip", |why: D| reason("skip", &why).map(Asked::Skip));
}

fn effect(effect: Effect) -> Asked {
    Asked::Effect(effect)
}

fn credit([user, amount, source]: [&Dynamic; 3], given: Option<&Dynamic>) -> Verb {
    let user = person("credit", user)?;
    let amount = amount_of("credit", amount)?;
    let source = text("The source of credit(user, amount, source)", source, MAX_NAME)?;
    Ok(effect(Effect::Credit { user, amount, source, options: options_of(given)? }))
}

fn quota([user, unit, amount]: [&Dynamic; 3], given: Option<&Dynamic>) -> Verb {
    let user = person("quota", user)?;
    let unit = text("The unit of quota(user, unit, amount)", unit, MAX_NAME)?;
    let amount = amount_of("quota", amount)?;
    Ok(effect(Effect::Quota { user, unit, amount, options: options_of(given)? }))
}

fn feature(user: &Dynamic, name: &Dynamic, given: Option<&Dynamic>) -> Verb {
    let user = person("feature", user)?;
    let name = text("The name of feature(user, name)", name, MAX_NAME)?;
    Ok(effect(Effect::Feature { user, name, options: options_of(given)? }))
}

fn stripe_balance(user: &Dynamic, amount: &Dynamic, given: Option<&Dynamic>) -> Verb {
    let user = person("stripe_balance", user)?;
    let amount = amount_of("stripe_balance", amount)?;
    Ok(effect(Effect::StripeBalance { user, amount, options: options_of(given)? }))
}

fn hold_referral(why: &Dynamic) -> Verb {
    Ok(effect(Effect::HoldReferral { reason: reason("hold_referral", why)? }))
}

fn reject_referral(why: &Dynamic) -> Verb {
    Ok(effect(Effect::RejectReferral { reason: reason("reject_referral", why)? }))
}

fn complete_step(user: &Dynamic, key: &Dynamic) -> Verb {
    let user = person("complete_step", user)?;
    let key = text("The key of complete_step(user, key)", key, MAX_NAME)?;
    Ok(effect(Effect::CompleteStep { user, key }))
}

fn notify(user: &Dynamic, kind: &Dynamic, message: &Dynamic) -> Verb {
    let user = person("notify", user)?;
    let kind = text("The kind of notify(user, kind, message)", kind, MAX_NAME)?;
    let message = text("The message of notify(user, kind, message)", message, MAX_TEXT)?;
    Ok(effect(Effect::Notify { user, kind, message }))
}

fn emit(kind: &Dynamic, data: &Dynamic) -> Verb {
    let kind = text("The type of emit(type, data)", kind, MAX_NAME)?;
    if !data.is_map() {
        return Err(raise(format!(
            "The data of emit(type, data) is a map, #{{ ... }}, not {}.",
            describe(data)
        )));
    }
    Ok(effect(Effect::Emit { kind, data: plain(data)? }))
}

fn reason(verb: &str, why: &Dynamic) -> Read<String> {
    text(&format!("The reason of {verb}(reason)"), why, MAX_NAME)
}

fn options_of(given: Option<&Dynamic>) -> Read<Options> {
    given.map_or_else(|| Ok(Options::default()), options::read)
}

/// A person is `ctx.user`, `ctx.referrer` or an id.
fn person(verb: &str, who: &Dynamic) -> Read<String> {
    if who.is_unit() {
        let message =
            format!("{verb}: nobody is named. Is there a referrer? Ask `ctx.referrer != ()`.");
        return Err(raise(message));
    }
    let wrong = || raise(format!("{verb}: name ctx.user or ctx.referrer, not {}.", describe(who)));
    match who.as_map_ref() {
        Ok(map) => text(&format!("The id in {verb}"), map.get("id").ok_or_else(wrong)?, MAX_NAME),
        Err(_) if who.is_string() => text(&format!("The id in {verb}"), who, MAX_NAME),
        Err(_) => Err(wrong()),
    }
}

fn amount_of(verb: &str, amount: &Dynamic) -> Read<Amount> {
    let number = whole(&format!("The amount of {verb}"), amount)?;
    if number < 0 {
        return Err(raise(format!("The amount of {verb} is {number}: it must not be negative.")));
    }
    Amount::new(number)
        .map_err(|error| raise(format!("The amount of {verb} is {number}: {error}.")))
}

/// A script's value as JSON; only what JSON can say.
pub fn plain(value: &Dynamic) -> Read<Value> {
    if let Ok(number) = value.as_int() {
        return Ok(number.into());
    }
    if let Ok(truth) = value.as_bool() {
        return Ok(truth.into());
    }
    if let Ok(items) = value.as_array_ref() {
        return items.iter().map(plain).collect();
    }
    if let Ok(map) = value.as_map_ref() {
        let entry = |(name, value): (&_, _)| Ok((ToString::to_string(name), plain(value)?));
        return map.iter().map(entry).collect::<Read<serde_json::Map<_, _>>>().map(Value::Object);
    }
    match value.type_name() {
        "()" => Ok(Value::Null),
        "string" | "char" => Ok(Value::String(value.to_string())),
        _ => Err(raise(format!("emit cannot send {}.", describe(value)))),
    }
}

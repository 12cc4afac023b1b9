//! What a rule answers, read strictly and checked again: only what the program knows, only for the
//! event's own people.

use rhai::{Array, Dynamic};
use serde_json::Value;

use crate::domain::effect::{Effect, Options};
use crate::domain::program::{KNOWN_SOURCES, Program};
use crate::domain::rules::Answer;

use super::fault::describe;
use super::vocabulary::Asked;

const MAX_EFFECTS: usize = 64;
const NOTHING: &str = "nothing_to_do";

/// The people of an event, whom alone an effect may name.
#[derive(Debug)]
pub struct People<'a> {
    user: Option<&'a str>,
    referrer: Option<&'a str>,
}

impl<'a> People<'a> {
    /// Reads the ids of the event's user and referrer from the facts.
    pub fn of(facts: &'a Value) -> Self {
        let id = |who: &str| facts.get(who)?.get("id")?.as_str();
        Self { user: id("user"), referrer: id("referrer") }
    }

    fn knows(&self, id: &str) -> bool {
        self.user == Some(id) || self.referrer == Some(id)
    }
}

/// Reads a handler's answer: one effect, a list of effects, `skip(reason)`, or nothing. The error
/// is a sentence that says what to do.
pub fn read(answer: Dynamic, program: &Program, people: &People) -> Result<Answer, String> {
    let asked = match answer.try_cast_result::<Array>() {
        Ok(list) => list.into_iter().map(one).collect::<Result<Vec<_>, _>>()?,
        Err(single) if single.is_unit() => Vec::new(),
        Err(single) => match one(single)? {
            Asked::Skip(reason) => return Ok(Answer::Skip(reason)),
            effect @ Asked::Effect(_) => vec![effect],
        },
    };
    if asked.len() > MAX_EFFECTS {
        return Err(format!("A rule may ask for at most {MAX_EFFECTS} effects at once."));
    }
    let mut effects = Vec::with_capacity(asked.len());
    for asked in asked {
        let Asked::Effect(effect) = asked else {
            return Err("skip(reason) is an answer of its own: it cannot stand in a list.".into());
        };
        check(&effect, program, people)?;
        effects.push(effect);
    }
    if effects.is_empty() {
        return Ok(Answer::Skip(NOTHING.to_owned()));
    }
    Ok(Answer::Effects(effects))
}

/// Reads what `can_use_code` answers: `true`, or the reason why not.
pub fn read_permission(answer: Dynamic) -> Option<Result<(), String>> {
    if let Ok(allowed) = answer.as_bool() {
        return allowed.then_some(Ok(()));
    }
    let reason = match answer.try_cast_result::<Asked>() {
        Ok(Asked::Skip(reason)) => reason,
        Ok(Asked::Effect(_)) => return None,
        Err(other) => other.as_immutable_string_ref().ok()?.to_string(),
    };
    let good = !reason.is_empty() && reason.chars().count() <= super::options::MAX_NAME;
    good.then_some(Err(reason))
}

fn one(value: Dynamic) -> Result<Asked, String> {
    value.try_cast_result::<Asked>().map_err(|value| {
        format!(
            "A rule answers with effects like credit(...), in a list, or with skip(reason); not \
             with {}.",
            describe(&value)
        )
    })
}

fn check(effect: &Effect, program: &Program, people: &People) -> Result<(), String> {
    match effect {
        Effect::Credit { user, source, options, .. } => {
            check_person(user, people)?;
            check_source(source, program)?;
            check_options(options, program)
        }
        Effect::Quota { user, unit, options, .. } => {
            check_person(user, people)?;
            check_unit(unit, program)?;
            check_options(options, program)
        }
        Effect::Feature { user, options, .. } | Effect::StripeBalance { user, options, .. } => {
            check_person(user, people)?;
            check_options(options, program)
        }
        Effect::CompleteStep { user, key } => {
            check_person(user, people)?;
            check_step(key, program)
        }
        Effect::Notify { user, .. } => check_person(user, people),
        Effect::CreditReferral
        | Effect::HoldReferral { .. }
        | Effect::RejectReferral { .. }
        | Effect::Emit { .. } => Ok(()),
    }
}

fn check_person(id: &str, people: &People) -> Result<(), String> {
    if people.knows(id) {
        return Ok(());
    }
    Err(format!("`{id}` has no part in this event: only ctx.user and ctx.referrer can be named."))
}

fn check_source(source: &str, program: &Program) -> Result<(), String> {
    if program.knows_source(source) {
        return Ok(());
    }
    let known = KNOWN_SOURCES.into_iter().chain(program.sources.iter().map(String::as_str));
    Err(unknown("source", source, known))
}

fn check_unit(unit: &str, program: &Program) -> Result<(), String> {
    if program.knows_unit(unit) {
        return Ok(());
    }
    let known = std::iter::once(&program.unit).chain(&program.units).map(String::as_str);
    Err(unknown("unit", unit, known))
}

fn check_step(key: &str, program: &Program) -> Result<(), String> {
    if program.steps.iter().any(|step| step.key == key) {
        return Ok(());
    }
    Err(unknown("step", key, program.steps.iter().map(|step| step.key.as_str())))
}

fn check_options(options: &Options, program: &Program) -> Result<(), String> {
    match &options.cap {
        Some(cap) if !program.caps.contains_key(cap) => {
            Err(unknown("cap", cap, program.caps.keys().map(String::as_str)))
        }
        _ => Ok(()),
    }
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<_> = known.collect();
    if known.is_empty() {
        return format!("There is no {what} `{name}`: program.toml names none.");
    }
    format!("There is no {what} `{name}`. Known: {}.", known.join(", "))
}

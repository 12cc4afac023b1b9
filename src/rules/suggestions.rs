//! What a user can do next: the word `next(kind, remaining, message)`, and reading what `what_next`
//! answers.

use rhai::{Array, Dynamic, Engine, EvalAltResult};

use crate::domain::amount::Amount;
use crate::domain::rules::{MAX_STEPS, NextStep};

use super::calculation::whole;
use super::fault::{describe, raise};
use super::options::{MAX_NAME, MAX_TEXT, text};

/// Registers the word.
pub fn register(engine: &mut Engine) {
    type D = Dynamic;
    engine.register_type_with_name::<NextStep>("next step");
    engine.register_fn("to_string", |step: &mut NextStep| format!("{step:?}"));
    engine.register_fn("to_debug", |step: &mut NextStep| format!("{step:?}"));
    engine
        .register_fn("next", |kind: D, remaining: D, message: D| next(&kind, &remaining, &message));
}

fn next(
    kind: &Dynamic,
    remaining: &Dynamic,
    message: &Dynamic,
) -> Result<NextStep, Box<EvalAltResult>> {
    Ok(NextStep {
        kind: text("The kind of next(kind, remaining, message)", kind, MAX_NAME)?,
        remaining: if remaining.is_unit() { None } else { Some(amount(remaining)?) },
        message: text("The message of next(kind, remaining, message)", message, MAX_TEXT)?,
    })
}

fn amount(remaining: &Dynamic) -> Result<Amount, Box<EvalAltResult>> {
    let number = whole("What remains in next(kind, remaining, message)", remaining)?;
    let amount = Amount::new(number).ok().filter(|_| number >= 0);
    amount.ok_or_else(|| raise(format!("What remains in next is {number}: it is 0 or more.")))
}

/// Reads what a rule file answers: one step, a list of at most 16, or nothing. The error is a
/// sentence that says what to do.
pub fn read(answer: Dynamic) -> Result<Vec<NextStep>, String> {
    if answer.is_unit() {
        return Ok(Vec::new());
    }
    let steps = match answer.try_cast_result::<Array>() {
        Ok(list) => list,
        Err(single) => vec![single],
    };
    if steps.len() > MAX_STEPS {
        return Err(format!("what_next may name at most {MAX_STEPS} steps."));
    }
    steps.into_iter().map(one).collect()
}

fn one(value: Dynamic) -> Result<NextStep, String> {
    value.try_cast_result::<NextStep>().map_err(|value| {
        format!(
            "what_next answers with next(kind, remaining, message), in a list, or with (); not \
             with {}.",
            describe(&value)
        )
    })
}

//! Comparing, strictly: Rhai answers a plain `false` for values of unlike types, so that a misspelt
//! amount would pay everyone. Here it is an error. Only `()` may be compared with anything, by
//! `==` and `!=`, for it means "there is none".

use std::cmp::Ordering;

use rhai::{Dynamic, Engine, EvalAltResult};

use super::{fault, meter};

/// What one comparison costs beside the operation that the engine counts: about what it takes.
const COST: u64 = 3;

type Compared<T> = Result<T, Box<EvalAltResult>>;

/// Puts the strict operators in place of Rhai's.
pub fn register(engine: &mut Engine) {
    engine
        .register_fn("==", |a: Dynamic, b: Dynamic| same(&a, &b))
        .register_fn("!=", |a: Dynamic, b: Dynamic| same(&a, &b).map(|same| !same))
        .register_fn("<", |a: Dynamic, b: Dynamic| ranked(&a, &b).map(Ordering::is_lt))
        .register_fn("<=", |a: Dynamic, b: Dynamic| ranked(&a, &b).map(Ordering::is_le))
        .register_fn(">", |a: Dynamic, b: Dynamic| ranked(&a, &b).map(Ordering::is_gt))
        .register_fn(">=", |a: Dynamic, b: Dynamic| ranked(&a, &b).map(Ordering::is_ge));
}

/// Are they equal? An error for unlike types, but for `()`.
pub fn same(a: &Dynamic, b: &Dynamic) -> Compared<bool> {
    meter::charge(COST)?;
    if a.is_unit() || b.is_unit() {
        return Ok(a.is_unit() && b.is_unit());
    }
    if let (Ok(a), Ok(b)) = (a.as_array_ref(), b.as_array_ref()) {
        return all_same(a.len() == b.len(), a.iter().zip(b.iter()));
    }
    if let (Ok(a), Ok(b)) = (a.as_map_ref(), b.as_map_ref()) {
        return all_same(a.keys().eq(b.keys()), a.values().zip(b.values()));
    }
    order(a, b).map(Ordering::is_eq)
}

fn all_same<'a>(
    alike: bool,
    mut pairs: impl Iterator<Item = (&'a Dynamic, &'a Dynamic)>,
) -> Compared<bool> {
    if !alike {
        return Ok(false);
    }
    pairs.try_fold(true, |so_far, (a, b)| Ok(same(a, b)? && so_far))
}

fn ranked(a: &Dynamic, b: &Dynamic) -> Compared<Ordering> {
    meter::charge(COST)?;
    order(a, b)
}

fn order(a: &Dynamic, b: &Dynamic) -> Compared<Ordering> {
    if let (Ok(a), Ok(b)) = (a.as_int(), b.as_int()) {
        return Ok(a.cmp(&b));
    }
    if let (Ok(a), Ok(b)) = (a.as_bool(), b.as_bool()) {
        return Ok(a.cmp(&b));
    }
    if let (Some(a), Some(b)) = (text(a), text(b)) {
        return Ok(a.cmp(&b));
    }
    let message = format!(
        "{} cannot be compared with {}: only like with like.",
        fault::describe(a),
        fault::describe(b)
    );
    Err(fault::raise(message))
}

fn text(value: &Dynamic) -> Option<String> {
    match value.as_char() {
        Ok(letter) => Some(letter.to_string()),
        Err(_) => value.as_immutable_string_ref().ok().map(|text| text.to_string()),
    }
}

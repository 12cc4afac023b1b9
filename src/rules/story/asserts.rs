//! What a test expects.

use rhai::{Dynamic, Engine};

use super::super::compare::same;
use super::super::fault::raise;
use super::stage::Told;

/// Registers `assert_eq` and `assert`.
pub fn register(engine: &mut Engine) {
    engine
        .register_fn("assert_eq", |found: Dynamic, wanted: Dynamic| assert_eq(&found, &wanted))
        .register_fn("assert", |truth: bool| assert(truth, "This is not so."))
        .register_fn("assert", |truth: bool, message: &str| assert(truth, message));
}

fn assert_eq(found: &Dynamic, wanted: &Dynamic) -> Told<()> {
    if same(found, wanted)? {
        return Ok(());
    }
    Err(raise(format!("Expected {}, found {}.", shown(wanted), shown(found))))
}

fn assert(truth: bool, message: &str) -> Told<()> {
    if truth { Ok(()) } else { Err(raise(message)) }
}

fn shown(value: &Dynamic) -> String {
    match value.as_immutable_string_ref() {
        Ok(text) => format!("\"{}\"", text.as_str()),
        Err(_) => value.to_string(),
    }
}

//! Errors of scripts, in words that say what to do, with the place in the file.

use rhai::{Dynamic, EvalAltResult, ParseError, Position};

use crate::domain::rules::{OUT_OF_TIME, RuleError};

use super::meter::{CALL_OPERATIONS, EVENT_OPERATIONS};

/// An error that a native function raises; the engine adds the place of the call.
pub fn raise(message: impl Into<String>) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(message.into().into(), Position::NONE).into()
}

/// What a value is, for people.
pub fn describe(value: &Dynamic) -> String {
    match value.type_name() {
        "i64" => format!("the number {value}"),
        "()" => "nothing, ()".to_owned(),
        "bool" => format!("`{value}`"),
        "string" | "char" => "a text".to_owned(),
        "array" => "a list".to_owned(),
        "map" => "a map".to_owned(),
        name if name.ends_with("Asked") => "an effect".to_owned(),
        name if name.ends_with("NextStep") => "a next step".to_owned(),
        _ => "something else".to_owned(),
    }
}

/// An error of compiling `file`.
pub fn of_parsing(file: &str, error: &ParseError) -> RuleError {
    placed(error.err_type().to_string(), file, error.position())
}

/// An error of running a function of `file`.
pub fn of_running(file: &str, error: &EvalAltResult) -> RuleError {
    let mut innermost = error;
    let mut position = error.position();
    while let EvalAltResult::ErrorInFunctionCall(_, _, inner, _) = innermost {
        innermost = inner;
        if !innermost.position().is_none() {
            position = innermost.position();
        }
    }
    placed(sentence(innermost), file, position)
}

/// An error at a place of a file.
pub fn placed(message: String, file: &str, position: Position) -> RuleError {
    let number = |value: Option<usize>| value.and_then(|value| u32::try_from(value).ok());
    RuleError {
        message,
        file: Some(file.to_owned()),
        line: number(position.line()),
        column: number(position.position()),
    }
}

fn sentence(error: &EvalAltResult) -> String {
    use EvalAltResult as E;
    match error {
        E::ErrorRuntime(value, _) => value.to_string(),
        E::ErrorTerminated(word, _) if word.to_string() == OUT_OF_TIME => format!(
            "{OUT_OF_TIME}: the rules of this event ran longer than a second; it is decided again \
             by itself."
        ),
        E::ErrorTerminated(..) | E::ErrorTooManyOperations(_) => format!(
            "Too many operations (at most {CALL_OPERATIONS} a call and {EVENT_OPERATIONS} an \
             event): does a loop never end?"
        ),
        E::ErrorStackOverflow(_) => {
            "Functions call each other too deep: at most 16 levels.".to_owned()
        }
        E::ErrorDataTooLarge(..) => "A value grew too big: a text has at most 1,024 bytes, a list \
             or a map at most 256 entries, everything inside of it counted."
            .to_owned(),
        E::ErrorPropertyNotFound(name, _) => {
            format!("There is no `{name}` here: is it misspelt?")
        }
        E::ErrorVariableNotFound(name, _) => {
            format!("There is no variable `{name}` here: is it misspelt?")
        }
        E::ErrorFunctionNotFound(signature, _) => {
            format!("There is no function `{signature}`: is it misspelt, or are its arguments?")
        }
        other => without_position(other),
    }
}

fn without_position(error: &EvalAltResult) -> String {
    let text = error.to_string();
    match text.rfind(" (line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

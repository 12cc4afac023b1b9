//! The options of an effect, `#{ expires_in: days(30), cap: "monthly" }`, read strictly.

use rhai::{Dynamic, EvalAltResult, Map};

use crate::domain::effect::{OnRefund, Options};
use crate::domain::time::{Span, Time, from_micros};

use super::calculation::{read_span, whole};
use super::fault::{describe, raise};

const KNOWN: &str =
    "expires_in, expires_at, hold_for, priority, description, reference, on_refund, cap, once";
/// Longest id, key or name, in characters.
pub const MAX_NAME: usize = 255;
/// Longest text for people, in characters.
pub const MAX_TEXT: usize = 1_024;

type Read<T> = Result<T, Box<EvalAltResult>>;

/// Reads options; an unknown name is an error that names the known ones.
pub fn read(options: &Dynamic) -> Read<Options> {
    let wrong = || raise(format!("Options are a map, #{{ ... }}, not {}.", describe(options)));
    let map: &Map = &*options.as_map_ref().map_err(|_| wrong())?;
    let mut read = Options::default();
    for (name, value) in map {
        set(&mut read, name, value)?;
    }
    if read.expires_in.is_some() && read.expires_at.is_some() {
        return Err(raise("Give expires_in or expires_at, not both."));
    }
    Ok(read)
}

/// Takes a text out of an argument: not empty, no U+0000, at most so many characters.
pub fn text(what: &str, value: &Dynamic, most: usize) -> Read<String> {
    let wrong = |_| raise(format!("{what} must be a text, and is {}.", describe(value)));
    let text = value.as_immutable_string_ref().map_err(wrong)?.to_string();
    if text.is_empty() || text.contains('\0') || text.chars().count() > most {
        return Err(raise(format!("{what} must be a text of 1 to {most} characters.")));
    }
    Ok(text)
}

fn set(options: &mut Options, name: &str, value: &Dynamic) -> Read<()> {
    match name {
        "expires_in" => options.expires_in = Some(positive(name, span(name, value)?)?),
        "expires_at" => options.expires_at = Some(instant(name, value)?),
        "hold_for" => options.hold_for = Some(span(name, value)?).filter(|span| !is_none(*span)),
        "priority" => options.priority = Some(priority(value)?),
        "description" => options.description = Some(text("`description`", value, MAX_TEXT)?),
        "reference" => options.reference = Some(text("`reference`", value, MAX_NAME)?),
        "on_refund" => options.on_refund = Some(on_refund(value)?),
        "cap" => options.cap = Some(text("`cap`", value, MAX_NAME)?),
        "once" => options.once = Some(text("`once`", value, MAX_NAME)?),
        _ => return Err(raise(format!("There is no option `{name}`. The options are {KNOWN}."))),
    }
    Ok(())
}

fn span(name: &str, value: &Dynamic) -> Read<Span> {
    let wrong = || raise(format!("`{name}` is a span: days(n), hours(n) or months(n)."));
    let negative = |span: &Span| matches!(span, Span::Micros(micros) if *micros < 0);
    read_span(value).filter(|span| !negative(span)).ok_or_else(wrong)
}

fn is_none(span: Span) -> bool {
    matches!(span, Span::Micros(0) | Span::Months(0))
}

fn positive(name: &str, span: Span) -> Read<Span> {
    if is_none(span) {
        return Err(raise(format!("`{name}` must be longer than nothing.")));
    }
    Ok(span)
}

fn instant(name: &str, value: &Dynamic) -> Read<Time> {
    let micros =
        whole(&format!("`{name}` (use date(\"...\") or add(ctx.now, days(n))): it"), value)?;
    from_micros(micros).ok_or_else(|| raise(format!("`{name}` lies outside of the calendar.")))
}

fn priority(value: &Dynamic) -> Read<i32> {
    let number = whole("`priority`", value)?;
    i32::try_from(number)
        .map_err(|_| raise("`priority` is a small whole number, usually 0 to 100."))
}

fn on_refund(value: &Dynamic) -> Read<OnRefund> {
    match text("`on_refund`", value, MAX_NAME)?.as_str() {
        "full" => Ok(OnRefund::Full),
        "proportion" => Ok(OnRefund::Proportion),
        "keep" => Ok(OnRefund::Keep),
        _ => Err(raise("`on_refund` is \"full\", \"proportion\" or \"keep\".")),
    }
}

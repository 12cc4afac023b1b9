//! What rules can calculate: spans of time, parts of amounts, steps of a table, dates, buckets.
//! Times are whole microseconds since 1970 in UTC.

use std::cell::RefCell;

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use rhai::{Array, Dynamic, Engine, EvalAltResult, Map};
use sha2::{Digest, Sha256};

use crate::domain::amount::Amount;
use crate::domain::money::format_amount;
use crate::domain::time::{self, Span};

use super::fault::{describe, raise};

type Calculated<T> = Result<T, Box<EvalAltResult>>;

const HOUR_MICROS: i64 = 3_600_000_000;
const MAX_MONTHS: i64 = 1_200;

/// What the calculations know of the program whose rule runs.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The main unit, for `format_money`.
    pub unit: String,
    /// Where a date begins.
    pub zone: Tz,
}

thread_local! {
    static SURROUNDINGS: RefCell<Option<Surroundings>> = const { RefCell::new(None) };
}

/// Runs `work` in a program's surroundings, on this thread.
pub fn within<T>(surroundings: &Surroundings, work: impl FnOnce() -> T) -> T {
    let outer = SURROUNDINGS.replace(Some(surroundings.clone()));
    let result = work();
    SURROUNDINGS.replace(outer);
    result
}

/// Registers the calculations.
pub fn register(engine: &mut Engine) {
    engine
        .register_fn("days", |n: Dynamic| span("days", &n, 24 * HOUR_MICROS))
        .register_fn("hours", |n: Dynamic| span("hours", &n, HOUR_MICROS))
        .register_fn("months", |n: Dynamic| months(&n))
        .register_fn("add", |time: Dynamic, span: Dynamic| add(&time, &span))
        .register_fn("percent", |amount: Dynamic, p: Dynamic| percent(&amount, &p))
        .register_fn("format_money", |amount: Dynamic| format_money(&amount))
        .register_fn("plural", |n: Dynamic, one: Dynamic, many: Dynamic| plural(&n, &one, &many))
        .register_fn("tier", |n: Dynamic, steps: Dynamic| tier(&n, steps))
        .register_fn("between", |t: Dynamic, from: Dynamic, to: Dynamic| between(&t, &from, &to))
        .register_fn("date", |text: Dynamic| date(&text))
        .register_fn("bucket", |key: Dynamic, n: Dynamic| bucket(&key, &n));
}

/// Reads a span as `days`, `hours` and `months` make it.
pub fn read_span(value: &Dynamic) -> Option<Span> {
    if let Ok(micros) = value.as_int() {
        return Some(Span::Micros(micros));
    }
    let map = value.as_map_ref().ok()?;
    let count = map.get("months").filter(|_| map.len() == 1)?.as_int().ok()?;
    u32::try_from(count).ok().filter(|_| count <= MAX_MONTHS).map(Span::Months)
}

/// Takes a whole number out of an argument, or says which argument is none.
pub fn whole(what: &str, value: &Dynamic) -> Calculated<i64> {
    let wrong = |_| raise(format!("{what} must be a whole number, and is {}.", describe(value)));
    value.as_int().map_err(wrong)
}

fn span(what: &str, n: &Dynamic, unit: i64) -> Calculated<i64> {
    let n = whole(&format!("What {what}(n) gets"), n)?;
    n.checked_mul(unit).ok_or_else(|| raise(format!("{what}({n}) is longer than the calendar.")))
}

fn months(n: &Dynamic) -> Calculated<Map> {
    let n = whole("What months(n) gets", n)?;
    if !(0..=MAX_MONTHS).contains(&n) {
        return Err(raise(format!("months({n}): give 0 to {MAX_MONTHS}.")));
    }
    Ok(Map::from([("months".into(), n.into())]))
}

fn add(at: &Dynamic, span: &Dynamic) -> Calculated<i64> {
    let at = whole("The time that add(time, span) gets", at)?;
    let wrong = || raise("add(time, span): the span is days(n), hours(n) or months(n).");
    let span = read_span(span).ok_or_else(wrong)?;
    let sum = time::from_micros(at).and_then(|time| span.after(time));
    sum.map(|time| time.timestamp_micros())
        .ok_or_else(|| raise("add(time, span) leaves the calendar."))
}

fn percent(amount: &Dynamic, p: &Dynamic) -> Calculated<i64> {
    let amount = whole("The amount that percent(amount, p) gets", amount)?;
    let p = whole("The p that percent(amount, p) gets", p)?;
    if amount < 0 || p < 0 {
        return Err(raise(format!("percent({amount}, {p}): neither may be negative.")));
    }
    let part = i128::from(amount) * i128::from(p) / 100;
    i64::try_from(part).map_err(|_| raise(format!("percent({amount}, {p}) is too great.")))
}

fn format_money(amount: &Dynamic) -> Calculated<String> {
    let amount = whole("What format_money(amount) gets", amount)?;
    let amount = Amount::new(amount).map_err(|error| raise(format!("format_money: {error}.")))?;
    Ok(format_amount(&surroundings()?.unit, amount))
}

fn plural(n: &Dynamic, one: &Dynamic, many: &Dynamic) -> Calculated<String> {
    let n = whole("The n that plural(n, one, many) gets", n)?;
    let words = if n == 1 { one } else { many };
    let wrong =
        |_| raise("plural(n, one, many): one and many are texts, like \"step\", \"steps\".");
    let words = words.as_immutable_string_ref().map_err(wrong)?;
    Ok(format!("{n} {}", words.as_str()))
}

fn tier(n: &Dynamic, steps: Dynamic) -> Calculated<Dynamic> {
    let n = whole("The n that tier(n, steps) gets", n)?;
    let wrong = || raise("tier(n, steps): steps are pairs like [[0, 500], [5, 750]], ascending.");
    let steps = steps.try_cast::<Array>().ok_or_else(wrong)?;
    let mut found = None;
    let mut last = i64::MIN;
    for step in steps {
        let pair: [Dynamic; 2] =
            step.try_cast::<Array>().ok_or_else(wrong)?.try_into().map_err(|_| wrong())?;
        let [from, value] = pair;
        let from = from.as_int().map_err(|_| wrong())?;
        if from <= last && last != i64::MIN {
            return Err(wrong());
        }
        last = from;
        if from <= n {
            found = Some(value);
        }
    }
    found.ok_or_else(|| raise(format!("tier({n}, steps): no step begins at {n} or below.")))
}

fn between(at: &Dynamic, from: &Dynamic, to: &Dynamic) -> Calculated<bool> {
    let at = whole("The time that between(t, from, to) gets", at)?;
    let from = whole("The from of between(t, from, to); use date(\"...\"): it", from)?;
    let to = whole("The to of between(t, from, to); use date(\"...\"): it", to)?;
    Ok((from..to).contains(&at))
}

fn date(text: &Dynamic) -> Calculated<i64> {
    let wrong = || raise("date(text) takes \"2026-12-01\" or \"2026-12-01T12:00:00Z\".");
    let text = text.as_immutable_string_ref().map_err(|_| wrong())?;
    if let Ok(time) = DateTime::parse_from_rfc3339(&text) {
        return Ok(time.timestamp_micros());
    }
    let day: NaiveDate = text.parse().map_err(|_| wrong())?;
    Ok(time::start_of(day, surroundings()?.zone).timestamp_micros())
}

fn bucket(key: &Dynamic, n: &Dynamic) -> Calculated<i64> {
    let key = key.as_immutable_string_ref().map_err(|_| raise("bucket(key, n): key is a text."))?;
    let n = whole("The n of bucket(key, n)", n)?;
    let parts = u64::try_from(n).ok().filter(|n| *n > 0);
    let parts = parts.ok_or_else(|| raise(format!("bucket(key, {n}): n is 1 or more.")))?;
    let hash = Sha256::digest(key.as_bytes());
    let first = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    i64::try_from(first % parts).map_err(|_| raise("bucket(key, n): n is too great."))
}

fn surroundings() -> Calculated<Surroundings> {
    SURROUNDINGS
        .with_borrow(Clone::clone)
        .ok_or_else(|| raise("This can be called only while an event is decided."))
}

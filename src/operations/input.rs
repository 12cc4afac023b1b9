//! What callers put in, looked at in itself: lengths, forbidden characters, sizes and signs. Every
//! refusal says what to do.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::domain::amount::Amount;
use crate::domain::refusal::Refusal;
use crate::domain::time::Time;

/// How long an id, key, code, type or source can be, in characters.
const MAX_WORD: usize = 255;
/// How long a line can be (a name, a description), in characters.
const MAX_LINE: usize = 1_024;
/// How long any other text can be, in characters.
const MAX_TEXT: usize = 10_000;
/// How deep a JSON value can be nested.
const MAX_JSON_DEPTH: usize = 16;
/// How large a JSON value can be, in bytes.
const MAX_JSON_BYTES: usize = 32 * 1_024;

/// An id, key, code, type or source: 1 to 255 characters.
pub fn word(what: &str, text: &str) -> Result<(), Refusal> {
    if text.is_empty() {
        return Err(Refusal::bad_input(format!(
            "{what} is empty: give 1 to {MAX_WORD} characters."
        )));
    }
    bounded(what, text, MAX_WORD)
}

/// An id, key, code, type or source that may be left out.
pub fn optional_word(what: &str, text: Option<&str>) -> Result<(), Refusal> {
    text.map_or(Ok(()), |text| word(what, text))
}

/// A code that may be left out. An empty one is only unknown: it is reported, not refused.
pub fn optional_code(text: Option<&str>) -> Result<(), Refusal> {
    text.map_or(Ok(()), |text| bounded("referralCode", text, MAX_WORD))
}

/// A name or a description that may be left out.
pub fn optional_line(what: &str, text: Option<&str>) -> Result<(), Refusal> {
    text.map_or(Ok(()), |text| bounded(what, text, MAX_LINE))
}

/// A longer text that may be left out.
pub fn optional_text(what: &str, text: Option<&str>) -> Result<(), Refusal> {
    text.map_or(Ok(()), |text| bounded(what, text, MAX_TEXT))
}

fn bounded(what: &str, text: &str, max: usize) -> Result<(), Refusal> {
    // A character has at most four bytes: a text of fewer bytes than `max` need not be counted.
    if text.len() > max && text.chars().nth(max).is_some() {
        return Err(Refusal::bad_input(format!("{what} is longer than {max} characters.")));
    }
    if text.contains('\0') {
        return Err(Refusal::bad_input(format!(
            "{what} contains U+0000: leave that character out."
        )));
    }
    Ok(())
}

/// An e-mail address that may be left out: something on both sides of one `@`.
pub fn optional_email(text: Option<&str>) -> Result<(), Refusal> {
    let Some(text) = text else { return Ok(()) };
    bounded("email", text, MAX_LINE)?;
    let is_address = text.trim().rsplit_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && !host.is_empty() && !text.trim().contains(char::is_whitespace)
    });
    if is_address {
        return Ok(());
    }
    Err(Refusal::bad_input("email is no e-mail address: give one like ann@example.com."))
}

/// An amount of more than nothing.
pub fn positive(what: &str, amount: Amount) -> Result<(), Refusal> {
    if amount.is_positive() {
        return Ok(());
    }
    Err(Refusal::bad_input(format!("{what} must be more than 0.")))
}

/// An object of bounded size, or nothing.
pub fn object(what: &str, value: Option<Value>) -> Result<Map<String, Value>, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(value) => {
            json(what, &value)?;
            match value {
                Value::Object(object) => Ok(object),
                _ => Err(Refusal::bad_input(format!(
                    "{what} must be an object, as in {{\"a\": 1}}."
                ))),
            }
        }
    }
}

/// A JSON value of bounded size and depth, without U+0000.
pub fn json(what: &str, value: &Value) -> Result<(), Refusal> {
    json_within(what, value, (MAX_JSON_DEPTH, MAX_JSON_BYTES))
}

/// Facts, which hold values that callers gave, and more.
pub fn facts(what: &str, value: &Value) -> Result<(), Refusal> {
    json_within(what, value, (MAX_JSON_DEPTH + 4, 4 * MAX_JSON_BYTES))
}

fn json_within(
    what: &str,
    value: &Value,
    (max_depth, max_bytes): (usize, usize),
) -> Result<(), Refusal> {
    if depth(value) > max_depth {
        return Err(Refusal::bad_input(format!("{what} is nested more than {max_depth} deep.")));
    }
    if value.to_string().len() > max_bytes {
        return Err(Refusal::bad_input(format!("{what} is larger than {max_bytes} bytes.")));
    }
    if has_nul(value) {
        return Err(Refusal::bad_input(format!(
            "{what} contains U+0000: leave that character out."
        )));
    }
    Ok(())
}

fn depth(value: &Value) -> usize {
    let below = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(fields) => fields.values().map(depth).max(),
        _ => return 0,
    };
    below.unwrap_or(0) + 1
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value))
        }
        _ => false,
    }
}

/// An id of ours. One that cannot be is of nothing there is: NOT_FOUND, like one that is not.
pub fn own_id(what: &str, text: &str) -> Result<Uuid, Refusal> {
    word("id", text)?;
    Uuid::try_parse(text)
        .map_err(|_| Refusal::not_found(format!("There is no {what} with the id {text}.")))
}

/// How many entries are asked for: 1 to 100.
pub fn size(what: &str, size: i64) -> Result<usize, Refusal> {
    match usize::try_from(size) {
        Ok(size @ 1..=100) => Ok(size),
        _ => Err(Refusal::bad_input(format!("{what} must be 1 to 100."))),
    }
}

/// How many entries a list has: 1 to `most`.
pub fn count(what: &str, count: usize, most: usize) -> Result<(), Refusal> {
    if (1..=most).contains(&count) {
        return Ok(());
    }
    Err(Refusal::bad_input(format!("{what} has {count} entries: give 1 to {most} in a call.")))
}

/// Two ends of a stretch of time in their order.
pub fn ordered(what: &str, from: Option<Time>, to: Option<Time>) -> Result<(), Refusal> {
    match (from, to) {
        (Some(from), Some(to)) if from >= to => Err(Refusal::bad_input(format!(
            "{what} ends before it begins: exchange the two times."
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_have_1_to_255_characters_of_any_width() {
        assert!(word("id", "").is_err());
        assert!(word("id", "a").is_ok());
        assert!(word("id", &"ä".repeat(255)).is_ok());
        assert!(word("id", &"ä".repeat(256)).is_err());
        assert!(word("id", "a\0b").is_err());
    }

    #[test]
    fn json_is_bounded() {
        let mut deep = json!(1);
        for _ in 0..17 {
            deep = json!([deep]);
        }
        assert!(json("data", &deep).is_err());
        assert!(json("data", &json!({"a\u{0}": 1})).is_err());
        assert!(json("data", &json!({"a": "x".repeat(40_000)})).is_err());
        assert!(object("data", Some(json!([1]))).is_err());
        assert_eq!(object("data", None).map(|object| object.len()), Ok(0));
    }

    #[test]
    fn an_address_has_two_sides() {
        assert!(optional_email(Some("ann@example.com")).is_ok());
        for wrong in ["", "ann", "@example.com", "ann@", "a b@c"] {
            assert!(optional_email(Some(wrong)).is_err(), "{wrong}");
        }
    }
}

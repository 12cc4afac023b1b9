//! A tenant's own settings over its program's defaults. A default gives a setting its name and its
//! type; a tenant may give it another value of that type.

use serde_json::{Map, Value};

use super::amount::Amount;
use super::refusal::Refusal;

/// How deep lists and maps of a setting may lie in each other.
const MAX_DEPTH: usize = 8;
/// How many entries a list or a map of a setting may have, as in a rule.
const MAX_ENTRIES: usize = 256;
/// How many bytes a text of a setting may have, as in a rule.
const MAX_TEXT: usize = 1_024;

/// Lays a tenant's own values over the defaults. A value that no longer fits (its setting is gone,
/// or has another type) is left out, with a warning for people.
#[must_use]
pub fn merge(
    defaults: &Map<String, Value>,
    own: &Map<String, Value>,
) -> (Map<String, Value>, Vec<String>) {
    let mut merged = defaults.clone();
    let mut warnings = Vec::new();
    for (name, value) in own {
        match check_value(defaults, name, value) {
            Ok(()) if value.is_null() => {}
            Ok(()) => drop(merged.insert(name.clone(), value.clone())),
            Err(why) => warnings.push(format!("{why} The default is used.")),
        }
    }
    (merged, warnings)
}

/// Checks a change of settings: every name must be a default's, every value of the default's type;
/// null restores the default. The refusal names the setting, its type and the known names.
pub fn check_change(
    defaults: &Map<String, Value>,
    change: &Map<String, Value>,
) -> Result<(), Refusal> {
    for (name, value) in change {
        check_value(defaults, name, value).map_err(Refusal::bad_input)?;
    }
    Ok(())
}

/// What a value is, for people: `a whole number`, `true or false`, `a text`, `a list`, `a map`.
#[must_use]
pub fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_i64() => "a whole number",
        Value::Number(_) => "a number that is not whole, or too great",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// Can a setting hold this? Whole numbers within the bounds of amounts, texts, lists and maps of
/// them, none too big for a rule. The error is a sentence without the setting's name.
pub fn check_content(value: &Value) -> Result<(), String> {
    check_content_at(value, MAX_DEPTH)
}

fn check_value(defaults: &Map<String, Value>, name: &str, value: &Value) -> Result<(), String> {
    let Some(default) = defaults.get(name) else {
        return Err(format!("There is no setting `{name}`. {}", known(defaults)));
    };
    if value.is_null() {
        return Ok(());
    }
    check_content(value).map_err(|why| format!("The setting `{name}` cannot be used: {why}."))?;
    if describe(default) == describe(value) {
        return Ok(());
    }
    let (wanted, found) = (describe(default), describe(value));
    Err(format!("The setting `{name}` is {wanted}, not {found}. {}", known(defaults)))
}

fn known(defaults: &Map<String, Value>) -> String {
    if defaults.is_empty() {
        return "This program has no settings.".to_owned();
    }
    let names: Vec<_> = defaults.keys().map(|name| format!("`{name}`")).collect();
    format!("The settings are {}.", names.join(", "))
}

fn check_content_at(value: &Value, depth: usize) -> Result<(), String> {
    if depth == 0 {
        return Err(format!("its lists and maps lie more than {MAX_DEPTH} deep in each other"));
    }
    match value {
        Value::Null => Err("there is a null inside of it".to_owned()),
        Value::Bool(_) => Ok(()),
        Value::Number(number) => check_number(number),
        Value::String(text) => check_text(text),
        Value::Array(items) => {
            check_entries(items.len())?;
            items.iter().try_for_each(|item| check_content_at(item, depth - 1))
        }
        Value::Object(entries) => {
            check_entries(entries.len())?;
            entries.iter().try_for_each(|(key, item)| {
                check_text(key)?;
                check_content_at(item, depth - 1)
            })
        }
    }
}

fn check_number(number: &serde_json::Number) -> Result<(), String> {
    let amount = number.as_i64().map(Amount::new);
    match amount {
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(error.to_string()),
        None => Err(format!("{number} is not a whole number; write money in cents")),
    }
}

fn check_text(text: &str) -> Result<(), String> {
    if text.contains('\0') {
        return Err("a text in it has the character U+0000".to_owned());
    }
    if text.len() > MAX_TEXT {
        return Err(format!("a text in it is longer than {MAX_TEXT} bytes"));
    }
    Ok(())
}

fn check_entries(count: usize) -> Result<(), String> {
    if count > MAX_ENTRIES {
        return Err(format!("a list or a map in it has more than {MAX_ENTRIES} entries"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn defaults() -> Map<String, Value> {
        map(json!({"bonus": 1000, "on": true, "contest": {}, "tiers": [[0, 1]], "word": "a"}))
    }

    #[test]
    fn own_values_lie_over_the_defaults() {
        let (merged, warnings) = merge(&defaults(), &map(json!({"bonus": 500, "word": null})));
        assert_eq!(merged["bonus"], 500);
        assert_eq!(merged["word"], "a");
        assert!(warnings.is_empty());
    }

    #[test]
    fn what_does_not_fit_falls_back_with_a_warning() {
        let (merged, warnings) = merge(&defaults(), &map(json!({"bonus": "x", "gone": 1})));
        assert_eq!(merged, defaults());
        assert_eq!(warnings.len(), 2);
    }

    #[test]
    fn a_wrong_change_is_refused_with_what_to_do() {
        let refused = |change: Value| check_change(&defaults(), &map(change)).unwrap_err().message;
        assert!(refused(json!({"bonsu": 1})).contains("no setting `bonsu`"));
        assert!(refused(json!({"bonsu": 1})).contains("`bonus`"));
        assert!(refused(json!({"bonus": true})).contains("is a whole number, not true or false"));
        assert!(refused(json!({"bonus": 1.5})).contains("not a whole number"));
        assert!(refused(json!({"bonus": 1_i64 << 53})).contains("9007199254740991"));
        assert!(refused(json!({"tiers": [[0, 1.5]]})).contains("1.5"));
        assert!(refused(json!({"contest": {"a": null}})).contains("null"));
        assert!(refused(json!({"word": "a\u{0}"})).contains("U+0000"));
        let deep = (0..20).fold(json!(1), |inner, _| json!([inner]));
        assert!(refused(json!({"tiers": deep})).contains("deep"));
    }

    #[test]
    fn a_good_change_passes() {
        let change = map(json!({"bonus": 0, "contest": {"x": 5}, "on": null, "tiers": []}));
        assert_eq!(check_change(&defaults(), &change), Ok(()));
    }
}

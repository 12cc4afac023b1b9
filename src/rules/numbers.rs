//! Numbers of `program.toml` that may be written as `"$name"`, the value of the setting `name`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::{Map, Value};

/// A whole number of 0 or more, or the setting that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Number {
    /// This number.
    Fixed(i64),
    /// The value of this setting.
    Setting(String),
}

/// A yes or no, or the setting whose value says it: 0 and false are no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Switch {
    /// This very answer.
    Fixed(bool),
    /// The value of this setting.
    Setting(String),
}

impl Number {
    /// The number under these settings; 0 for a setting that holds none.
    pub fn value(&self, settings: &Map<String, Value>) -> i64 {
        match self {
            Self::Fixed(number) => *number,
            Self::Setting(name) => settings.get(name).and_then(Value::as_i64).unwrap_or(0),
        }
    }

    /// Checks that the setting exists and is a whole number of 0 or more.
    pub fn check(&self, settings: &Map<String, Value>) -> Result<(), String> {
        let Self::Setting(name) = self else { return Ok(()) };
        match settings.get(name) {
            Some(value) if value.as_i64().is_some_and(|number| number >= 0) => Ok(()),
            Some(_) => Err(format!("The setting `{name}` must be a whole number of 0 or more.")),
            None => Err(format!("There is no setting `{name}` in [settings].")),
        }
    }
}

impl Switch {
    /// The answer under these settings.
    pub fn value(&self, settings: &Map<String, Value>) -> bool {
        match self {
            Self::Fixed(on) => *on,
            Self::Setting(name) => match settings.get(name) {
                Some(Value::Bool(on)) => *on,
                Some(Value::Number(number)) => number.as_i64() != Some(0),
                _ => false,
            },
        }
    }

    /// Checks that the setting exists and is a whole number, or true or false.
    pub fn check(&self, settings: &Map<String, Value>) -> Result<(), String> {
        let Self::Setting(name) = self else { return Ok(()) };
        match settings.get(name) {
            Some(Value::Bool(_) | Value::Number(_)) => Ok(()),
            Some(_) => Err(format!("The setting `{name}` must be a number, or true or false.")),
            None => Err(format!("There is no setting `{name}` in [settings].")),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SwitchVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number of 0 or more, or \"$name\" of a setting")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
        if number < 0 {
            return Err(E::invalid_value(serde::de::Unexpected::Signed(number), &self));
        }
        Ok(Number::Fixed(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
        let name = text.strip_prefix('$');
        let wrong = || E::invalid_value(serde::de::Unexpected::Str(text), &self);
        name.map(|name| Number::Setting(name.to_owned())).ok_or_else(wrong)
    }
}

struct SwitchVisitor;

impl Visitor<'_> for SwitchVisitor {
    type Value = Switch;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("true, false, or \"$name\" of a setting")
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<Switch, E> {
        Ok(Switch::Fixed(on))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Switch, E> {
        let name = text.strip_prefix('$');
        let wrong = || E::invalid_value(serde::de::Unexpected::Str(text), &self);
        name.map(|name| Switch::Setting(name.to_owned())).ok_or_else(wrong)
    }
}

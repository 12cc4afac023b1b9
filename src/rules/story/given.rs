//! What a verb of a test is given: texts, amounts, and options like `#{ code: "ABC" }`.

use rhai::{Dynamic, Map};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::amount::Amount;

use super::super::calculation::whole;
use super::super::fault::{describe, raise};
use super::super::options::{MAX_NAME, text};
use super::stage::{Told, json_of};

/// The three arguments that a verb takes at most; what is left out is `()`.
pub type Args = [Dynamic; 3];

/// Options of a verb, by name.
#[derive(Debug)]
pub struct Given {
    map: Map,
}

impl Given {
    /// Takes options, of which only these names are known. `()` is none at all.
    pub fn read(options: &Dynamic, known: &[&str]) -> Told<Self> {
        if options.is_unit() {
            return Ok(Self { map: Map::new() });
        }
        let wrong = || raise(format!("Options are a map, #{{ ... }}, not {}.", describe(options)));
        let map: Map = options.as_map_ref().map_err(|_| wrong())?.clone();
        match map.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(raise(format!(
                "There is no option `{name}` here. The options are {}.",
                known.join(", ")
            ))),
            None => Ok(Self { map }),
        }
    }

    fn get(&self, name: &str) -> Option<&Dynamic> {
        self.map.get(name).filter(|value| !value.is_unit())
    }

    /// A text, if it was given.
    pub fn text(&self, name: &str) -> Told<Option<String>> {
        self.get(name).map(|value| text(&format!("`{name}`"), value, MAX_NAME)).transpose()
    }

    /// A yes or no; no when it was not given.
    pub fn flag(&self, name: &str) -> Told<bool> {
        let wrong = |_| raise(format!("`{name}` is true or false."));
        self.get(name).map_or(Ok(false), |value| value.as_bool().map_err(wrong))
    }

    /// A whole number, if it was given.
    pub fn whole(&self, name: &str) -> Told<Option<i64>> {
        self.get(name).map(|value| whole(&format!("`{name}`"), value)).transpose()
    }

    /// A map as JSON; empty when it was not given.
    pub fn data(&self, name: &str) -> Told<Value> {
        self.get(name).map_or_else(|| Ok(Value::Object(serde_json::Map::new())), data)
    }
}

/// A name: of a user, a step, a code.
pub fn name(what: &str, value: &Dynamic) -> Told<String> {
    text(&format!("The {what}"), value, MAX_NAME)
}

/// A name, if it was given.
pub fn name_if(what: &str, value: &Dynamic) -> Told<Option<String>> {
    if value.is_unit() { Ok(None) } else { name(what, value).map(Some) }
}

/// An id that the engine made, as another verb gave it.
pub fn id(what: &str, value: &Dynamic) -> Told<Uuid> {
    let wrong = |_| raise(format!("The {what} is one that another verb gave."));
    name(what, value)?.parse().map_err(wrong)
}

/// An amount.
pub fn amount(value: &Dynamic) -> Told<Amount> {
    let number = whole("The amount", value)?;
    Amount::new(number).map_err(|error| raise(format!("The amount is {number}: {error}.")))
}

/// A map as JSON; `()` is an empty one.
pub fn data(value: &Dynamic) -> Told<Value> {
    if value.is_unit() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    if !value.is_map() {
        return Err(raise(format!("Data is a map, #{{ ... }}, not {}.", describe(value))));
    }
    json_of(value)
}

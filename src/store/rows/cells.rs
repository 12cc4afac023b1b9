//! How single values stand in a row: times as microseconds, amounts as numbers, JSON as text.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::amount::Amount;
use crate::domain::time::{Time, from_micros};
use crate::store::StoreError;

/// A time as it is kept.
pub const fn micros(time: Time) -> i64 {
    time.timestamp_micros()
}

/// A time that may be missing, as it is kept.
pub fn micros_of(time: Option<Time>) -> Option<i64> {
    time.map(micros)
}

/// A kept time.
pub fn time(micros: i64) -> Result<Time, StoreError> {
    from_micros(micros).ok_or_else(|| StoreError::Corrupt(format!("no such time: {micros}")))
}

/// A kept time that may be missing.
pub fn time_of(micros: Option<i64>) -> Result<Option<Time>, StoreError> {
    micros.map(time).transpose()
}

/// A kept amount.
pub fn amount(value: i64) -> Result<Amount, StoreError> {
    Amount::new(value).map_err(|_| StoreError::Corrupt(format!("no such amount: {value}")))
}

/// A kept amount that may be missing.
pub fn amount_of(value: Option<i64>) -> Result<Option<Amount>, StoreError> {
    value.map(amount).transpose()
}

/// A value as JSON text.
pub fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// A value that may be missing, as JSON text.
pub fn json_of<T: Serialize>(value: Option<&T>) -> Result<Option<String>, StoreError> {
    value.map(json).transpose()
}

/// A value from its JSON text.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// A value that may be missing, from its JSON text.
pub fn parse_of<T: DeserializeOwned>(text: Option<&str>) -> Result<Option<T>, StoreError> {
    text.map(parse).transpose()
}

/// A kept day, `2026-11-20`.
pub fn day(text: &str) -> Result<chrono::NaiveDate, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt(format!("no such day: {text}")))
}

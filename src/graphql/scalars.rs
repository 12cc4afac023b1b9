//! The scalars that the contract adds to GraphQL's own.

use async_graphql::{InputValueError, InputValueResult, Number, Scalar, ScalarType, Value};
use chrono::{DateTime as Instant, SecondsFormat, Utc};

use crate::domain::amount;
use crate::domain::time::{Time, cut};

/// A whole number of the unit's smallest part (cents for money). A JSON number within ±(2^53 − 1), so that JavaScript reads it exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub amount::Amount);

/// A whole number of the unit's smallest part (cents for money). A JSON number within ±(2^53 − 1), so that JavaScript reads it exactly.
#[Scalar(name = "Amount")]
impl ScalarType for Amount {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::Number(number) = value else {
            return Err(InputValueError::expected_type(value));
        };
        let whole = number.as_i64().ok_or_else(|| InputValueError::custom(amount::OutOfBounds))?;
        amount::Amount::new(whole).map(Self).map_err(InputValueError::custom)
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::Number(Number::from(self.0.get()))
    }
}

/// An instant in RFC 3339, given in UTC, e.g. 2026-11-20T08:00:00Z; kept to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTime(pub Time);

/// An instant in RFC 3339, given in UTC, e.g. 2026-11-20T08:00:00Z; kept to the microsecond.
#[Scalar(name = "DateTime")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        let parsed = Instant::parse_from_rfc3339(text).map_err(|_| {
            InputValueError::custom("give an instant in RFC 3339, e.g. 2026-11-20T08:00:00Z")
        })?;
        Ok(Self(cut(parsed.with_timezone(&Utc))))
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// Any JSON value.
#[derive(Debug, Clone, PartialEq)]
pub struct Json(pub serde_json::Value);

/// Any JSON value.
#[Scalar(name = "JSON")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        value.into_json().map(Self).map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}

/// A count as GraphQL's Int, which has 32 bits; a greater one is shown as the greatest.
pub fn int(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(if count < 0 { i32::MIN } else { i32::MAX })
}

/// Gives the times of a record to clients.
pub fn instant(time: Option<Time>) -> Option<DateTime> {
    time.map(DateTime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_a_whole_number_within_bounds() {
        let parse = |number: Number| Amount::parse(Value::Number(number)).is_ok();
        assert!(parse(9_007_199_254_740_991_i64.into()));
        assert!(!parse(9_007_199_254_740_992_i64.into()));
        assert!(!parse(u64::MAX.into()));
        assert!(Number::from_f64(1.5).is_some_and(|number| !parse(number)));
    }

    #[test]
    fn an_instant_is_shown_in_utc() {
        let parsed = DateTime::parse(Value::String("2026-11-20T10:00:00+02:00".to_owned()));
        let shown = parsed.map(|instant| instant.to_value()).ok();
        assert_eq!(shown, Some(Value::String("2026-11-20T08:00:00Z".to_owned())));
    }
}

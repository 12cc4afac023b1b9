//! Amounts: whole numbers of a unit's smallest part, checked at every step.

use serde::{Deserialize, Serialize};

/// A whole number of a unit's smallest part (cents for money), within ±(2^53 − 1), so that
/// JavaScript reads it exactly. All arithmetic is checked: going beyond the bounds is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Amount(i64);

/// A sum or a number left the bounds of [`Amount`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an amount must be a whole number within ±9007199254740991")]
pub struct OutOfBounds;

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The greatest amount, 2^53 − 1.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// Takes a whole number; refuses one beyond ±(2^53 − 1).
    pub const fn new(value: i64) -> Result<Self, OutOfBounds> {
        if value.unsigned_abs() <= Self::MAX.0.unsigned_abs() {
            Ok(Self(value))
        } else {
            Err(OutOfBounds)
        }
    }

    /// Gives the plain number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Is it more than nothing?
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Is it nothing?
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Is it less than nothing?
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum, or [`OutOfBounds`].
    pub fn plus(self, other: Self) -> Result<Self, OutOfBounds> {
        Self::new(self.0.checked_add(other.0).ok_or(OutOfBounds)?)
    }

    /// The difference, or [`OutOfBounds`].
    pub fn minus(self, other: Self) -> Result<Self, OutOfBounds> {
        Self::new(self.0.checked_sub(other.0).ok_or(OutOfBounds)?)
    }

    /// The same amount with the other sign; the bounds are symmetric, so it always exists.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }

    /// ⌊self × part / whole⌋ in 128 bits, for amounts that are not negative; `whole` of 0 gives 0.
    #[must_use]
    pub fn proportion(self, part: Self, whole: Self) -> Self {
        if whole.0 <= 0 {
            return Self::ZERO;
        }
        let exact = i128::from(self.0) * i128::from(part.0) / i128::from(whole.0);
        Self(i64::try_from(exact).unwrap_or(Self::MAX.0).min(Self::MAX.0))
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl TryFrom<i64> for Amount {
    type Error = OutOfBounds;

    fn try_from(value: i64) -> Result<Self, OutOfBounds> {
        Self::new(value)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_exact() {
        assert!(Amount::new(9_007_199_254_740_991).is_ok());
        assert_eq!(Amount::new(9_007_199_254_740_992), Err(OutOfBounds));
        assert_eq!(Amount::new(i64::MIN), Err(OutOfBounds));
        assert_eq!(Amount::MAX.plus(Amount(1)), Err(OutOfBounds));
        assert_eq!(Amount::MAX.negated().minus(Amount(1)), Err(OutOfBounds));
    }

    #[test]
    fn parts_of_a_whole_round_down_and_the_whole_is_whole() {
        let granted = Amount(1_000);
        assert_eq!(granted.proportion(Amount(1), Amount(3)), Amount(333));
        assert_eq!(granted.proportion(Amount(3), Amount(3)), granted);
        assert_eq!(Amount::MAX.proportion(Amount::MAX, Amount::MAX), Amount::MAX);
    }
}

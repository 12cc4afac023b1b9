//! What is refused, and why: a code for programs, a sentence for people.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// The class of a refusal; its name stands in an error's `extensions.code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// No credential, or one that does not hold.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// The id names no record of the tenant.
    NotFound,
    /// What should be made is there already.
    AlreadyExists,
    /// The input cannot be used; the message says what to do.
    BadUserInput,
    /// The balance is too small.
    InsufficientCredits,
    /// Nothing is left of it to reverse.
    AlreadyReversed,
    /// The key was used before with another input.
    IdempotencyConflict,
    /// Too often; later it may work.
    RateLimited,
    /// The server has too much to do; nothing happened.
    Overloaded,
    /// Whether it happened is not known; the same again with the same key finds out.
    OutcomeUnknown,
    /// A fault of the server; the log knows.
    Internal,
}

impl Code {
    /// The name of the code as clients read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::InsufficientCredits => "INSUFFICIENT_CREDITS",
            Self::AlreadyReversed => "ALREADY_REVERSED",
            Self::IdempotencyConflict => "IDEMPOTENCY_CONFLICT",
            Self::RateLimited => "RATE_LIMITED",
            Self::Overloaded => "OVERLOADED",
            Self::OutcomeUnknown => "OUTCOME_UNKNOWN",
            Self::Internal => "INTERNAL",
        }
    }
}

/// A refusal: nothing changed, and the message tells the caller what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.name())]
pub struct Refusal {
    /// The class, for programs.
    pub code: Code,
    /// A sentence for people.
    pub message: String,
    /// A word for programs that says more than the class (`extensions.reason`).
    pub reason: Option<String>,
    /// When trying again may help, in whole seconds (`extensions.retryAfter`).
    pub retry_after_seconds: Option<i64>,
}

impl Refusal {
    /// A refusal of the class `code` with a sentence for people.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), reason: None, retry_after_seconds: None }
    }

    /// The input cannot be used; `message` says what to do.
    pub fn bad_input(message: impl Into<String>) -> Self {
        Self::new(Code::BadUserInput, message)
    }

    /// The id names no record of the tenant.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// The caller may not do this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Code::Forbidden, message)
    }

    /// The key or id was used before with another input.
    #[must_use]
    pub fn key_used() -> Self {
        let message = "This key or id was used before with another input: repeat that very input, or take a new key.";
        Self::new(Code::IdempotencyConflict, message)
    }

    /// A fault of the server; `message` must not tell what broke.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message)
    }

    /// Too often; it may work again after `wait`.
    pub fn rate_limited(message: impl Into<String>, wait: TimeDelta) -> Self {
        let whole = wait.num_seconds();
        let seconds = if wait > TimeDelta::seconds(whole) { whole + 1 } else { whole };
        Self { retry_after_seconds: Some(seconds.max(1)), ..Self::new(Code::RateLimited, message) }
    }

    /// Adds a word for programs.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

impl From<super::amount::OutOfBounds> for Refusal {
    fn from(error: super::amount::OutOfBounds) -> Self {
        Self::bad_input(format!("This would pass the greatest balance there can be: {error}."))
    }
}

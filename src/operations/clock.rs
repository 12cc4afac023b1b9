//! The one clock of the process. Everything that needs the time is handed this clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::time::{Time, cut};

/// A clock: the machine's own, as it is or shifted, or one that a test moves.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    /// The machine's, and so much more.
    Machine(TimeDelta),
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub const fn machine() -> Self {
        Self::shifted(TimeDelta::zero())
    }

    /// The machine's clock and so much more; less, by a negative span.
    #[must_use]
    pub const fn shifted(by: TimeDelta) -> Self {
        Self(Source::Machine(by))
    }

    /// A clock that stands at `start` until it is moved; copies move together.
    #[must_use]
    pub fn manual(start: Time) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.timestamp_micros()))))
    }

    /// The time now, in UTC, cut to microseconds.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the machine's clock"
    )]
    pub fn now(&self) -> Time {
        match &self.0 {
            Source::Machine(by) => cut(Utc::now().checked_add_signed(*by).unwrap_or_default()),
            Source::Manual(micros) => {
                DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or_default()
            }
        }
    }

    /// Moves a manual clock forward (or back, by a negative span); the machine's clock stays.
    pub fn advance(&self, by: TimeDelta) {
        if let (Source::Manual(micros), Some(by)) = (&self.0, by.num_microseconds()) {
            micros.fetch_add(by, Ordering::SeqCst);
        }
    }
}

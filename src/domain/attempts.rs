//! Limits on how often something may be attempted in a stretch of time. They are counted in the
//! lane, so they hold across servers; the stretch ends with the attempt, so no clock edge lets
//! twice as many through.

use chrono::TimeDelta;

use super::records::{Attempts, AttemptsKey};
use super::refusal::Refusal;
use super::state::{Key, Stop};
use super::work::Work;

/// How often something may be attempted.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    action: &'static str,
    most: usize,
    within: TimeDelta,
    /// What is told to whoever has to wait.
    told: &'static str,
}

/// Visits from one address that are counted.
pub const VISITS: Limit = Limit {
    action: "visit",
    most: 60,
    within: TimeDelta::minutes(1),
    told: "Too many visits from one address",
};

/// Redemptions of a promotion code by one user that fail.
pub const FAILED_REDEMPTIONS: Limit = Limit {
    action: "failed_redemption",
    most: 10,
    within: TimeDelta::hours(1),
    told: "Too many promotion codes could not be redeemed",
};

/// Codes that nobody has, by one address or user: whoever tries many is guessing.
pub const MISSED_CODES: Limit = Limit {
    action: "missed_code",
    most: 20,
    within: TimeDelta::minutes(1),
    told: "Too many codes were tried that nobody has",
};

/// The longest stretch of time that any limit looks back over.
pub const LONGEST: TimeDelta = FAILED_REDEMPTIONS.within;

impl Limit {
    /// The key under which the attempts of somebody are kept.
    #[must_use]
    pub fn key(self, subject: &str) -> AttemptsKey {
        AttemptsKey { action: self.action.to_owned(), subject: subject.to_owned() }
    }

    /// The key by which a slice is asked for them.
    #[must_use]
    pub fn ask(self, subject: &str) -> Key {
        Key::Attempts(self.key(subject))
    }

    /// How long somebody has to wait until another attempt is let through; `None` when it is now.
    pub fn wait(self, work: &Work<'_>, subject: &str) -> Result<Option<TimeDelta>, Stop> {
        let recent = self.recent(work, subject)?;
        let blocking = recent.len().checked_sub(self.most).and_then(|over| recent.get(over));
        Ok(blocking.map(|oldest| *oldest + self.within - work.now()))
    }

    /// Refuses somebody who has to wait: RATE_LIMITED.
    pub fn require(self, work: &Work<'_>, subject: &str) -> Result<(), Stop> {
        match self.wait(work, subject)? {
            Some(wait) => {
                Err(Refusal::rate_limited(format!("{}: try again later.", self.told), wait).into())
            }
            None => Ok(()),
        }
    }

    /// Notes an attempt that was let through.
    pub fn note(self, work: &mut Work<'_>, subject: &str) -> Result<(), Stop> {
        let mut times = self.recent(work, subject)?;
        times.push(work.now());
        work.state.put(Attempts { key: self.key(subject), times });
        Ok(())
    }

    /// The attempts within the stretch of time that ends now.
    fn recent(self, work: &Work<'_>, subject: &str) -> Result<Vec<super::time::Time>, Stop> {
        let begin = work.now() - self.within;
        let known = work.state.get::<Attempts>(&self.key(subject))?;
        let times = known.map(|attempts| attempts.times.as_slice()).unwrap_or_default();
        Ok(times.iter().copied().filter(|time| *time > begin).collect())
    }
}

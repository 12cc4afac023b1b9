//! Times, and the days, weeks and months of a program's time zone.

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// An instant in UTC, cut to microseconds ([`cut`]) wherever it is kept.
pub type Time = DateTime<Utc>;

/// Cuts an instant to microseconds, the precision that both databases keep.
#[must_use]
pub fn cut(time: Time) -> Time {
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}

/// The instant that is `micros` microseconds after the epoch; `None` beyond the calendar's range.
#[must_use]
pub fn from_micros(micros: i64) -> Option<Time> {
    DateTime::from_timestamp_micros(micros)
}

/// A stretch of time that a rule may ask for: an exact length, or calendar months, whose length
/// depends on where they begin (31 January and a month is the last day of February).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// So many microseconds; days are 24 hours.
    Micros(i64),
    /// So many calendar months in UTC.
    Months(u32),
}

impl Span {
    /// The instant this long after `time`; `None` when the calendar ends before it.
    #[must_use]
    pub fn after(self, time: Time) -> Option<Time> {
        match self {
            Self::Micros(micros) => time.checked_add_signed(TimeDelta::microseconds(micros)),
            Self::Months(months) => time.checked_add_months(Months::new(months)),
        }
    }
}

/// The stretch of time in which a cap counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// A calendar day of the program's time zone.
    Day,
    /// Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// All of time.
    Ever,
}

impl Window {
    /// Names the window in which `time` lies: `2026-11-20`, `2026-W47`, `2026-11` or `ever`.
    #[must_use]
    pub fn name_at(self, time: Time, zone: Tz) -> String {
        let day = day_of(time, zone);
        match self {
            Self::Day => day.to_string(),
            Self::Week => day.format("%G-W%V").to_string(),
            Self::Month => month_of(day),
            Self::Ever => "ever".to_owned(),
        }
    }
}

/// The calendar day on which `time` falls in `zone`.
#[must_use]
pub fn day_of(time: Time, zone: Tz) -> NaiveDate {
    time.with_timezone(&zone).date_naive()
}

/// Names the calendar month of a day: `2026-11`.
#[must_use]
pub fn month_of(day: NaiveDate) -> String {
    day.format("%Y-%m").to_string()
}

/// The instant at which `day` begins in `zone`. Where a clock change skips midnight, the first
/// instant that exists; where it repeats midnight, the earlier one.
#[must_use]
pub fn start_of(day: NaiveDate, zone: Tz) -> Time {
    let mut local = day.and_time(NaiveTime::MIN);
    // No zone ever skipped more than a day; a quarter of an hour divides every skip there was.
    for _ in 0..=96 {
        if let Some(start) = zone.from_local_datetime(&local).earliest() {
            return start.with_timezone(&Utc);
        }
        local += TimeDelta::minutes(15);
    }
    local.and_utc()
}

/// The instant at which the day after that of `time` begins in `zone`.
#[must_use]
pub fn next_day(time: Time, zone: Tz) -> Time {
    let day = day_of(time, zone);
    start_of(day.checked_add_days(Days::new(1)).unwrap_or(day), zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_after_the_31st_of_january_is_the_last_of_february() {
        let after = Span::Months(1).after(at("2027-01-31T12:00:00Z"));
        assert_eq!(after, Some(at("2027-02-28T12:00:00Z")));
    }

    #[test]
    fn windows_follow_the_programs_clock() {
        let zone = chrono_tz::America::New_York;
        let late = at("2026-11-01T03:59:59Z");
        assert_eq!(Window::Day.name_at(late, zone), "2026-10-31");
        assert_eq!(Window::Month.name_at(late, zone), "2026-10");
        assert_eq!(Window::Month.name_at(at("2026-11-01T04:00:00Z"), zone), "2026-11");
        assert_eq!(Window::Week.name_at(at("2027-01-01T12:00:00Z"), zone), "2026-W53");
    }

    #[test]
    fn a_day_that_begins_at_one_has_its_own_start() {
        let zone = chrono_tz::America::Sao_Paulo;
        let skipped = NaiveDate::from_ymd_opt(2018, 11, 4).unwrap();
        assert_eq!(start_of(skipped, zone), at("2018-11-04T03:00:00Z"));
    }
}

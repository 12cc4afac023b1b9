//! A calendar of another make, to compare with: days are counted one year and one month at a time,
//! and clock changes stand in a table, as they were announced.

use chrono_tz::Tz;
use guerdon::domain::time::{Time, Window};

/// A second, in microseconds.
pub const SECOND: i64 = 1_000_000;
/// A day.
pub const DAY: i64 = 86_400 * SECOND;

/// A zone's clock over some years: minutes east of Greenwich at first, and after each change.
pub struct Clock {
    pub zone: Tz,
    pub years: (i64, i64),
    pub first: i64,
    pub changes: &'static [(&'static str, i64)],
}

/// Changes at midnight, by half an hour, over a whole day, just after midnight; and the ends of the world.
pub const CLOCKS: [Clock; 12] = [
    clock(Tz::UTC, (1999, 2101), 0, &[]),
    clock(Tz::Etc__GMTPlus12, (1999, 2101), -12 * 60, &[]),
    clock(Tz::Pacific__Kiritimati, (1999, 2101), 14 * 60, &[]),
    clock(Tz::Asia__Kathmandu, (1999, 2030), 5 * 60 + 45, &[]),
    clock(
        Tz::America__Sao_Paulo,
        (2018, 2020),
        -120,
        &[
            ("2018-02-18T02:00:00Z", -180),
            ("2018-11-04T03:00:00Z", -120),
            ("2019-02-17T02:00:00Z", -180),
        ],
    ),
    clock(
        Tz::Asia__Beirut,
        (2024, 2026),
        120,
        &[
            ("2024-03-30T22:00:00Z", 180),
            ("2024-10-26T21:00:00Z", 120),
            ("2025-03-29T22:00:00Z", 180),
            ("2025-10-25T21:00:00Z", 120),
        ],
    ),
    clock(
        Tz::Africa__Cairo,
        (2023, 2025),
        120,
        &[
            ("2023-04-27T22:00:00Z", 180),
            ("2023-10-26T21:00:00Z", 120),
            ("2024-04-25T22:00:00Z", 180),
            ("2024-10-31T21:00:00Z", 120),
        ],
    ),
    clock(
        Tz::Australia__Lord_Howe,
        (2025, 2027),
        11 * 60,
        &[
            ("2025-04-05T15:00:00Z", 630),
            ("2025-10-04T15:30:00Z", 660),
            ("2026-04-04T15:00:00Z", 630),
            ("2026-10-03T15:30:00Z", 660),
        ],
    ),
    clock(
        Tz::America__New_York,
        (2026, 2028),
        -300,
        &[
            ("2026-03-08T07:00:00Z", -240),
            ("2026-11-01T06:00:00Z", -300),
            ("2027-03-14T07:00:00Z", -240),
            ("2027-11-07T06:00:00Z", -300),
        ],
    ),
    clock(
        Tz::America__Havana,
        (2026, 2027),
        -300,
        &[("2026-03-08T05:00:00Z", -240), ("2026-11-01T05:00:00Z", -300)],
    ),
    // It skipped the 30th of December.
    clock(Tz::Pacific__Apia, (2012, 2012), -600, &[("2011-12-30T10:00:00Z", 840)]),
    // Its clocks went back a minute after midnight.
    clock(Tz::America__St_Johns, (2011, 2011), -150, &[("2010-11-07T02:31:00Z", -210)]),
];

const fn clock(
    zone: Tz,
    years: (i64, i64),
    first: i64,
    changes: &'static [(&'static str, i64)],
) -> Clock {
    Clock { zone, years, first, changes }
}

impl Clock {
    /// When the clock changes.
    pub fn changes(&self) -> impl Iterator<Item = (i64, i64)> {
        let micros = |text: &str| text.parse::<Time>().unwrap().timestamp_micros();
        self.changes.iter().map(move |(at, minutes)| (micros(at), *minutes))
    }

    /// What the clock on the wall shows, in microseconds.
    fn local(&self, micros: i64) -> i64 {
        let last = self.changes().filter(|(at, _)| *at <= micros).last();
        micros + last.map_or(self.first, |(_, minutes)| minutes) * 60 * SECOND
    }

    /// The day on the wall, counted from 1970.
    pub fn day(&self, micros: i64) -> i64 {
        self.local(micros).div_euclid(DAY)
    }

    /// The earliest instant of a day, or of the first after it where there is none. A day begins
    /// when the wall shows midnight, or when a change leads into it.
    pub fn start(&self, day: i64) -> i64 {
        let offsets = [self.first].into_iter().chain(self.changes().map(|(_, minutes)| minutes));
        let midnights = offsets.map(|minutes| day * DAY - minutes * 60 * SECOND);
        let changes = self.changes().map(|(at, _)| at);
        let candidates: Vec<i64> = midnights.chain(changes).collect();
        let within = |wanted: &dyn Fn(i64) -> bool| {
            candidates.iter().copied().filter(|at| wanted(self.day(*at))).min()
        };
        within(&|on| on == day).or_else(|| within(&|on| on > day)).unwrap()
    }

    /// The window's name.
    pub fn name(&self, window: Window, micros: i64) -> String {
        let days = self.day(micros);
        let (year, month, day) = date(days);
        match window {
            Window::Day => format!("{year}-{month:02}-{day:02}"),
            Window::Month => format!("{year}-{month:02}"),
            Window::Week => week(days),
            Window::Ever => "ever".to_owned(),
        }
    }
}

pub fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// How many days a month has.
pub fn length(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// How many days lie between 1970 and the first of January.
fn new_year(year: i64) -> i64 {
    (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum()
}

/// How many days lie between 1970 and a date.
pub fn days_to(year: i64, month: i64, day: i64) -> i64 {
    new_year(year) + (1..month).map(|month| length(year, month)).sum::<i64>() + day - 1
}

/// The date so many days after the first of January 1970.
pub fn date(days: i64) -> (i64, i64, i64) {
    let (mut year, mut month, mut left) = (1970, 1, days);
    while left >= length(year, month) {
        left -= length(year, month);
        (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    }
    (year, month, left + 1)
}

/// Weeks belong to the year in which their Thursday lies; 1970 began with one.
fn week(days: i64) -> String {
    let thursday = days - (days + 3) % 7 + 3;
    let (year, ..) = date(thursday);
    format!("{year}-W{:02}", (thursday - new_year(year)) / 7 + 1)
}

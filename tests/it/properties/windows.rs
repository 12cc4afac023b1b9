//! Windows of time: days, weeks and months of the program's zone, also where clocks change at
//! midnight, by half an hour, or over a whole day.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use guerdon::domain::effect::Options;
use guerdon::domain::program::{Cap, Measure, OnExceeded, OnShortfall, Scope};
use guerdon::domain::records::Outcome;
use guerdon::domain::time::{Window, day_of, from_micros, next_day, start_of};
use proptest::prelude::*;

use super::calendar::{CLOCKS, Clock, DAY, SECOND, days_to};
use super::config;
use super::tenant::{Tenant, credit, program};

const WINDOWS: [Window; 4] = [Window::Day, Window::Week, Window::Month, Window::Ever];
const HOUR: i64 = 3_600 * SECOND;

/// An instant of a clock's years: anywhere, near a change, or near the beginning of a day.
fn instant(clock: &'static Clock) -> BoxedStrategy<i64> {
    let mut edges: Vec<i64> = clock.changes().map(|(at, _)| at).collect();
    let years = days_to(clock.years.0, 1, 1)..days_to(clock.years.1, 1, 3);
    let midnight = years.clone().prop_map(|day| clock.start(day));
    edges.push(days_to(clock.years.0, 1, 2) * DAY);
    let near = |edge: BoxedStrategy<i64>| {
        let by =
            prop_oneof![-3..4_i64, -26 * HOUR..26 * HOUR, (-30..30_i64).prop_map(|n| n * HOUR / 4)];
        (edge, by).prop_map(|(edge, by)| edge + by)
    };
    prop_oneof![
        2 => near(midnight.boxed()),
        3 => near(proptest::sample::select(edges).boxed()),
        1 => years.start * DAY..years.end * DAY,
    ]
    .boxed()
}

fn anywhere() -> impl Strategy<Value = (&'static Clock, i64)> {
    (0..CLOCKS.len()).prop_flat_map(|n| (Just(&CLOCKS[n]), instant(&CLOCKS[n])))
}

/// Instants of one clock, in order.
fn some_time() -> impl Strategy<Value = (&'static Clock, Vec<i64>)> {
    (0..CLOCKS.len()).prop_flat_map(|n| {
        let instants = proptest::collection::vec(instant(&CLOCKS[n]), 2..12);
        (
            Just(&CLOCKS[n]),
            instants.prop_map(|mut instants| {
                instants.sort_unstable();
                instants
            }),
        )
    })
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.zone.fmt(formatter)
    }
}

fn date_of(days: i64) -> NaiveDate {
    NaiveDate::default().checked_add_days(Days::new(days as u64)).unwrap()
}

proptest! {
    #![proptest_config(config(5_000))]

    #[test]
    fn windows_are_as_counted((clock, at) in anywhere()) {
        let time = from_micros(at).unwrap();
        for window in WINDOWS {
            prop_assert_eq!(window.name_at(time, clock.zone), clock.name(window, at));
        }
    }

    #[test]
    fn a_day_begins_at_its_first_instant((clock, at) in anywhere()) {
        let day = clock.day(at);
        let start = start_of(date_of(day), clock.zone).timestamp_micros();
        prop_assert_eq!(start, clock.start(day));
        let next = start_of(date_of(day + 1), clock.zone).timestamp_micros();
        prop_assert_eq!(next, clock.start(day + 1));
    }

    #[test]
    fn the_next_day_is_ahead_in_every_zone(
        zone in proptest::sample::select(chrono_tz::TZ_VARIANTS.to_vec()),
        at in days_to(2012, 1, 1) * DAY..days_to(2037, 12, 31) * DAY,
        shift in -70..70_i64,
    ) {
        // Every other instant lies within minutes of a midnight.
        let near = start_of(day_of(from_micros(at).unwrap(), zone), zone).timestamp_micros();
        for at in [at, near + shift * 60 * SECOND] {
            let time = from_micros(at).unwrap();
            let next = next_day(time, zone);
            prop_assert!(next > time, "{zone}: after {time} comes {next}");
            prop_assert!((next - time).num_hours() <= 27, "{zone}: after {time} comes {next}");
            prop_assert_eq!(Some(day_of(next, zone)), day_of(time, zone).succ_opt());
        }
    }
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn a_cap_counts_the_windows_of_the_wall(
        (clock, instants) in some_time(), window in proptest::sample::select(&WINDOWS[..]),
    ) {
        let mut program = program(OnShortfall::Clamp);
        program.time_zone = clock.zone;
        let cap = Cap {
            scope: Scope::User, window, measure: Measure::Count(1), on_exceeded: OnExceeded::Refuse,
        };
        program.caps.insert("one".to_owned(), cap);
        let mut tenant = Tenant::new(program);
        let mut used = BTreeSet::new();
        for at in instants {
            tenant.now = from_micros(at).unwrap();
            let gift = credit("ann", 1, Options { cap: Some("one".to_owned()), ..Options::default() });
            let decision = tenant.gift("ann", &[gift]);
            let first = used.insert(clock.name(window, at));
            let expected = if first { Outcome::Rewarded } else { Outcome::Skipped };
            prop_assert_eq!(decision.outcome, expected, "at {}", tenant.now);
        }
        prop_assert_eq!(tenant.balance("ann"), used.len() as i64);
    }
}

//! Months: the same day and time so many months later, or the last day of a month that lacks it.

use guerdon::domain::effect::Options;
use guerdon::domain::program::OnShortfall;
use guerdon::domain::time::{Span, from_micros};
use proptest::prelude::*;

use super::calendar::{DAY, date, days_to, length};
use super::config;
use super::tenant::{Tenant, credit, program};

/// A day from the end of a month more often than any other.
fn day() -> impl Strategy<Value = (i64, i64, i64)> {
    (1970..2100_i64, 1..=12_i64, prop_oneof![2 => 28..=31_i64, 1 => 1..=31_i64])
        .prop_map(|(year, month, day)| (year, month, day.min(length(year, month))))
}

/// The day so many months later, one month at a time.
fn later((mut year, mut month, day): (i64, i64, i64), months: u32) -> i64 {
    for _ in 0..months {
        (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    }
    days_to(year, month, day.min(length(year, month)))
}

proptest! {
    #![proptest_config(config(5_000))]

    #[test]
    fn months_end_on_their_last_day(
        from in day(), months in prop_oneof![0..15_u32, 0..=1_200_u32], time in 0..DAY,
    ) {
        let (year, month, day) = from;
        let start = days_to(year, month, day) * DAY + time;
        let end = Span::Months(months).after(from_micros(start).unwrap()).unwrap();
        prop_assert_eq!(end.timestamp_micros(), later(from, months) * DAY + time);
    }

    #[test]
    fn the_last_of_january_and_a_month_is_the_last_of_february(
        year in 1970..2400_i64, day in 29..=31_i64,
    ) {
        let start = from_micros(days_to(year, 1, day) * DAY).unwrap();
        let end = Span::Months(1).after(start).unwrap();
        prop_assert_eq!(end, from_micros((days_to(year, 3, 1) - 1) * DAY).unwrap());
    }

    #[test]
    fn a_grant_for_months_lasts_to_the_very_instant(
        from in day(), hold in 0..4_u32, lasts in 1..15_u32, time in 0..DAY,
    ) {
        let (year, month, day) = from;
        let mut tenant = Tenant::new(program(OnShortfall::Clamp));
        tenant.now = from_micros(days_to(year, month, day) * DAY + time).unwrap();
        let hold_for = Some(Span::Months(hold)).filter(|_| hold > 0);
        let expires_in = Some(Span::Months(lasts));
        tenant.gift("ann", &[credit("ann", 7, Options { hold_for, expires_in, ..Options::default() })]);
        let begins = later(from, hold);
        let ends = later(date(begins), lasts);
        for (micros, balance) in [
            (begins * DAY + time - 1, 0),
            (begins * DAY + time, 7),
            (ends * DAY + time - 1, 7),
            (ends * DAY + time, 0),
        ] {
            let at = from_micros(micros).unwrap();
            // A grant without a hold begins at once: there is nothing to see before.
            if at >= tenant.now {
                tenant.now = at;
                prop_assert_eq!(tenant.balance("ann"), balance, "{}", at);
            }
        }
    }
}

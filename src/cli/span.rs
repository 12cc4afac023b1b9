//! Spans of time as people write them: `90s`, `15m`, `6h`, `30d`, `-2s`.

use chrono::TimeDelta;

/// The longest span that is taken, in days: a hundred years.
const LONGEST_DAYS: i64 = 36_525;

/// Reads a span: a whole number and one of `s`, `m`, `h` and `d`; negative with a `-` before it.
pub fn span(text: &str) -> Result<TimeDelta, String> {
    let wrong = || format!("{text:?} is no span of time: write 90s, 15m, 6h, 30d or -2s");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let number = text.strip_suffix(unit).unwrap_or_default();
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let span = number.checked_mul(seconds).and_then(TimeDelta::try_seconds);
    let longest = TimeDelta::days(LONGEST_DAYS);
    let span = span.filter(|span| (-longest..=longest).contains(span));
    span.ok_or_else(|| format!("{text} is more than {LONGEST_DAYS} days"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        assert_eq!(span("90s"), Ok(TimeDelta::seconds(90)));
        assert_eq!(span("-2s"), Ok(TimeDelta::seconds(-2)));
        assert_eq!(span("+15m"), Ok(TimeDelta::minutes(15)));
        assert_eq!(span("6h"), Ok(TimeDelta::hours(6)));
        assert_eq!(span("30d"), Ok(TimeDelta::days(30)));
        for wrong in
            ["", "s", "30", "3x", "1.5h", "2dd", "d2", "999999999d", "9223372036854775807d"]
        {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}

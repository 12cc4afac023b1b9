//! Totals of a range of days, and a daily series.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};

use super::Call;
use crate::domain::amount::Amount;
use crate::domain::records::TallyKey;
use crate::domain::refusal::Refusal;
use crate::domain::time::{Time, day_of};

/// How many days a report can span.
const MAX_DAYS: i64 = 366;
/// How many days a report spans when its beginning is not given.
const DEFAULT_DAYS: u64 = 30;

/// Totals of a range of days.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Visits through share links.
    pub clicks: i64,
    /// Sign-ups through a referral.
    pub signups: i64,
    /// Referred users' first purchases.
    pub conversions: i64,
    /// Of the sign-ups, how many converted.
    pub conversion_rate: f64,
    /// Referrals that are pending now.
    pub pending: i64,
    /// Referrals credited.
    pub credited: i64,
    /// What referrals brought to both sides.
    pub bonus_paid: Amount,
    /// What referred users paid.
    pub referred_revenue: Amount,
    /// From sign-up to first purchase, on average.
    pub average_seconds_to_first_purchase: Option<f64>,
    /// Of the rewards that began, how many are used up.
    pub reward_redemption_rate: f64,
    /// Credits granted.
    pub credits_issued: Amount,
    /// Credits spent.
    pub credits_used: Amount,
    /// Credits that expired.
    pub credits_expired: Amount,
    /// What is owed to users now.
    pub credits_outstanding: Amount,
    /// Every day of the range.
    pub daily: Vec<Day>,
}

/// One day.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each field is the report's of the same name, for one day")]
pub struct Day {
    pub date: NaiveDate,
    pub clicks: i64,
    pub signups: i64,
    pub conversions: i64,
    pub bonus_paid: Amount,
    pub credits_issued: Amount,
    pub credits_used: Amount,
}

/// The report of the days from `from` to `to`, both widened to whole days. Needs an admin key.
pub async fn report(call: &Call, from: Option<Time>, to: Option<Time>) -> Result<Report, Refusal> {
    call.caller.require_admin()?;
    let tenant = call.tenant()?;
    let zone = call.in_force().await?.program.time_zone;
    let last = day_of(to.unwrap_or_else(|| call.now()), zone);
    let default = last.checked_sub_days(Days::new(DEFAULT_DAYS - 1)).unwrap_or(last);
    let first = from.map_or(default, |from| day_of(from, zone));
    let days = days(first, last)?;
    let mut scopes: Vec<_> = days.iter().map(|day| TallyKey::day(*day, "").scope).collect();
    scopes.push(TallyKey::tenant("").scope);
    let kept = call.operations.database.tallies(tenant.id, &scopes).await?;
    let mut report = summed(&Daily { kept: &kept }, &days);
    let now = |name: &str| kept.get(&TallyKey::tenant(name)).copied().unwrap_or(0);
    report.pending = now("referrals:PENDING");
    report.credits_outstanding = amount(now("outstanding"));
    Ok(report)
}

fn days(first: NaiveDate, last: NaiveDate) -> Result<Vec<NaiveDate>, Refusal> {
    let span = (last - first).num_days() + 1;
    if span < 1 {
        return Err(Refusal::bad_input("from is after to: exchange the two times."));
    }
    if span > MAX_DAYS {
        return Err(Refusal::bad_input("A report spans at most 366 days: move from or to."));
    }
    Ok(first.iter_days().take_while(|day| *day <= last).collect())
}

struct Daily<'a> {
    kept: &'a HashMap<TallyKey, i64>,
}

impl Daily<'_> {
    fn on(&self, day: NaiveDate, name: &str) -> i64 {
        self.kept.get(&TallyKey::day(day, name)).copied().unwrap_or(0)
    }

    fn sum(&self, days: &[NaiveDate], name: &str) -> i64 {
        days.iter().map(|day| self.on(*day, name)).fold(0, i64::saturating_add)
    }
}

fn summed(daily: &Daily<'_>, days: &[NaiveDate]) -> Report {
    let sum = |name: &str| daily.sum(days, name);
    let first_purchases = sum("first_purchases");
    Report {
        clicks: sum("clicks"),
        signups: sum("signups"),
        conversions: sum("conversions"),
        conversion_rate: ratio(sum("conversions"), sum("signups")),
        credited: sum("credited"),
        bonus_paid: amount(sum("bonus_paid")),
        referred_revenue: amount(sum("revenue")),
        average_seconds_to_first_purchase: (first_purchases > 0)
            .then(|| ratio(sum("seconds_to_purchase"), first_purchases)),
        reward_redemption_rate: ratio(sum("rewards_redeemed"), sum("rewards_begun")),
        credits_issued: amount(sum("issued")),
        credits_used: amount(sum("used")),
        credits_expired: amount(sum("expired")),
        daily: days.iter().map(|day| of_day(daily, *day)).collect(),
        ..Report::default()
    }
}

fn of_day(daily: &Daily<'_>, day: NaiveDate) -> Day {
    Day {
        date: day,
        clicks: daily.on(day, "clicks"),
        signups: daily.on(day, "signups"),
        conversions: daily.on(day, "conversions"),
        bonus_paid: amount(daily.on(day, "bonus_paid")),
        credits_issued: amount(daily.on(day, "issued")),
        credits_used: amount(daily.on(day, "used")),
    }
}

/// A total as an amount; one beyond the bounds is shown as the bound.
fn amount(total: i64) -> Amount {
    let bound = if total < 0 { Amount::MAX.negated() } else { Amount::MAX };
    Amount::new(total).unwrap_or(bound)
}

/// A share; 0 of nothing. Counts are far below 2^53, so a float keeps them exactly.
fn ratio(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { as_float(part) / as_float(whole) }
}

#[expect(clippy::cast_precision_loss, reason = "a share is shown, not counted with")]
fn as_float(count: i64) -> f64 {
    count as f64
}

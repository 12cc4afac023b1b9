//! Totals, daily series and the leaderboard.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use super::cost;
use super::error::Result;
use super::loaders::call;
use super::scalars::{Amount, DateTime, int};
use crate::operations::{analytics, leaderboard};

/// Totals of a range of days, and a daily series. Money is in the tenant's main unit.
#[derive(SimpleObject)]
pub struct Analytics {
    /// Visits through share links.
    clicks: i32,
    /// Sign-ups through a referral.
    signups: i32,
    /// Referred users' first purchases.
    conversions: i32,
    /// Conversions divided by sign-ups; 0 when there are none.
    conversion_rate: f64,
    /// Referrals that are PENDING now, whatever the range.
    pending: i32,
    /// Referrals credited in the range, less those reversed in it.
    credited: i32,
    /// What referrals brought in the range, to both sides, less what was taken back.
    total_bonus_paid: Amount,
    /// What referred users paid in the range, less what was refunded in it.
    referred_revenue: Amount,
    /// Seconds from sign-up to first purchase, on average; null when nobody converted in the range.
    average_seconds_to_first_purchase: Option<f64>,
    /// REDEEMED of all credit and quota rewards that began in the range; 0 when there are none.
    reward_redemption_rate: f64,
    /// Credits granted in the range, less what reversals took in it.
    credits_issued: Amount,
    /// Credits spent in the range, less what was given back in it.
    credits_used: Amount,
    /// Credits that expired in the range.
    credits_expired: Amount,
    /// What the tenant owes its users now, whatever the range.
    credits_outstanding: Amount,
    /// Every day of the range, zeros too.
    #[graphql(complexity = "cost::list(cost::DAYS, child_complexity)")]
    daily: Vec<AnalyticsDay>,
}

/// One day of the program's time zone.
#[derive(SimpleObject)]
pub struct AnalyticsDay {
    /// The day, e.g. 2026-11-20.
    date: String,
    /// Visits through share links.
    clicks: i32,
    /// Sign-ups through a referral.
    signups: i32,
    /// Referred users' first purchases.
    conversions: i32,
    /// What referrals brought, to both sides, less what was taken back.
    bonus_paid: Amount,
    /// Credits granted, less what reversals took.
    credits_issued: Amount,
    /// Credits spent, less what was given back.
    credits_used: Amount,
}

impl From<analytics::Report> for Analytics {
    fn from(report: analytics::Report) -> Self {
        Self {
            clicks: int(report.clicks),
            signups: int(report.signups),
            conversions: int(report.conversions),
            conversion_rate: report.conversion_rate,
            pending: int(report.pending),
            credited: int(report.credited),
            total_bonus_paid: Amount(report.bonus_paid),
            referred_revenue: Amount(report.referred_revenue),
            average_seconds_to_first_purchase: report.average_seconds_to_first_purchase,
            reward_redemption_rate: report.reward_redemption_rate,
            credits_issued: Amount(report.credits_issued),
            credits_used: Amount(report.credits_used),
            credits_expired: Amount(report.credits_expired),
            credits_outstanding: Amount(report.credits_outstanding),
            daily: report.daily.into_iter().map(AnalyticsDay::from).collect(),
        }
    }
}

impl From<analytics::Day> for AnalyticsDay {
    fn from(day: analytics::Day) -> Self {
        Self {
            date: day.date.to_string(),
            clicks: int(day.clicks),
            signups: int(day.signups),
            conversions: int(day.conversions),
            bonus_paid: Amount(day.bonus_paid),
            credits_issued: Amount(day.credits_issued),
            credits_used: Amount(day.credits_used),
        }
    }
}

/// By what referrers are ranked.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaderboardMetric {
    /// By referrals that paid them.
    CreditedReferrals,
    /// By what they earned from referrals.
    Earned,
}

impl From<LeaderboardMetric> for leaderboard::Metric {
    fn from(metric: LeaderboardMetric) -> Self {
        match metric {
            LeaderboardMetric::CreditedReferrals => Self::Credited,
            LeaderboardMetric::Earned => Self::Earned,
        }
    }
}

/// A referrer's place.
#[derive(SimpleObject)]
pub struct LeaderboardEntry {
    /// The place, from 1; equals share a place.
    rank: i32,
    /// The referrer's id; null unless asked by service or admin.
    user_id: Option<ID>,
    /// The referrer's name; null when none was given.
    name: Option<String>,
    /// Referrals that paid the referrer.
    credited_referrals: i32,
    /// What the referrer earned from referrals.
    earned: Amount,
}

impl From<leaderboard::Entry> for LeaderboardEntry {
    fn from(entry: leaderboard::Entry) -> Self {
        Self {
            rank: int(entry.rank),
            user_id: entry.user_id.map(ID),
            name: entry.name,
            credited_referrals: int(entry.credited),
            earned: Amount(entry.earned),
        }
    }
}

/// Queries about totals.
#[derive(Default)]
pub struct AnalyticsQuery;

#[Object]
impl AnalyticsQuery {
    /// Totals and a daily series. `from` and `to` are widened to whole days of the program's time zone, at most 366. Needs an admin key.
    async fn analytics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first day; 29 days before the last when null.")] from: Option<
            DateTime,
        >,
        #[graphql(desc = "The last day; today when null.")] to: Option<DateTime>,
    ) -> Result<Analytics> {
        let (from, to) = (from.map(|time| time.0), to.map(|time| time.0));
        Ok(analytics::report(call(ctx)?, from, to).await?.into())
    }

    /// The top referrers. `from` and `to` are widened to whole days of the program's time zone; left out: of all time. Needs a user's token or a key.
    #[expect(clippy::too_many_arguments, reason = "the contract's arguments, each by its name")]
    #[graphql(complexity = "cost::first(first, 10, child_complexity)")]
    async fn leaderboard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default_with = "Some(10)")] first: Option<i32>,
        #[graphql(desc = "The first day; the beginning when null.")] from: Option<DateTime>,
        #[graphql(desc = "The last day; today when null.")] to: Option<DateTime>,
        #[graphql(desc = "By what.", default_with = "Some(LeaderboardMetric::CreditedReferrals)")]
        by: Option<LeaderboardMetric>,
    ) -> Result<Vec<LeaderboardEntry>> {
        let request = leaderboard::LeaderboardRequest {
            first: first.unwrap_or(10).into(),
            from: from.map(|time| time.0),
            to: to.map(|time| time.0),
            by: by.unwrap_or(LeaderboardMetric::CreditedReferrals).into(),
        };
        let entries = leaderboard::top(call(ctx)?, request).await?;
        Ok(entries.into_iter().map(LeaderboardEntry::from).collect())
    }
}

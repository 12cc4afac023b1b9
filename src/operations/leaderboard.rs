//! The leaderboard: the top referrers.

use chrono::{Datelike, NaiveDate};

use super::{Call, input, users};
use crate::domain::amount::Amount;
use crate::domain::refusal::Refusal;
use crate::domain::time::{Time, day_of, month_of};

use crate::store::Leader;

pub use crate::store::Metric;

/// Which top referrers.
#[derive(Debug, Clone)]
pub struct LeaderboardRequest {
    /// How many, 1 to 100.
    pub first: i64,
    /// From the day of this instant.
    pub from: Option<Time>,
    /// To the day of this instant.
    pub to: Option<Time>,
    /// By what.
    pub by: Metric,
}

/// A referrer's place.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The place, from 1; equals share a place.
    pub rank: i64,
    /// The referrer's id, for service and admin keys.
    pub user_id: Option<String>,
    /// The referrer's name.
    pub name: Option<String>,
    /// Referrals that paid the referrer.
    pub credited: i64,
    /// What the referrer earned.
    pub earned: Amount,
}

/// The top referrers of a range of whole days, or of all time. Needs a user's token or a key.
pub async fn top(call: &Call, request: LeaderboardRequest) -> Result<Vec<Entry>, Refusal> {
    call.caller.require_user()?;
    let size = u64::try_from(input::size("first", request.first)?).unwrap_or(1);
    let (database, tenant) = (&call.operations.database, call.tenant()?);
    let leaders = match span(call, request.from, request.to).await? {
        Span::Ever => database.leaders(tenant.id, request.by, size).await?,
        Span::Month(month) => {
            database.leaders_of_month(tenant.id, &month, request.by, size).await?
        }
        Span::Days(days) => database.leaders_of_days(tenant.id, days, request.by, size).await?,
    };
    let ids: Vec<_> = leaders.iter().map(|leader| leader.user_id.clone()).collect();
    let users = users::find(call, &ids).await?;
    let name_of = |id: &str| users.iter().find(|user| user.id == id)?.personal.name.clone();
    let names: Vec<_> = leaders.iter().map(|leader| name_of(&leader.user_id)).collect();
    Ok(ranked(leaders, request.by)
        .zip(names)
        .map(|((rank, leader), name)| Entry {
            rank,
            user_id: call.caller.is_service().then_some(leader.user_id),
            name,
            credited: leader.credited,
            earned: leader.earned,
        })
        .collect())
}

/// A stretch of whole days, and how its totals are kept.
#[derive(Debug, PartialEq, Eq)]
enum Span {
    /// All time.
    Ever,
    /// One calendar month, by its name.
    Month(String),
    /// From one day to another, both included.
    Days((NaiveDate, NaiveDate)),
}

/// The whole days from one instant to another.
async fn span(call: &Call, from: Option<Time>, to: Option<Time>) -> Result<Span, Refusal> {
    if from.is_none() && to.is_none() {
        return Ok(Span::Ever);
    }
    let zone = call.in_force().await?.program.time_zone;
    let today = day_of(call.now(), zone);
    let last = to.map_or(today, |to| day_of(to, zone));
    let first = from.map_or(NaiveDate::default(), |from| day_of(from, zone));
    if first > last {
        return Err(Refusal::bad_input("from is after to: exchange the two times."));
    }
    Ok(span_of(first, last, today))
}

/// A month is a month, too, when only days to come are missing.
fn span_of(first: NaiveDate, last: NaiveDate, today: NaiveDate) -> Span {
    let month = month_of(first);
    let ends_it =
        last >= today || last.succ_opt().is_none_or(|next| month_of(next) != month_of(last));
    if first.day() == 1 && month_of(last) == month && ends_it {
        Span::Month(month)
    } else {
        Span::Days((first, last))
    }
}

/// Leaders with their places; those who have as much share a place.
fn ranked(leaders: Vec<Leader>, by: Metric) -> impl Iterator<Item = (i64, Leader)> {
    let (mut rank, mut before) = (0, None);
    (1..).zip(leaders).map(move |(place, leader)| {
        let measure = match by {
            Metric::Credited => leader.credited,
            Metric::Earned => leader.earned.get(),
        };
        if before.replace(measure) != Some(measure) {
            rank = place;
        }
        (rank, leader)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_calendar_month_is_told_from_other_days() {
        let span = |first: &str, last: &str| {
            let day = |text: &str| text.parse().unwrap();
            span_of(day(first), day(last), day("2026-11-20"))
        };
        let month = |name: &str| Span::Month(name.to_owned());
        assert_eq!(span("2026-10-01", "2026-10-31"), month("2026-10"));
        assert_eq!(span("2026-11-01", "2026-11-20"), month("2026-11"));
        assert_eq!(span("2024-02-01", "2024-02-29"), month("2024-02"));
        for (first, last) in [
            ("2026-10-01", "2026-10-30"),
            ("2026-10-02", "2026-10-31"),
            ("2026-09-01", "2026-10-31"),
        ] {
            assert!(matches!(span(first, last), Span::Days(_)), "{first} {last}");
        }
    }

    #[test]
    fn equals_share_a_place() {
        let leader =
            |id: &str, credited| Leader { user_id: id.to_owned(), credited, earned: Amount::ZERO };
        let leaders = vec![leader("a", 5), leader("b", 3), leader("c", 3), leader("d", 1)];
        let places: Vec<_> = ranked(leaders, Metric::Credited).map(|(rank, _)| rank).collect();
        assert_eq!(places, [1, 2, 2, 4]);
    }
}

//! What PostgreSQL knows of its tables. Of a table that it has not counted yet it takes a tenant's
//! rows for a few, and reads all of them where an index of several columns would answer at once; it
//! counts by itself only once a minute. So a lane that grows has the tables counted as it goes.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};

/// The tables that lanes read.
const COUNT: &str = "ANALYZE events, users, accounts, lots, transactions, uses, reversals, \
    referrals, purchases, codes, clicks, cap_uses, onces, fingerprints, decisions, fact_sheets, \
    promos, promo_uses, notices, tallies, referrer_days, referrer_months, user_texts";

/// Has a tenant's history just become four times as long as at the last count? The first count is
/// at 64 events; beyond a million PostgreSQL's own counts are often enough.
pub fn is_due(before: i64, after: i64) -> bool {
    const FIRST: i64 = 64;
    const LAST: i64 = 1 << 20;
    let fours = |events: i64| events.max(1).ilog(4);
    (FIRST..=LAST).contains(&after) && fours(after) > fours(before)
}

/// Has the tables counted, beside everything else. It only helps: when it fails, nothing is lost.
pub fn count(connection: &DatabaseConnection) {
    if connection.get_database_backend() != DbBackend::Postgres {
        return;
    }
    let connection = connection.clone();
    tokio::spawn(async move {
        if let Err(error) = connection.execute_unprepared(COUNT).await {
            tracing::debug!(%error, "the tables were not counted");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::is_due;

    #[test]
    fn tables_are_counted_as_a_history_grows() {
        assert!(!is_due(0, 63));
        assert!(is_due(0, 64));
        assert!(is_due(60, 70));
        assert!(!is_due(70, 255));
        assert!(is_due(255, 300));
        assert!(!is_due(1 << 21, 1 << 22));
    }
}

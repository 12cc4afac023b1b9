//! What is always true of a tenant, as queries that find the rows of which it is not. The database
//! does the counting, so that neither side needs more memory for more rows; everything is read in
//! one snapshot, beside a running server.

mod books;
mod chain;
mod counts;
mod history;
mod invariant;
mod kept;
mod ledger;
mod lots;
mod order;
mod people;
mod personal;
mod snapshot;

pub use chain::{Chain, Damage, Head, Stretch};
pub use invariant::{Broken, Invariant};
pub use snapshot::Snapshot;

use super::StoreError;
use invariant::{Check, NAMED};

impl Invariant {
    /// Every invariant.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [
            order::INVARIANTS,
            ledger::INVARIANTS,
            lots::INVARIANTS,
            people::INVARIANTS,
            counts::INVARIANTS,
            kept::INVARIANTS,
        ]
        .into_iter()
        .flatten()
    }
}

impl Snapshot {
    /// The rows of which an invariant is not true, the first 1,000 of them.
    pub async fn broken(&self, invariant: &Invariant) -> Result<Vec<Broken>, StoreError> {
        let sql = match invariant.check {
            Check::Rows(rows) => rows.to_owned(),
            Check::Sums { claims, facts } => unequal(claims, facts),
            Check::Digests => return personal::broken(self).await,
        };
        self.query(&format!("{sql} LIMIT {NAMED}")).await
    }
}

/// The subjects whose claims and facts do not come to the same.
fn unequal(claims: &str, facts: &str) -> String {
    format!(
        "SELECT subject, CAST(SUM(claimed) AS BIGINT), CAST(SUM(counted) AS BIGINT) FROM (
            SELECT subject, amount AS claimed, 0 AS counted FROM ({claims}) claims
            UNION ALL
            SELECT subject, 0 AS claimed, amount AS counted FROM ({facts}) facts
        ) beside
        GROUP BY subject HAVING SUM(claimed) <> SUM(counted)"
    )
}

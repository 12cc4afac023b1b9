//! The store: everything that is kept, in SQLite or PostgreSQL. Rows and SQL stay inside; what goes
//! in and comes out are the domain's records. Every query takes the tenant.

mod accounts;
mod api_keys;
mod attempts;
mod audit;
mod backup;
mod clicks;
mod connect;
mod decisions;
mod erasures;
mod error;
mod events;
mod lane;
mod levels;
mod listing;
mod live;
mod lots;
mod marks;
mod notices;
mod paging;
mod programs;
mod promos;
mod referrals;
mod rows;
mod schema;
mod statement;
mod statistics;
mod tallies;
mod tenants;
mod transactions;
mod users;

use std::sync::Arc;

use sea_orm::{DatabaseConnection, DbBackend};

pub use api_keys::{ApiKey, KeyRole, Succession};
pub use audit::{Broken, Chain, Damage, Head, Invariant, Snapshot, Stretch};
pub use backup::backup;
pub use connect::Options;
pub use decisions::DecisionFilter;
pub use error::StoreError;
pub use lane::seal::LedgerKey;
pub use lane::{LaneTransaction, SealedSoFar};
pub use levels::Pool;
pub use listing::Direction;
pub use lots::{RewardFilter, RewardsOfStatus};
pub use marks::KeyFit;
pub use paging::{Count, Page, Rows, Window};
pub use programs::{ActiveProgram, ProgramVersion};
pub use referrals::{Leader, Metric, ReferralFilter};
pub use tenants::{NewTenant, Tenant};
pub use transactions::TransactionFilter;
pub use users::{Ranking, Standing, UserFilter};

/// The database, open. Cheap to clone; every clone uses the same connections.
#[derive(Debug, Clone)]
pub struct Database {
    /// Writes: lanes, tenants, keys, programs.
    writer: DatabaseConnection,
    /// Reads only.
    reader: DatabaseConnection,
    url: Arc<str>,
    options: Arc<Options>,
    digests: lane::digest::Known,
}

impl Database {
    /// Opens the database at `url` (`sqlite:file.db`, `postgres://...`); makes a missing SQLite
    /// file. Neither makes nor changes tables: see [`Database::migrate`].
    pub async fn connect(url: &str, options: Options) -> Result<Self, StoreError> {
        let writer = connect::writer(url, &options).await?;
        let reader = connect::reader(url, &options).await?;
        Ok(Self {
            writer,
            reader,
            url: url.into(),
            options: Arc::new(options),
            digests: Arc::default(),
        })
    }

    /// Which database it is: `sqlite` or `postgres`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.writer.get_database_backend() {
            DbBackend::Sqlite => "sqlite",
            _ => "postgres",
        }
    }

    /// Does the database answer? An error too when a SQLite file is not there any more: what is open
    /// would go on with a file that nobody finds again.
    pub async fn ping(&self) -> Result<(), StoreError> {
        if connect::lacks_file(&self.url) {
            return Err(StoreError::FileGone);
        }
        Ok(self.reader.ping().await?)
    }

    /// Closes every connection; what runs ends first.
    pub async fn close(self) -> Result<(), StoreError> {
        self.reader.close_by_ref().await?;
        Ok(self.writer.close_by_ref().await?)
    }
}

#[cfg(test)]
pub(crate) mod tests;

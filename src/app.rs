//! Putting the parts together: settings in, a running server out.

mod keys;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::domain::refusal::Refusal;
use crate::domain::rules::RuleError;
use crate::http::{Edge, Router};
use crate::jobs::watch::{Unwatched, Watcher};
use crate::jobs::{forget, measure, sweep, uses};
use crate::operations::Operations;
use crate::operations::audit::{self, Finding};
use crate::operations::clock::Clock;
use crate::operations::measures;
use crate::operations::sealing::{self, Proof};
use crate::store::{Database, KeyFit, LedgerKey, Options, StoreError};

use keys::must_fit;
pub use keys::{KeyError, Keys, key_file};

/// How long accepted commands may take at the end.
const LONGEST_DRAIN: Duration = Duration::from_secs(10);
/// How long closing the database may take.
const LONGEST_CLOSE: Duration = Duration::from_secs(2);

/// Why a server cannot start: one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder of rules cannot be used.
    #[error("{0} Name another with GUERDON_RULES.")]
    Rules(#[from] RuleError),
    /// The database cannot be opened or brought up to date.
    #[error(
        "The database {url} cannot be used: {source}. Check DATABASE_URL, and that the server is there."
    )]
    Database {
        /// Its address, without a password.
        url: String,
        /// What the store says.
        #[source]
        source: StoreError,
    },
    /// The database is not there, or its tables are not up to date.
    #[error("The database {0} is not there or not up to date: run `guerdon migrate` first.")]
    NotMigrated(String),
    /// The clock may not be moved on this database.
    #[error(
        "--clock-offset is for a test database, which {0} is not: it has tenants, and was begun without. Name a new database with DATABASE_URL."
    )]
    NotForTests(String),
    /// The operator's key or the ledger's is missing or cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The first changes to the database failed.
    #[error("The server cannot prepare its tenants: {0}")]
    Prepare(#[from] Refusal),
}

impl From<Unwatched> for StartError {
    fn from(unwatched: Unwatched) -> Self {
        match unwatched {
            Unwatched::Root(error) => Self::Rules(error),
            Unwatched::Refused(refusal) => Self::Prepare(refusal),
        }
    }
}

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The database: `sqlite:file.db` or `postgres://...`.
    pub database_url: String,
    /// The folder of program folders.
    pub rules: PathBuf,
    /// The operator's key. With none, SQLite keeps one beside its file; PostgreSQL must be given one.
    /// And the ledger's, when that is another.
    pub keys: Keys,
    /// Does a program folder without a tenant of its name make one?
    pub provision: bool,
    /// Is the clock moved? That is for a test database alone; a new one becomes such by it.
    pub clock_is_moved: bool,
    /// How the edge is set up.
    pub edge: Edge,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            database_url: "sqlite:guerdon.db".to_owned(),
            rules: PathBuf::from("rules"),
            keys: Keys::default(),
            provision: true,
            clock_is_moved: false,
            edge: Edge::default(),
        }
    }
}

/// A server: its operations and the jobs beside them. Ends with [`App::stop`].
pub struct App {
    /// What it can do.
    pub operations: Arc<Operations>,
    jobs: Mutex<Vec<JoinHandle<()>>>,
    edge: Edge,
}

impl App {
    /// Opens and migrates the database, publishes the program folders, makes the tenants that are
    /// missing, and starts the jobs.
    pub async fn start(settings: Settings, clock: Clock) -> Result<Self, StartError> {
        // A missing folder is told before anything is made.
        crate::rules::files::list(&settings.rules)?;
        let url = &settings.database_url;
        settings.keys.operator(url)?;
        let database = open_sealed(url, &settings.keys).await?;
        // By now it lies beside the ledger that is sealed with it, unless that has a key of its own.
        let operator = match settings.keys.operator(url)? {
            Some(key) => key,
            None => keys::make(url)?,
        };
        let operations = Operations::new(database, clock, Some(operator.expose_secret()))
            .limited(settings.edge.rates);
        check_tests(&operations.database, &settings).await?;
        let mut watcher =
            Watcher::new(operations.clone(), settings.rules.clone(), settings.provision);
        watcher.start().await?;
        crate::operations::publish::put_in_force(&operations).await?;
        let collecting = crate::http::collect(&settings.edge.metrics);
        measures::started(operations.database.kind(), operations.clock.now());
        let mut jobs = vec![
            tokio::spawn(watcher.run()),
            tokio::spawn(sweep::run(operations.clone())),
            tokio::spawn(forget::run(operations.clone())),
            tokio::spawn(uses::run(operations.clone())),
            tokio::spawn(measure::run(operations.clone())),
        ];
        jobs.extend(collecting.map(tokio::spawn));
        let (operations, jobs) = (Arc::new(operations), Mutex::new(jobs));
        Ok(Self { operations, jobs, edge: settings.edge })
    }

    /// The router of all paths.
    pub fn router(&self) -> Router {
        crate::http::router(Arc::clone(&self.operations), self.edge.clone())
    }

    /// Settles every account in which something is due, as the job does by itself. Gives how many.
    pub async fn sweep(&self) -> Result<u64, Refusal> {
        sweep::once(&self.operations).await
    }

    /// Forgets whoever was erased and is not wholly forgotten yet, as the job does by itself.
    pub async fn forget(&self) -> Result<(), Refusal> {
        while forget::once(&self.operations).await? {}
        Ok(())
    }

    /// Writes down when API keys were used, as the job does by itself.
    pub async fn note_uses(&self) -> Result<(), Refusal> {
        uses::once(&self.operations).await
    }

    /// Proves the invariants over the whole database; gives what breaks them.
    pub async fn audit(&self) -> Result<Vec<Finding>, StoreError> {
        let database = &self.operations.database;
        let mut findings = Vec::new();
        for tenant in database.tenants().await? {
            findings.extend(audit::audit(database, &tenant).await?);
        }
        findings.extend(self.prove().await?.findings);
        Ok(findings)
    }

    /// Proves the seals over the whole database.
    pub async fn prove(&self) -> Result<Proof, StoreError> {
        sealing::prove(&self.operations.database, &[]).await
    }

    /// Tells the server to end: it accepts nothing more, and is not ready.
    pub fn end(&self) {
        self.operations.ending.tell();
    }

    /// Stops the jobs, ends what is watched, lets accepted commands finish, and closes the database.
    /// A database that does not answer is waited for twelve seconds.
    pub async fn stop(&self) {
        self.end();
        for job in self.jobs.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            job.abort();
        }
        let finish = async {
            self.operations.hub.close().await;
            self.operations.lanes.drain().await;
            if let Err(error) = self.note_uses().await {
                tracing::warn!(%error, "when keys were used lately was not written");
            }
        };
        if timeout(LONGEST_DRAIN, finish).await.is_err() {
            tracing::error!(
                "the database does not answer: what became of some commands is not known"
            );
        }
        let close = self.operations.database.clone().close();
        match timeout(LONGEST_CLOSE, close).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the database was not closed in order"),
            Err(_) => tracing::warn!("the database was not closed in time"),
        }
    }
}

/// Opens and migrates the database. Nobody is the operator, and nothing can be written down a lane.
pub async fn open(url: &str, clock: Clock) -> Result<Operations, StartError> {
    Ok(Operations::new(migrated(url).await?, clock, None))
}

/// Opens and migrates the database, to write down lanes; everything is sealed when it is open. Nobody
/// is the operator. An error when the ledger is sealed under another key.
pub async fn open_to_write(url: &str, clock: Clock, keys: &Keys) -> Result<Operations, StartError> {
    Ok(Operations::new(open_sealed(url, keys).await?, clock, None))
}

/// Opens and migrates the database to read what was sealed under the ledger's key, and seals
/// nothing. An error when it is sealed under another; whether it says so at all is to be proved.
pub async fn open_to_prove(url: &str, clock: Clock, keys: &Keys) -> Result<Operations, StartError> {
    let key = keys.ledger(url)?.ok_or_else(|| keys::missing(url))?;
    let database = migrated(url).await?.with_key(ledger_key(&key));
    match database.key_fit().await.map_err(|source| unusable(url, source))? {
        KeyFit::Unmarked => {}
        fit => must_fit(fit)?,
    }
    Ok(Operations::new(database, clock, None))
}

/// Opens and migrates the database, and seals what is not sealed. A key that is missing is made,
/// when the ledger never had one; before that, nothing is made that would have to be taken away.
async fn open_sealed(url: &str, keys: &Keys) -> Result<Database, StartError> {
    let known = keys.ledger(url)?;
    let database = migrated(url).await?;
    let key = match known {
        Some(key) => key,
        // Another server that started meanwhile may have made it: it keeps the key before it seals.
        None if database.is_sealed().await.map_err(|source| unusable(url, source))? => {
            keys.ledger(url)?.ok_or_else(|| keys::missing(url))?
        }
        None => keys::make(url)?,
    };
    let database = database.with_key(ledger_key(&key));
    must_fit(database.adopt_key().await.map_err(|source| unusable(url, source))?)?;
    sealing::seal_rest(&database).await.map_err(|source| unusable(url, source))?;
    Ok(database)
}

async fn migrated(url: &str) -> Result<Database, StartError> {
    let database = Database::connect(url, Options::default()).await;
    let database = database.map_err(|source| unusable(url, source))?;
    database.migrate().await.map_err(|source| unusable(url, source))?;
    Ok(database)
}

/// Only a test database takes a clock that is moved; what is one says so at every start.
async fn check_tests(database: &Database, settings: &Settings) -> Result<(), StartError> {
    let url = &settings.database_url;
    let is_for_tests = match settings.clock_is_moved {
        true => database.mark_for_tests().await,
        false => database.is_for_tests().await,
    };
    let is_for_tests = is_for_tests.map_err(|source| unusable(url, source))?;
    if is_for_tests {
        tracing::warn!("this is a test database: its clock may be moved, and proves nothing");
    } else if settings.clock_is_moved {
        return Err(StartError::NotForTests(without_password(url)));
    }
    Ok(())
}

fn ledger_key(secret: &SecretString) -> LedgerKey {
    LedgerKey::new(secret.expose_secret())
}

/// Opens the database as it is, and changes nothing about it; an error when it would have to be
/// migrated first. Nobody is the operator.
pub async fn open_as_it_is(url: &str, clock: Clock) -> Result<Operations, StartError> {
    let database = Database::connect_as_it_is(url, Options::default()).await;
    let database = database.map_err(|source| unusable(url, source))?;
    let database = database.ok_or_else(|| StartError::NotMigrated(without_password(url)))?;
    Ok(Operations::new(database, clock, None))
}

fn unusable(url: &str, source: StoreError) -> StartError {
    StartError::Database { url: without_password(url), source }
}

/// The address of a database, for people to read.
#[must_use]
pub fn without_password(url: &str) -> String {
    match url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?))) {
        Some((scheme, (credentials, place))) => {
            let user = credentials.split_once(':').map_or(credentials, |(user, _)| user);
            format!("{scheme}://{user}@{place}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_told() {
        assert_eq!(without_password("postgres://ann:secret@host/db"), "postgres://ann@host/db");
        assert_eq!(without_password("sqlite:guerdon.db"), "sqlite:guerdon.db");
    }
}

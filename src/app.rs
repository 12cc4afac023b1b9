//! Putting the parts together: settings in, a running server out.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinHandle;

use crate::domain::refusal::Refusal;
use crate::domain::rules::RuleError;
use crate::http::Router;
use crate::jobs::watch::{Unwatched, Watcher};
use crate::jobs::{forget, sweep};
use crate::operations::Operations;
use crate::operations::audit::{self, Finding};
use crate::operations::clock::Clock;
use crate::operations::secrets::random_hex;
use crate::store::{Database, Options, StoreError};

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
    /// The operator's key is missing or cannot be used.
    #[error("{0}")]
    OperatorKey(String),
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

/// The shortest operator key that is taken.
const SHORTEST_KEY: usize = 20;

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The database: `sqlite:file.db` or `postgres://...`.
    pub database_url: String,
    /// The folder of program folders.
    pub rules: PathBuf,
    /// The operator's key. With none, SQLite keeps one beside its file; PostgreSQL must be given one.
    pub operator_key: Option<SecretString>,
    /// Does a program folder without a tenant of its name make one?
    pub provision: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            database_url: "sqlite:guerdon.db".to_owned(),
            rules: PathBuf::from("rules"),
            operator_key: None,
            provision: true,
        }
    }
}

/// A server: its operations and the jobs beside them. Ends with [`App::stop`].
pub struct App {
    /// What it can do.
    pub operations: Arc<Operations>,
    jobs: Mutex<Vec<JoinHandle<()>>>,
}

impl App {
    /// Opens and migrates the database, publishes the program folders, makes the tenants that are
    /// missing, and starts the jobs.
    pub async fn start(settings: Settings, clock: Clock) -> Result<Self, StartError> {
        // A missing folder is told before anything is made.
        crate::rules::files::list(&settings.rules)?;
        let operator_key = operator_key(&settings)?;
        let operations = open(&settings.database_url, clock, Some(&operator_key)).await?;
        let mut watcher = Watcher::new(operations.clone(), settings.rules, settings.provision);
        watcher.start().await?;
        crate::operations::publish::put_in_force(&operations).await?;
        let jobs = vec![
            tokio::spawn(watcher.run()),
            tokio::spawn(sweep::run(operations.clone())),
            tokio::spawn(forget::run(operations.clone())),
        ];
        Ok(Self { operations: Arc::new(operations), jobs: Mutex::new(jobs) })
    }

    /// The router of all paths.
    pub fn router(&self) -> Router {
        crate::http::router(Arc::clone(&self.operations))
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

    /// Proves the invariants over the whole database; gives what breaks them.
    pub async fn audit(&self) -> Result<Vec<Finding>, StoreError> {
        audit::audit(&self.operations.database, None).await
    }

    /// Stops the jobs, ends what is watched, lets accepted commands finish, and closes the database.
    pub async fn stop(&self) {
        for job in self.jobs.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            job.abort();
        }
        self.operations.hub.close().await;
        self.operations.lanes.drain().await;
        if let Err(error) = self.operations.database.clone().close().await {
            tracing::warn!(%error, "the database was not closed in order");
        }
    }
}

/// Opens and migrates the database. The operator is known by `operator_key`; without one nobody is.
pub async fn open(
    url: &str,
    clock: Clock,
    operator_key: Option<&SecretString>,
) -> Result<Operations, StartError> {
    let database = Database::connect(url, Options::default()).await;
    let database = database.map_err(|source| unusable(url, source))?;
    database.migrate().await.map_err(|source| unusable(url, source))?;
    Ok(Operations::new(database, clock, operator_key.map(ExposeSecret::expose_secret)))
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

/// The operator's key: as given, else as kept beside the SQLite file, where it is made on the first
/// start, for its owner alone to read.
pub fn operator_key(settings: &Settings) -> Result<SecretString, StartError> {
    if let Some(key) = &settings.operator_key {
        if key.expose_secret().len() < SHORTEST_KEY {
            let message = format!(
                "The operator key is too short: give GUERDON_OPERATOR_KEY at least {SHORTEST_KEY} characters."
            );
            return Err(StartError::OperatorKey(message));
        }
        return Ok(key.clone());
    }
    let path = key_file(&settings.database_url).ok_or_else(|| {
        StartError::OperatorKey(
            "Set GUERDON_OPERATOR_KEY: with PostgreSQL the operator key must be given.".to_owned(),
        )
    })?;
    if let Ok(key) = std::fs::read_to_string(&path) {
        return Ok(key.trim().to_owned().into());
    }
    let key = random_hex()?;
    write_secret(&path, &key).map_err(|error| {
        StartError::OperatorKey(format!(
            "The operator key cannot be written to {}: {error}.",
            path.display()
        ))
    })?;
    Ok(key.into())
}

/// Where the operator's key of a SQLite database is kept: beside its file.
#[must_use]
pub fn key_file(url: &str) -> Option<PathBuf> {
    let file = url.strip_prefix("sqlite:")?.trim_start_matches("//");
    let file = file.split_once('?').map_or(file, |(file, _)| file);
    Some(Path::new(file).with_extension("operator-key"))
}

#[cfg(unix)]
fn write_secret(path: &Path, secret: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{secret}")
}

#[cfg(not(unix))]
fn write_secret(path: &Path, secret: &str) -> std::io::Result<()> {
    std::fs::write(path, secret)
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

    #[test]
    fn the_key_lies_beside_the_file() {
        assert_eq!(key_file("sqlite:guerdon.db"), Some(PathBuf::from("guerdon.operator-key")));
        assert_eq!(
            key_file("sqlite:///var/lib/a.db?mode=rwc"),
            Some(PathBuf::from("/var/lib/a.operator-key"))
        );
        assert_eq!(key_file("postgres://host/db"), None);
    }
}

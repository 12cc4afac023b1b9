//! Where a command works: the database and the rules.

use std::path::PathBuf;

use clap::Args;
use secrecy::SecretString;

use crate::app::{self, Missing};
use crate::operations::Operations;
use crate::operations::clock::Clock;

/// Where a command works.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The database: `sqlite:FILE` or `postgres://USER:PASSWORD@HOST/NAME`.
    #[arg(long, env = "DATABASE_URL", default_value = "sqlite:guerdon.db", hide_env_values = true)]
    pub database_url: String,
    /// The folder of program folders.
    #[arg(long, env = "GUERDON_RULES", default_value = "rules")]
    pub rules: PathBuf,
}

/// The keys that are not in the database.
#[derive(Debug, Clone, Args)]
pub struct Keys {
    /// The operator's key, at least 20 characters. With SQLite one is made on the first start and kept
    /// beside the database; with PostgreSQL it must be given. Every event is sealed under it.
    #[arg(long, env = "GUERDON_OPERATOR_KEY", hide_env_values = true)]
    operator_key: Option<SecretString>,
    /// The key that seals the ledger: the operator's when left out. Where the operator's key is
    /// replaced, give the old one here, and keep it: the ledger stays sealed under it.
    #[arg(long, env = "GUERDON_LEDGER_KEY", hide_env_values = true)]
    ledger_key: Option<SecretString>,
}

impl From<Keys> for app::Keys {
    fn from(given: Keys) -> Self {
        Self { operator: given.operator_key, ledger: given.ledger_key }
    }
}

impl Place {
    /// Opens and migrates the database. Nothing can be written down a lane.
    pub async fn open(&self) -> anyhow::Result<Operations> {
        Ok(app::open(&self.database_url, Clock::machine(), &app::Keys::default()).await?)
    }

    /// Opens and migrates the database, to write down lanes.
    pub async fn open_to_write(&self, keys: Keys) -> anyhow::Result<Operations> {
        let ledger = app::Keys::from(keys).ledger(&self.database_url, Missing::IsMade)?;
        let keys = app::Keys { ledger: Some(ledger), operator: None };
        Ok(app::open(&self.database_url, Clock::machine(), &keys).await?)
    }

    /// Opens and migrates the database, to prove its seals.
    pub async fn open_to_prove(&self, keys: Keys) -> anyhow::Result<Operations> {
        let ledger = app::Keys::from(keys).ledger(&self.database_url, Missing::IsRefused)?;
        let keys = app::Keys { ledger: Some(ledger), operator: None };
        Ok(app::open_to_prove(&self.database_url, Clock::machine(), &keys).await?)
    }

    /// Opens the database as it is; an error when it would have to be made or migrated first.
    pub async fn open_as_it_is(&self) -> anyhow::Result<Operations> {
        Ok(app::open_as_it_is(&self.database_url, Clock::machine()).await?)
    }
}

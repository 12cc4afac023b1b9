//! Where a command works: the database, the rules, the operator's key.

use std::path::PathBuf;

use clap::Args;
use secrecy::SecretString;

use crate::app::{self, Settings};
use crate::operations::Operations;
use crate::operations::clock::Clock;

/// Where a command works.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The database: `sqlite:FILE` or `postgres://USER:PASSWORD@HOST/NAME`.
    #[arg(long, env = "DATABASE_URL", default_value = "sqlite:guerdon.db", hide_env_values = true)]
    database_url: String,
    /// The folder of program folders.
    #[arg(long, env = "GUERDON_RULES", default_value = "rules")]
    rules: PathBuf,
    /// The operator's key, at least 20 characters. With SQLite one is made on the first start and kept
    /// beside the database; with PostgreSQL it must be given.
    #[arg(long, env = "GUERDON_OPERATOR_KEY", hide_env_values = true)]
    operator_key: Option<SecretString>,
}

impl Place {
    /// The settings of a server at this place.
    pub fn settings(&self) -> Settings {
        Settings {
            database_url: self.database_url.clone(),
            rules: self.rules.clone(),
            operator_key: self.operator_key.clone(),
            ..Settings::default()
        }
    }

    /// Opens and migrates the database.
    pub async fn open(&self) -> anyhow::Result<Operations> {
        Ok(app::open(&self.settings(), Clock::machine()).await?.0)
    }
}

//! Where a command works: the database and the rules.

use std::path::PathBuf;

use clap::Args;

use crate::app;
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

impl Place {
    /// Opens and migrates the database.
    pub async fn open(&self) -> anyhow::Result<Operations> {
        Ok(app::open(&self.database_url, Clock::machine(), None).await?)
    }

    /// Opens the database as it is; an error when it would have to be made or migrated first.
    pub async fn open_as_it_is(&self) -> anyhow::Result<Operations> {
        Ok(app::open_as_it_is(&self.database_url, Clock::machine()).await?)
    }
}

//! `guerdon key`.

use anyhow::Context;
use chrono::{SecondsFormat, TimeDelta};
use clap::{Args, Subcommand, ValueEnum};

use super::output::print;
use super::place::Place;
use super::span::span;
use crate::domain::time::Time;
use crate::operations::Operations;
use crate::operations::keys::{self, ApiKey, KeyRole, OVERLAP_SECONDS, Rotation, Wanted};
use crate::operations::tenants::{self, Tenant};
use crate::store::Page;

/// What can be done with API keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Makes an API key and prints it, once.
    Create {
        /// What the key may do.
        #[arg(long)]
        role: Role,
        /// Its name, by which it is known in the ledger.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        end: End,
        #[command(flatten)]
        of: OfTenant,
    },
    /// Lists the API keys: id, role, made, ends, last used, revoked and name.
    List(OfTenant),
    /// Makes a key of the same name and role as another and prints it, once; the other goes on for a
    /// while.
    Rotate {
        /// The id of the other.
        id: String,
        /// How long the other goes on: 0s to 30d. A day when left out.
        #[arg(long, value_parser = span)]
        overlap: Option<TimeDelta>,
        #[command(flatten)]
        end: End,
        #[command(flatten)]
        of: OfTenant,
    },
    /// Ends an API key, on running servers within 5 seconds.
    Revoke {
        /// Its id.
        id: String,
        #[command(flatten)]
        of: OfTenant,
    },
}

/// When a new key ends.
#[derive(Debug, Args)]
pub struct End {
    /// After how long the new key ends by itself: 90d, 12h. Never when left out.
    #[arg(long, value_parser = span)]
    expires_in: Option<TimeDelta>,
}

/// Whose keys.
#[derive(Debug, Args)]
pub struct OfTenant {
    /// The tenant, by its slug.
    #[arg(long)]
    tenant: String,
    #[command(flatten)]
    place: Place,
}

/// What a key may do.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Role {
    /// Act for any user of its tenant.
    Service,
    /// Administer its tenant.
    Admin,
}

impl From<Role> for KeyRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Service => Self::Service,
            Role::Admin => Self::Admin,
        }
    }
}

impl OfTenant {
    async fn open(self) -> anyhow::Result<(Operations, Tenant)> {
        let operations = self.place.open().await?;
        let slug = &self.tenant;
        let tenant = tenants::by_slug(&operations, slug).await?;
        let unknown = || format!("There is no tenant {slug}: see guerdon tenant list.");
        let tenant = tenant.with_context(unknown)?;
        Ok((operations, tenant))
    }
}

impl End {
    fn from(self, operations: &Operations) -> anyhow::Result<Option<Time>> {
        let Some(span) = self.expires_in else { return Ok(None) };
        let end = operations.clock.now().checked_add_signed(span);
        end.map(Some).context("--expires-in is too long")
    }
}

impl KeyCommand {
    /// Does it.
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create { role, name, end, of } => {
                let (operations, tenant) = of.open().await?;
                let expires_at = end.from(&operations)?;
                let wanted = Wanted { name, role: role.into(), expires_at };
                print(&keys::make(&operations, &tenant, wanted).await?.key)
            }
            Self::List(of) => list(of).await,
            Self::Rotate { id, overlap, end, of } => {
                let (operations, tenant) = of.open().await?;
                let expires_at = end.from(&operations)?;
                let overlap_seconds = overlap.map_or(OVERLAP_SECONDS, |span| span.num_seconds());
                let rotation = Rotation { id, overlap_seconds, expires_at };
                print(&keys::replace(&operations, &tenant, rotation).await?.new.key)
            }
            Self::Revoke { id, of } => {
                let (operations, tenant) = of.open().await?;
                let id = id.parse().with_context(|| format!("There is no API key {id}."))?;
                Ok(keys::end(&operations, tenant.reference.id, id).await?)
            }
        }
    }
}

async fn list(of: OfTenant) -> anyhow::Result<()> {
    let (operations, tenant) = of.open().await?;
    let mut page = Page::first(100);
    loop {
        let found = operations.database.api_keys_page(tenant.reference.id, page).await?;
        for key in &found.rows {
            print(&line(key))?;
        }
        match found.rows.last().filter(|_| found.has_next) {
            Some(last) => page = Page { after: Some(last.id), ..page },
            None => return Ok(()),
        }
    }
}

fn line(key: &ApiKey) -> String {
    let role = match key.role {
        KeyRole::Service => "service",
        KeyRole::Admin => "admin",
    };
    let at = |time: Option<Time>| {
        time.map_or_else(|| "-".to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
    };
    let times = [Some(key.created_at), key.expires_at, key.last_used_at, key.revoked_at].map(at);
    format!("{}\t{role}\t{}\t{}", key.id, times.join("\t"), key.name)
}

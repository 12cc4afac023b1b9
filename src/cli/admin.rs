//! `guerdon tenant`.

use clap::Subcommand;

use super::output::print;
use super::place::{Keys, Place};
use crate::jobs::watch::Watcher;
use crate::operations::tenants::{self, NewTenant};
use crate::store::Page;

/// What can be done with tenants.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Makes a tenant.
    Create {
        /// Its name in credentials and headers: 1 to 40 of a-z, 0-9 and -.
        slug: String,
        /// Its name for people.
        #[arg(long)]
        name: String,
        /// The currency, by its code of ISO 4217; the program's when left out.
        #[arg(long)]
        currency: Option<String>,
        /// The program that it runs; the program that teaches when left out.
        #[arg(long)]
        program: Option<String>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        keys: Keys,
    },
    /// Lists the tenants: slug, program and name.
    List(Place),
}

impl TenantCommand {
    /// Does it.
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create { slug, name, currency, program, place, keys } => {
                let operations = place.open_to_write(keys).await?;
                // A new database knows no program yet.
                Watcher::new(operations.clone(), place.rules, false).start().await?;
                let made =
                    tenants::make(&operations, NewTenant { slug, name, currency, program }).await?;
                print(&made.reference.slug)
            }
            Self::List(place) => list(&place).await,
        }
    }
}

async fn list(place: &Place) -> anyhow::Result<()> {
    let database = place.open().await?.database;
    let mut page = Page::first(100);
    loop {
        let tenants = database.tenants_page(page).await?;
        for tenant in &tenants.rows {
            print(&format!("{}\t{}\t{}", tenant.slug, tenant.program, tenant.name))?;
        }
        match tenants.rows.last().filter(|_| tenants.has_next) {
            Some(last) => page = Page { after: Some(last.id), ..page },
            None => return Ok(()),
        }
    }
}

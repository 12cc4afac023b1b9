//! `guerdon audit`.

use anyhow::Context;
use clap::Args;

use super::output::print;
use super::place::Place;
use crate::operations::audit::audit;

/// Proves the ledger's invariants.
#[derive(Debug, Args)]
pub struct Audit {
    #[command(flatten)]
    place: Place,
    /// Only this tenant, by its slug.
    #[arg(long)]
    tenant: Option<String>,
}

impl Audit {
    /// Says which row breaks which invariant; an error when there is any.
    pub async fn run(self) -> anyhow::Result<()> {
        let database = self.place.open().await?.database;
        let tenant = match &self.tenant {
            Some(slug) => {
                let found = database.tenant_by_slug(slug).await?;
                Some(found.with_context(|| format!("There is no tenant {slug}."))?)
            }
            None => None,
        };
        let findings = audit(&database, tenant.as_ref()).await?;
        for finding in &findings {
            print(&format!(
                "{}: {}: {}: {}",
                finding.tenant, finding.invariant, finding.row, finding.detail
            ))?;
        }
        anyhow::ensure!(findings.is_empty(), "{} rows break an invariant", findings.len());
        print("The ledger is sound: every invariant holds.")
    }
}

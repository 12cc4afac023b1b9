//! `guerdon audit`.

use std::time::Duration;

use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::output::print;
use super::place::Place;
use crate::operations::audit::{Finding, audit};
use crate::operations::replay::{Retold, replay};
use crate::store::{Database, StoreError, Tenant};

const BAR: &str = "{bar:40} {percent:>3}%  {msg}  {eta} left";

/// Proves the ledger's invariants.
#[derive(Debug, Args)]
pub struct Audit {
    #[command(flatten)]
    place: Place,
    /// Only this tenant, by its slug.
    #[arg(long)]
    tenant: Option<String>,
    /// Tells the history again as well: makes each decision again from its frozen facts, and the books
    /// from the stored commands, and compares them with what is stored, row by row.
    #[arg(long)]
    replay: bool,
}

impl Audit {
    /// Says which row breaks which invariant; an error when there is any.
    pub async fn run(self) -> anyhow::Result<()> {
        let database = self.place.open().await?.database;
        let mut findings = Vec::new();
        for tenant in self.tenants(&database).await? {
            findings.extend(audit(&database, Some(&tenant)).await?);
            if self.replay {
                findings.extend(told_again(&database, &tenant).await?);
            }
        }
        for Finding { tenant, invariant, row, detail } in &findings {
            print(&format!("{tenant}: {invariant}: {row}: {detail}"))?;
        }
        anyhow::ensure!(findings.is_empty(), "{} rows break an invariant", findings.len());
        print("The ledger is sound: every invariant holds.")
    }

    /// The tenants to be looked at: one, or all.
    async fn tenants(&self, database: &Database) -> anyhow::Result<Vec<Tenant>> {
        if let Some(slug) = &self.tenant {
            let found = database.tenant_by_slug(slug).await?;
            return Ok(vec![found.with_context(|| format!("There is no tenant {slug}."))?]);
        }
        let mut tenants = Vec::new();
        for id in database.tenant_ids().await? {
            tenants.extend(database.tenant_by_id(id).await?);
        }
        Ok(tenants)
    }
}

/// Tells one tenant's history again, with a bar where somebody watches, and says what was proved.
async fn told_again(database: &Database, tenant: &Tenant) -> anyhow::Result<Vec<Finding>> {
    let all = u64::try_from(database.lane(tenant.id).await?.seq).unwrap_or_default();
    let bar = ProgressBar::new(all).with_message(format!("{}: telling events again", tenant.slug));
    if let Ok(style) = ProgressStyle::with_template(BAR) {
        bar.set_style(style);
    }
    let retold: Result<Retold, StoreError> =
        replay(database, tenant, |events| bar.set_position(events)).await;
    bar.finish_and_clear();
    let Retold { events, decisions, rows, took, findings } = retold?;
    print(&format!(
        "{}: {events} events told again in {:.1} s ({} a second): {decisions} decisions made again, \
         {rows} rows of the books compared, {} differences",
        tenant.slug,
        took.as_secs_f64(),
        rate(events, took),
        findings.len()
    ))?;
    Ok(findings)
}

fn rate(events: u64, took: Duration) -> u128 {
    u128::from(events) * 1_000 / took.as_millis().max(1)
}

//! `guerdon audit`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::output::print;
use super::place::{Keys, Place};
use super::retell::retell;
use crate::operations::audit::{Finding, audit};
use crate::operations::sealing::{TenantHead, prove};
use crate::store::{Database, Tenant};

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
    /// A head that an earlier audit printed, as SLUG:SEQ:SEAL; may be given more than once. It must
    /// still be in the chain: this finds events that were cut off at the end.
    #[arg(long = "head", value_name = "SLUG:SEQ:SEAL")]
    heads: Vec<TenantHead>,
    /// A file that holds what an earlier audit printed: each of its lines that begins with `head`.
    #[arg(long = "heads", value_name = "FILE")]
    heads_file: Option<PathBuf>,
    #[command(flatten)]
    keys: Keys,
}

impl Audit {
    /// Says which row breaks which invariant; an error when there is any.
    pub async fn run(self) -> anyhow::Result<()> {
        let heads = self.earlier_heads()?;
        let database = self.place.open_to_prove(self.keys).await?.database;
        let tenant = match &self.tenant {
            Some(slug) => {
                let found = database.tenant_by_slug(slug).await?;
                Some(found.with_context(|| format!("There is no tenant {slug}."))?)
            }
            None => None,
        };
        let mut findings = audit(&database, tenant.as_ref()).await?;
        let proof = prove(&database, tenant.as_ref(), &heads).await?;
        findings.extend(proof.findings);
        if self.replay {
            findings.extend(retell_all(&database, tenant).await?);
        }
        for Finding { tenant, invariant, row, detail } in &findings {
            print(&format!("{tenant}: {invariant}: {row}: {detail}"))?;
        }
        anyhow::ensure!(findings.is_empty(), "{} rows break an invariant", findings.len());
        for note in &proof.notes {
            print(note)?;
        }
        for head in &proof.heads {
            print(&head.to_string())?;
        }
        print("The ledger is sound: every invariant holds.")
    }

    /// The heads that were given, and those in the file.
    fn earlier_heads(&self) -> anyhow::Result<Vec<TenantHead>> {
        let mut heads = self.heads.clone();
        if let Some(file) = &self.heads_file {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            for line in text.lines().filter(|line| line.starts_with("head ")) {
                let read = line.parse().map_err(anyhow::Error::msg);
                heads.push(read.with_context(|| format!("{}: {line}", file.display()))?);
            }
        }
        Ok(heads)
    }
}

/// Tells the history of one tenant again, or of all.
async fn retell_all(database: &Database, tenant: Option<Tenant>) -> anyhow::Result<Vec<Finding>> {
    if let Some(tenant) = tenant {
        return retell(database, &tenant).await;
    }
    let mut findings = Vec::new();
    for id in database.tenant_ids().await? {
        if let Some(tenant) = database.tenant_by_id(id).await? {
            findings.extend(retell(database, &tenant).await?);
        }
    }
    Ok(findings)
}

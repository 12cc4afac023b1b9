//! `guerdon audit`.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;

use super::output::print;
use super::place::{Keys, Place};
use super::retell::retell;
use crate::operations::audit::{Finding, audit};
use crate::operations::sealing::{TenantHead, UNBROKEN, gone, prove_key, prove_tenant};
use crate::store::{Database, StoreError, Tenant};

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
    /// A file that holds what an earlier audit printed: each of its lines that begins with `head`, of
    /// which there must be one.
    #[arg(long = "heads", value_name = "FILE")]
    heads_file: Option<PathBuf>,
    #[command(flatten)]
    keys: Keys,
}

impl Audit {
    /// Says which row breaks which invariant, as it is found; an error when there is any.
    pub async fn run(self) -> anyhow::Result<()> {
        let earlier = self.earlier_heads()?;
        let database = self.place.open_to_prove(self.keys).await?.database;
        let mut audit =
            Auditing { database, earlier, replay: self.replay, found: 0, heads: Vec::new() };
        let key = prove_key(&audit.database).await?;
        audit.tell(key)?;
        match self.tenant {
            Some(slug) => {
                let found = audit.database.tenant_by_slug(&slug).await?;
                audit
                    .tenant(&found.with_context(|| format!("There is no tenant {slug}."))?)
                    .await?;
            }
            None => audit.everybody().await?,
        }
        audit.end()
    }

    /// The heads that were given, and those in the file. An error when one would not be looked for.
    fn earlier_heads(&self) -> anyhow::Result<Vec<TenantHead>> {
        let mut heads = self.heads.clone();
        if let Some(file) = &self.heads_file {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            let given = heads.len();
            for line in text.lines().filter(|line| line.starts_with("head ")) {
                let read = line.parse().map_err(anyhow::Error::msg);
                heads.push(read.with_context(|| format!("{}: {line}", file.display()))?);
            }
            ensure!(
                heads.len() > given,
                "{} holds no head, so nothing would be compared: name a file that a clean audit printed.",
                file.display()
            );
        }
        if let Some(tenant) = &self.tenant
            && let Some(other) = heads.iter().find(|head| head.tenant != *tenant)
        {
            anyhow::bail!(
                "There is a head of {}, which would not be looked for: leave --tenant {tenant} out, or that head.",
                other.tenant
            );
        }
        Ok(heads)
    }
}

/// An audit on its way.
struct Auditing {
    database: Database,
    earlier: Vec<TenantHead>,
    replay: bool,
    /// How many findings were printed.
    found: usize,
    heads: Vec<TenantHead>,
}

impl Auditing {
    /// Looks at every tenant, and for those of which earlier audits knew.
    async fn everybody(&mut self) -> anyhow::Result<()> {
        let mut slugs = Vec::new();
        for id in self.database.tenant_ids().await? {
            let read = self.database.tenant_by_id(id).await.map_err(anyhow::Error::from);
            let row = format!("tenant {id}");
            if let Some(tenant) = self.readable(&row, "a tenant can be read", read)?.flatten() {
                self.tenant(&tenant).await?;
                slugs.push(tenant.slug);
            }
        }
        self.tell(gone(&self.earlier, &slugs))
    }

    /// Looks at one tenant: its invariants, its seals, its history.
    async fn tenant(&mut self, tenant: &Tenant) -> anyhow::Result<()> {
        let slug = &tenant.slug;
        let broken = audit(&self.database, tenant).await?;
        self.tell(broken)?;
        let proof = prove_tenant(&self.database, tenant, &self.earlier).await;
        if let Some(proof) = self.readable(slug, UNBROKEN, proof.map_err(anyhow::Error::from))? {
            self.tell(proof.findings)?;
            for note in &proof.notes {
                print(note)?;
            }
            self.heads.extend(proof.heads);
        }
        if self.replay {
            let retold = retell(&self.database, tenant).await;
            let different = self.readable(slug, "the history can be told again", retold)?;
            self.tell(different.unwrap_or_default())?;
        }
        Ok(())
    }

    /// What could be read; that it could not is a finding. A lost connection ends the audit.
    fn readable<T>(
        &mut self,
        tenant: &str,
        invariant: &'static str,
        read: anyhow::Result<T>,
    ) -> anyhow::Result<Option<T>> {
        let error = match read {
            Ok(read) => return Ok(Some(read)),
            Err(error) => error.downcast::<StoreError>()?,
        };
        self.tell([Finding::unreadable(tenant, invariant, error)?])?;
        Ok(None)
    }

    fn tell(&mut self, findings: impl IntoIterator<Item = Finding>) -> anyhow::Result<()> {
        for Finding { tenant, invariant, row, detail } in findings {
            print(&format!("{tenant}: {invariant}: {row}: {detail}"))?;
            self.found += 1;
        }
        Ok(())
    }

    /// The last line: an error when anything was found, else the heads before it.
    fn end(self) -> anyhow::Result<()> {
        match self.found {
            0 => {}
            1 => anyhow::bail!("1 finding: the ledger is not sound"),
            many => anyhow::bail!("{many} findings: the ledger is not sound"),
        }
        for head in &self.heads {
            print(&head.to_string())?;
        }
        print("The ledger is sound: every invariant holds.")
    }
}

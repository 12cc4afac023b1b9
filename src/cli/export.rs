//! `guerdon export transactions`: the ledger as CSV, page after page, in constant memory.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, Subcommand};
use csv::{Terminator, Writer, WriterBuilder};

use super::place::Place;
use crate::domain::records::Transaction;
use crate::domain::time::{Time, cut};
use crate::operations::tenants;
use crate::store::{Database, Page, TransactionFilter};

/// How many entries are read at once.
const PAGE: u64 = 1_000;

/// The columns, in their order.
const HEADER: [&str; 18] = [
    "seq",
    "n",
    "id",
    "user_id",
    "unit",
    "amount",
    "balance_after",
    "source",
    "description",
    "reference_id",
    "space_id",
    "granted_by",
    "decision_id",
    "reverses",
    "forgiven",
    "expires_at",
    "effective_at",
    "created_at",
];

/// What can be exported.
#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// Writes the entries of a tenant's ledger, the oldest first: CSV as in RFC 4180, times in RFC
    /// 3339, amounts as whole numbers of the smallest part. A text that a spreadsheet would take for
    /// a formula gets an apostrophe before it.
    Transactions(Export),
}

impl ExportCommand {
    /// Does it.
    pub async fn run(self) -> anyhow::Result<()> {
        let Self::Transactions(export) = self;
        export.run().await
    }
}

/// Which entries, and where to.
#[derive(Debug, Args)]
pub struct Export {
    /// The tenant, by its slug.
    #[arg(long)]
    tenant: String,
    /// The file to write; it appears under its name when it is whole. Standard output when left out.
    #[arg(long)]
    output: Option<PathBuf>,
    /// Only entries that were booked at this instant or later, in RFC 3339.
    #[arg(long, value_parser = instant)]
    from: Option<Time>,
    /// Only entries that were booked before this instant, in RFC 3339.
    #[arg(long, value_parser = instant)]
    to: Option<Time>,
    #[command(flatten)]
    place: Place,
}

fn instant(text: &str) -> Result<Time, String> {
    let parsed = DateTime::parse_from_rfc3339(text);
    let parsed = parsed.map_err(|_| "write an instant as 2026-11-20T08:00:00Z".to_owned())?;
    Ok(cut(parsed.with_timezone(&Utc)))
}

impl Export {
    async fn run(self) -> anyhow::Result<()> {
        let operations = self.place.open_as_it_is().await?;
        let found = tenants::by_slug(&operations, &self.tenant).await?;
        let tenant = found.with_context(|| {
            format!("There is no tenant {}: see guerdon tenant list.", self.tenant)
        })?;
        let filter =
            TransactionFilter { from: self.from, to: self.to, ..TransactionFilter::default() };
        let entries =
            Entries { database: operations.database, tenant_id: tenant.reference.id, filter };
        match &self.output {
            Some(file) => to_file(file, &entries).await,
            None => match entries.write(io::stdout().lock()).await {
                // Whoever reads has seen enough, as `head` does.
                Err(error) if is_closed_pipe(&error) => Ok(()),
                written => written,
            },
        }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let closed = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| match cause.downcast_ref::<csv::Error>().map(csv::Error::kind) {
        Some(csv::ErrorKind::Io(error)) => closed(error),
        _ => cause.downcast_ref::<io::Error>().is_some_and(closed),
    })
}

/// Writes beside the file and renames, so that half a file is never taken for a whole one.
async fn to_file(file: &Path, entries: &Entries) -> anyhow::Result<()> {
    let mut partial = file.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let cannot = || format!("{} cannot be written", file.display());
    let opened = File::create(&partial).with_context(cannot)?;
    entries.write(&opened).await.with_context(cannot)?;
    opened.sync_all().with_context(cannot)?;
    std::fs::rename(&partial, file).with_context(cannot)
}

/// The entries to be written.
struct Entries {
    database: Database,
    tenant_id: i64,
    filter: TransactionFilter,
}

impl Entries {
    async fn write(&self, output: impl Write) -> anyhow::Result<()> {
        let mut writer =
            WriterBuilder::new().terminator(Terminator::CRLF).from_writer(BufWriter::new(output));
        writer.write_record(HEADER)?;
        // The list is newest first: its end is where the ledger began.
        let mut page = Page::last(PAGE);
        loop {
            let found = self.database.transactions_page(self.tenant_id, &self.filter, page).await?;
            for entry in found.rows.iter().rev() {
                write_entry(&mut writer, entry)?;
            }
            match found.rows.first().filter(|_| found.has_previous) {
                Some(newest) => page = Page { before: Some(newest.position), ..page },
                None => break,
            }
        }
        Ok(writer.flush()?)
    }
}

fn write_entry<W: Write>(writer: &mut Writer<W>, entry: &Transaction) -> csv::Result<()> {
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    writer.write_record([
        entry.position.seq.to_string(),
        entry.position.n.to_string(),
        entry.id.to_string(),
        text(Some(&entry.account.user_id)),
        text(Some(&entry.account.unit)),
        entry.amount.get().to_string(),
        entry.balance_after.get().to_string(),
        text(Some(&entry.source)),
        text(entry.description.as_ref()),
        text(entry.reference_id.as_ref()),
        text(entry.space_id.as_ref()),
        text(entry.granted_by.as_ref()),
        id(entry.decision_id),
        id(entry.reverses),
        entry.forgiven.map(|amount| amount.get().to_string()).unwrap_or_default(),
        time(entry.expires_at),
        time(Some(entry.effective_at)),
        time(Some(entry.created_at)),
    ])
}

/// A text that people gave. What a spreadsheet would take for a formula begins with an apostrophe.
fn text(given: Option<&String>) -> String {
    let Some(given) = given else { return String::new() };
    match given.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        true => format!("'{given}"),
        false => given.clone(),
    }
}

fn time(time: Option<Time>) -> String {
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true)).unwrap_or_default()
}

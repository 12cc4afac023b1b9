//! `guerdon import users` and `guerdon import credits`: one command for each line of a CSV file,
//! sent down the tenant's lane as a server would, beside running servers.
//!
//! Each line is a command with a key of its own, so that the same file again does nothing twice: a
//! run that was interrupted is simply begun anew.

mod credits;
mod kind;
mod progress;
mod sheet;
mod users;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::mpsc;

use super::place::{Keys, Place};
use crate::domain::caller::{Caller, Role};
use crate::domain::refusal::{Code, Refusal};
use crate::operations::keys::OF_IMPORTS;
use crate::operations::{Call, tenants};
use kind::Kind;
use progress::Progress;
use sheet::{Sheet, Wrong};

/// How many lines are read, or on their way, ahead of the first that is not answered.
const AHEAD: usize = 256;
/// How many lines are looked up together when they are only checked.
const CHECKED_AT_ONCE: usize = 500;
/// How often a line is sent that the server is too busy for.
const TRIES: u32 = 6;

/// What can be imported.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Signs up a user for each line, as the mutation registerUser does: the rules react to it. A
    /// user who is there already stays as he is. Columns: id; optional name, email, email_verified
    /// (true or false), referral_code, ip_address, device_id, traits (a JSON object).
    Users(Import),
    /// Grants credit for each line, as the mutation addCredits does. Columns: user_id, amount (a
    /// whole number of the smallest part: 1250 for $12.50); optional unit, source (manual),
    /// description, reference_id, space_id, available_from, expires_at (RFC 3339), priority (50),
    /// idempotency_key. Where no key is given, it is made of the line's content and the number of
    /// equal lines before it: the same file again, also with lines added at its end, grants nothing
    /// twice.
    Credits {
        #[command(flatten)]
        import: Import,
        /// A name of this batch, part of the keys that are made: lines that another file had as well
        /// are granted again under another name.
        #[arg(long, default_value = "")]
        batch: String,
    },
}

impl ImportCommand {
    /// Does it; an error when any line was refused.
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Users(import) => import.run(users::Users).await,
            Self::Credits { import, batch } => import.run(credits::Credits::new(batch)).await,
        }
    }
}

/// From where, to where.
#[derive(Debug, Args)]
pub struct Import {
    /// The CSV file, with a header; - reads standard input.
    file: String,
    /// The tenant, by its slug.
    #[arg(long)]
    tenant: String,
    /// Only checks the file against the database, which must be up to date, and writes nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    keys: Keys,
}

/// What became of a line: `false` when it was done before.
type Outcome = Result<bool, Wrong>;

/// A line that was read.
struct Line<T> {
    place: sheet::Place,
    item: Result<T, Wrong>,
}

impl Import {
    async fn run<K: Kind>(self, kind: K) -> anyhow::Result<()> {
        let (input, size) = open(&self.file)?;
        let sheet = Sheet::open(input, K::COLUMNS)?;
        let call = self.call().await?;
        let mut progress = Progress::new(K::WORDS, size);
        let lines = read_ahead(sheet, kind);
        let done = match self.dry_run {
            true => check::<K>(&call, lines, &mut progress).await,
            false => send::<K>(&call, lines, &mut progress).await,
        };
        let refused = progress.finish(self.dry_run)?;
        done?;
        let again = "mend them and run the same again: what was done is not done twice";
        ensure!(refused == 0, "{refused} lines were refused: {again}.");
        Ok(())
    }

    /// A call of the import's own, whose commands give way to those of others.
    async fn call(&self) -> anyhow::Result<Call> {
        let operations = match self.dry_run {
            true => self.place.open_as_it_is().await?,
            false => self.place.open_to_write(self.keys.clone()).await?,
        };
        let found = tenants::by_slug(&operations, &self.tenant).await?;
        let tenant = found.with_context(|| {
            format!("There is no tenant {}: see guerdon tenant list.", self.tenant)
        })?;
        let role = Role::Admin(OF_IMPORTS.to_owned());
        let caller = Caller { tenant: Some(tenant.reference), role };
        Ok(Call::new(Arc::new(operations), caller, None, OF_IMPORTS.to_owned()).in_bulk())
    }
}

/// The file and its size; that of standard input is not known.
fn open(file: &str) -> anyhow::Result<(Box<dyn Read + Send>, Option<u64>)> {
    if file == "-" {
        return Ok((Box::new(std::io::stdin()), None));
    }
    let opened = File::open(Path::new(file)).with_context(|| format!("{file} cannot be read"))?;
    let size = opened.metadata().ok().filter(std::fs::Metadata::is_file).map(|about| about.len());
    Ok((Box::new(opened), size))
}

/// Reads the lines in a thread of its own, a bounded number ahead: a pipe may keep it waiting.
fn read_ahead<K: Kind>(
    mut sheet: Sheet,
    mut kind: K,
) -> impl Stream<Item = anyhow::Result<Line<K::Item>>> {
    let (sender, mut receiver) = mpsc::channel(AHEAD);
    std::thread::spawn(move || {
        loop {
            let line = match sheet.next(|cells| kind.read(cells)) {
                Ok(None) => return,
                Ok(Some((place, item))) => Ok(Line { place, item }),
                Err(error) => Err(error),
            };
            let broken = line.is_err();
            // Nobody listens any more when the import ended.
            if sender.blocking_send(line).is_err() || broken {
                return;
            }
        }
    });
    stream::poll_fn(move |context| receiver.poll_recv(context))
}

async fn send<K: Kind>(
    call: &Call,
    lines: impl Stream<Item = anyhow::Result<Line<K::Item>>>,
    progress: &mut Progress,
) -> anyhow::Result<()> {
    let sent = lines.map(|line| async {
        let Line { place, item } = line?;
        let outcome = match item {
            Ok(item) => patiently::<K>(call, item).await,
            Err(wrong) => Ok(Err(wrong)),
        };
        anyhow::Ok((place, outcome))
    });
    let mut answered = std::pin::pin!(sent.buffered(AHEAD));
    while let Some(answer) = answered.next().await {
        let (place, outcome) = answer?;
        match outcome {
            Ok(outcome) => progress.note(place, outcome),
            Err(refusal) => bail!(
                "It ended before line {}: {} Run the same again: it goes on from there.",
                place.line,
                refusal.message
            ),
        }
    }
    Ok(())
}

/// Sends a line; again and again while the server is too busy. An error when it stays so.
async fn patiently<K: Kind>(call: &Call, item: K::Item) -> Result<Outcome, Refusal> {
    let mut tries = 1;
    loop {
        match K::send(call, item.clone()).await {
            Ok(new) => return Ok(Ok(new)),
            Err(refusal) if !matches!(refusal.code, Code::Overloaded | Code::OutcomeUnknown) => {
                return Ok(Err(said(&refusal)));
            }
            Err(refusal) if tries == TRIES => return Err(refusal),
            Err(_) => tries += 1,
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn check<K: Kind>(
    call: &Call,
    lines: impl Stream<Item = anyhow::Result<Line<K::Item>>>,
    progress: &mut Progress,
) -> anyhow::Result<()> {
    let mut chunks = std::pin::pin!(lines.ready_chunks(CHECKED_AT_ONCE));
    while let Some(chunk) = chunks.next().await {
        let chunk: Vec<Line<K::Item>> = chunk.into_iter().collect::<anyhow::Result<_>>()?;
        let good: Vec<K::Item> =
            chunk.iter().filter_map(|line| line.item.as_ref().ok().cloned()).collect();
        let mut checked = K::check(call, &good).await?.into_iter();
        for line in chunk {
            let outcome = match line.item {
                Ok(_) => checked.next().unwrap_or(Ok(true)).map_err(|refusal| said(&refusal)),
                Err(wrong) => Err(wrong),
            };
            progress.note(line.place, outcome);
        }
    }
    Ok(())
}

/// What is told of a refused line.
fn said(refusal: &Refusal) -> Wrong {
    Wrong::line(format!("{}: {}", refusal.code.name(), refusal.message))
}

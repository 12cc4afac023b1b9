//! `guerdon backup`.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;

use super::output::print;
use super::place::Place;
use crate::app::key_file;
use crate::store::{self, StoreError};

/// What to copy, and where to.
#[derive(Debug, Args)]
pub struct Backup {
    /// The file to write; it appears under its name when it is whole.
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

impl Backup {
    /// Copies the database; says how it is restored.
    pub async fn run(self) -> anyhow::Result<()> {
        let url = &self.place.database_url;
        let Some(key) = key_file(url) else {
            bail!(
                "Only a SQLite file is copied. PostgreSQL has a tool of its own, which runs beside the servers too: pg_dump --format=custom --file={} \"$DATABASE_URL\"",
                self.file.display()
            );
        };
        let file = std::path::absolute(&self.file)?;
        must_be_new(&file)?;
        let partial = file.with_added_extension("partial");
        let opened = reserve(&partial)?;
        let written = write(url, &opened, [&partial, &file]).await;
        if written.is_err() {
            drop(std::fs::remove_file(&partial));
        }
        written?;
        print(&format!("{} is a whole copy of the database.", self.file.display()))?;
        print(
            "To restore it, end the server, put the copy in the database's place, and take away what lies beside that with -wal or -shm at its end.",
        )?;
        print(&format!(
            "Keep the operator's key too, but elsewhere ({}, or what GUERDON_OPERATOR_KEY and GUERDON_LEDGER_KEY say): the ledger is sealed with it.",
            key.display()
        ))
    }
}

fn must_be_new(file: &Path) -> anyhow::Result<()> {
    ensure!(!file.exists(), "{} is there already: name another file.", file.display());
    Ok(())
}

/// Makes an empty file for its owner alone to read, which nobody else writes meanwhile.
fn reserve(partial: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(partial).with_context(|| {
        format!(
            "{} cannot be written; if it is there, another backup is under way, or one was interrupted: then delete it",
            partial.display()
        )
    })
}

/// Copies into the file that is open, makes sure that it is on the disk, and gives it its name.
async fn write(url: &str, opened: &File, [partial, file]: [&Path; 2]) -> anyhow::Result<()> {
    let is_there = store::backup(url, partial).await.map_err(|error| cause(&error))?;
    ensure!(is_there, "There is no database at {url}: name it with DATABASE_URL.");
    opened.sync_all()?;
    must_be_new(file)?;
    std::fs::rename(partial, file)?;
    // The name is on the disk when its folder is.
    if let Some(folder) = file.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// What the database says: a full disk, as it were.
fn cause(error: &StoreError) -> anyhow::Error {
    let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    anyhow::anyhow!("The copy cannot be made: {error}: {source}")
}

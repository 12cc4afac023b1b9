//! Watching the program folders: one that changed on disk is published.
//!
//! The folders are looked at a few times a second, and read only when a file's time or size changed.
//! That notices a change within a second on every file system, network mounts included, where a
//! watch by the kernel would not.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::domain::refusal::Refusal;
use crate::domain::rules::RuleError;
use crate::operations::Operations;
use crate::operations::publish::files::{self, ProgramFiles};
use crate::operations::publish::{Occasion, publish, refuse};

use super::provision::provision;

/// How long a folder must be quiet before it is published.
const QUIET: Duration = Duration::from_millis(300);

/// Name, time of change and size of each file.
type Stamp = Vec<(PathBuf, Option<SystemTime>, u64)>;

/// Why the folders cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum Unwatched {
    /// Their root cannot be read.
    #[error(transparent)]
    Root(#[from] RuleError),
    /// The database refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Publishes the program folders of a root, once at the start and whenever they change.
pub struct Watcher {
    operations: Operations,
    root: PathBuf,
    /// Does a new folder make a tenant?
    provisions: bool,
    seen: HashMap<String, Seen>,
}

/// What is known of a folder.
#[derive(Default)]
struct Seen {
    /// As it was when it was last published or refused.
    done: Option<Stamp>,
    /// As it was a moment ago, when that was another; with its hash, or why it has none.
    fresh: Option<(Stamp, Result<String, RuleError>)>,
}

impl Watcher {
    /// A watcher of the folders in `root`.
    #[must_use]
    pub fn new(operations: Operations, root: PathBuf, provisions: bool) -> Self {
        Self { operations, root, provisions, seen: HashMap::new() }
    }

    /// Publishes every folder as the server starts, and makes the tenants that are missing. Fails
    /// when there is no such root, or the database fails; a folder that is wrong is no failure.
    pub async fn start(&mut self) -> Result<(), Unwatched> {
        for name in files::list(&self.root)? {
            let stamp = stamp(&self.root.join(&name));
            match ProgramFiles::read(&self.root, &name) {
                Ok(files) => drop(publish(&self.operations, &files, Occasion::Start).await?),
                Err(error) => refuse(&self.operations, &name, &error).await?,
            }
            self.seen.insert(name.clone(), Seen { done: Some(stamp), fresh: None });
            if self.provisions {
                provision(&self.operations, &name).await?;
            }
        }
        Ok(())
    }

    /// Watches until the task is dropped.
    pub async fn run(mut self) {
        loop {
            tokio::time::sleep(QUIET).await;
            if let Err(refusal) = self.look().await {
                tracing::warn!(%refusal, "a program folder is published later");
            }
        }
    }

    async fn look(&mut self) -> Result<(), Refusal> {
        // A root that cannot be read for a moment changes nothing: the versions in force go on.
        for name in files::list(&self.root).unwrap_or_default() {
            self.look_at(&name).await?;
        }
        Ok(())
    }

    /// Publishes a folder once it has been the same twice.
    async fn look_at(&mut self, name: &str) -> Result<(), Refusal> {
        let stamp = stamp(&self.root.join(name));
        let seen = self.seen.entry(name.to_owned()).or_default();
        if seen.done.as_ref() == Some(&stamp) {
            seen.fresh = None;
            return Ok(());
        }
        let read = ProgramFiles::read(&self.root, name);
        let hash = read.as_ref().map(ProgramFiles::hash).map_err(Clone::clone);
        let fresh = Some((stamp.clone(), hash));
        if seen.fresh != fresh {
            seen.fresh = fresh;
            return Ok(());
        }
        match &read {
            Ok(files) => drop(publish(&self.operations, files, Occasion::Change).await?),
            Err(error) => refuse(&self.operations, name, error).await?,
        }
        if self.provisions {
            provision(&self.operations, name).await?;
        }
        let seen = self.seen.entry(name.to_owned()).or_default();
        *seen = Seen { done: Some(stamp), fresh: None };
        Ok(())
    }
}

fn stamp(folder: &Path) -> Stamp {
    let Ok(entries) = std::fs::read_dir(folder) else { return Stamp::new() };
    let mut stamp: Stamp = (entries.flatten())
        .filter_map(|entry| {
            let about = entry.metadata().ok()?;
            Some((entry.path(), about.modified().ok(), about.len()))
        })
        .collect();
    stamp.sort();
    stamp
}

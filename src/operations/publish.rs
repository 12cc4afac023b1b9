//! Publishing: a program folder becomes the version in force, or is refused and says why.

use std::collections::BTreeMap;

/// Program folders, to be read and published.
pub use crate::rules::files;

use super::Operations;
use crate::domain::command::Body;
use crate::domain::refusal::Refusal;
use crate::domain::rules::RuleError;
use crate::rules::files::ProgramFiles;
use crate::rules::story;
use crate::store::{Page, ProgramVersion};

/// Why a folder is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// The server starts: a folder that an earlier version was made of publishes nothing.
    Start,
    /// The folder changed on disk.
    Change,
}

/// What became of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// It is in force now.
    Activated,
    /// It was in force already, or is older than what is.
    Unchanged,
    /// It is wrong; the version in force goes on.
    Refused(RuleError),
}

/// Publishes a folder: compiled, its worked examples played, and put in force for every tenant that
/// runs it. A program's very first version is put in force even when it is wrong: then its events
/// are decided FAILED until it is mended, and none is lost.
pub async fn publish(
    operations: &Operations,
    files: &ProgramFiles,
    occasion: Occasion,
) -> Result<Published, Refusal> {
    let (database, hash) = (&operations.database, files.hash());
    let active = database.active_program(&files.name).await?;
    if let Some(active) = &active {
        let older = occasion == Occasion::Start
            && database.program_version(&files.name, &hash).await?.is_some();
        if active.hash == hash || older {
            // A newer folder was refused, and this one is back.
            if active.hash == hash && active.error.is_some() && check(files).await.is_ok() {
                database.set_program_error(&files.name, None).await?;
            }
            return Ok(Published::Unchanged);
        }
    }
    let checked = check(files).await;
    if let (Err(error), Some(_)) = (&checked, &active) {
        refuse(operations, &files.name, error).await?;
        return Ok(Published::Refused(error.clone()));
    }
    let version = ProgramVersion {
        name: files.name.clone(),
        hash: hash.clone(),
        files: files.files.clone(),
        created_at: operations.clock.now(),
    };
    database.publish_program(&version).await?;
    if let Err(error) = &checked {
        refuse(operations, &files.name, error).await?;
    }
    put_in_force(operations).await?;
    Ok(checked.map_or_else(Published::Refused, |()| Published::Activated))
}

/// Notes why a folder could not even be read.
pub async fn refuse(operations: &Operations, name: &str, error: &RuleError) -> Result<(), Refusal> {
    tracing::error!(program = name, %error, "the program folder cannot be used");
    let error = serde_json::to_value(error).unwrap_or_default();
    if operations.database.active_program(name).await?.is_none() {
        // A version without files stands for the folder until it can be read.
        let empty = ProgramFiles { name: name.to_owned(), files: BTreeMap::new() };
        let version = ProgramVersion {
            name: empty.name.clone(),
            hash: empty.hash(),
            files: empty.files,
            created_at: operations.clock.now(),
        };
        operations.database.publish_program(&version).await?;
    }
    operations.database.set_program_error(name, Some(&error)).await?;
    Ok(())
}

/// Compiles the folder and plays its worked examples, off the async workers.
async fn check(files: &ProgramFiles) -> Result<(), RuleError> {
    let files = files.clone();
    let checked = tokio::task::spawn_blocking(move || story::proven(&files).map(drop));
    checked
        .await
        .unwrap_or_else(|_| Err(RuleError::new("Checking the program panicked; it is in the log.")))
}

/// Puts the active version of its program in force for every tenant that has another: after a
/// publication, and after a server ended in the middle of one.
pub async fn put_in_force(operations: &Operations) -> Result<(), Refusal> {
    // Until nothing is left to be done: meanwhile another server may publish a newer version, or
    // make a tenant with the one before.
    while put_once(operations).await? > 0 {}
    Ok(())
}

/// Gives how many tenants had another version.
async fn put_once(operations: &Operations) -> Result<usize, Refusal> {
    let (database, mut behind) = (&operations.database, 0);
    let active = database.active_programs().await?;
    let mut page = Page::first(100);
    loop {
        let tenants = database.tenants_page(page).await?;
        for tenant in &tenants.rows {
            let Some(version) = active.iter().find(|active| active.name == tenant.program) else {
                continue;
            };
            if database.lane(tenant.id).await?.program_hash != version.hash {
                behind += 1;
                let (program, hash) = (version.name.clone(), version.hash.clone());
                let body = Body::ActivateProgram { program, hash };
                operations.lanes.submit_own(tenant.id, body).await?;
            }
        }
        match tenants.rows.last().filter(|_| tenants.has_next) {
            Some(last) => page = Page { after: Some(last.id), ..page },
            None => return Ok(behind),
        }
    }
}

//! Copying a SQLite database while it is served.
//!
//! `VACUUM INTO` writes what one read transaction sees: a consistent state, for which SQLite documents
//! it as the other way beside its backup interface. That interface begins anew whenever another
//! process has written between two steps, so beside a busy server it ends only when it copies
//! everything in one step, which comes to the same; it would need another binding to SQLite; and it
//! copies free pages too, in which stands what was deleted. Here an erased user is not in the copy.

use std::path::Path;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{Options, StoreError, connect};

/// How long is waited for a lock: the server holds none that keeps a reader out for long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Copies the database of the SQLite file that `url` names into an empty file, as it is at one
/// instant, whatever is written meanwhile. Neither makes nor migrates the database; `false` when it
/// is not there.
pub async fn backup(url: &str, into: &Path) -> Result<bool, StoreError> {
    if connect::lacks_file(url) {
        return Ok(false);
    }
    let into = into.to_str().ok_or_else(|| {
        StoreError::Corrupt("SQLite takes no file name that is not Unicode".to_owned())
    })?;
    let options = Options { timeout: PATIENCE, ..Options::default() };
    let connection = connect::writer(url, &options).await?;
    let copy = "VACUUM INTO ?";
    let copy = Statement::from_sql_and_values(DbBackend::Sqlite, copy, [into.into()]);
    let copied = connection.execute_raw(copy).await;
    connection.close().await?;
    copied?;
    Ok(true)
}

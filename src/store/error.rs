//! What can go wrong in the store, told apart once, by the databases' codes and never by their texts.

use sea_orm::sqlx;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another transaction was in the way; nothing happened, and a repetition may succeed.
    #[error("the database is busy")]
    Conflict(#[source] DbErr),
    /// The connection is gone, or none could be had. Of a commit: the outcome is unknown.
    #[error("the database cannot be reached")]
    ConnectionLost(#[source] DbErr),
    /// Something that is there once only is there already.
    #[error("it exists already")]
    Unique(#[source] DbErr),
    /// The file of the database was taken away.
    #[error("the file of the database is gone")]
    FileGone,
    /// No repetition cures it.
    #[error("the database refused")]
    Permanent(#[source] DbErr),
    /// A row that cannot be what it should be.
    #[error("a row is corrupt: {0}")]
    Corrupt(String),
    /// Events can neither be sealed nor checked.
    #[error("the key that seals the ledger was not given")]
    NoLedgerKey,
    /// No tenant has this number.
    #[error("there is no tenant {0}")]
    UnknownTenant(i64),
}

impl StoreError {
    /// May the same, done again, succeed?
    #[must_use]
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }

    /// Was the connection lost, so that it is not known what became of it?
    #[must_use]
    pub const fn is_connection_lost(&self) -> bool {
        matches!(self, Self::ConnectionLost(_))
    }

    /// Was it there already?
    #[must_use]
    pub const fn is_unique(&self) -> bool {
        matches!(self, Self::Unique(_))
    }

    /// What the database said, for the log. Never a value of a row: what PostgreSQL adds as a detail
    /// quotes whole rows, names and addresses of people among them.
    #[must_use]
    pub fn cause(&self) -> String {
        match self {
            Self::Conflict(error)
            | Self::ConnectionLost(error)
            | Self::Unique(error)
            | Self::Permanent(error) => cause_of(error),
            Self::FileGone | Self::Corrupt(_) | Self::NoLedgerKey | Self::UnknownTenant(_) => {
                String::new()
            }
        }
    }
}

fn cause_of(error: &DbErr) -> String {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => cause_in_driver(error),
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => error.to_string(),
        // Others may quote what they could not read.
        _ => "a value cannot be read or written".to_owned(),
    }
}

fn cause_in_driver(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            // Of the class "data exception" the message itself quotes the value.
            let message = if code.starts_with("22") { "data exception" } else { error.message() };
            format!("{code} {message}")
        }
        sqlx::Error::ColumnDecode { index, .. } => format!("the column {index} cannot be read"),
        sqlx::Error::Decode(_) | sqlx::Error::Encode(_) => "a value has another type".to_owned(),
        other => other.to_string(),
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match class_of(&error) {
            Class::Conflict => Self::Conflict(error),
            Class::Lost => Self::ConnectionLost(error),
            Class::Unique => Self::Unique(error),
            Class::Permanent => Self::Permanent(error),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Conflict,
    Lost,
    Unique,
    Permanent,
}

fn class_of(error: &DbErr) -> Class {
    match error {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout | ConnAcquireErr::ConnectionClosed) => {
            Class::Lost
        }
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => class_of_driver(error),
        _ => Class::Permanent,
    }
}

fn class_of_driver(error: &sqlx::Error) -> Class {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
                code.parse().map_or(Class::Permanent, class_of_sqlite)
            } else {
                class_of_sqlstate(&code)
            }
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => Class::Lost,
        _ => Class::Permanent,
    }
}

/// SQLite's result codes: the low byte is the kind, the rest says more.
fn class_of_sqlite(code: i32) -> Class {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const UNIQUE: i32 = 2067;
    const PRIMARY_KEY: i32 = 1555;
    match (code, code & 0xff) {
        (UNIQUE | PRIMARY_KEY, _) => Class::Unique,
        (_, BUSY | LOCKED) => Class::Conflict,
        _ => Class::Permanent,
    }
}

/// PostgreSQL's SQLSTATE.
fn class_of_sqlstate(code: &str) -> Class {
    match code {
        // A serialization failure, a deadlock; a lock or a statement that took too long.
        "40001" | "40P01" | "55P03" | "57014" => Class::Conflict,
        "23505" => Class::Unique,
        // Shut down, starting, idle for too long inside a transaction, too many connections; and
        // a statement of which it is not known whether it completed.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "53300" | "40003" => Class::Lost,
        _ if code.starts_with("08") => Class::Lost,
        _ => Class::Permanent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_quotes_no_value() {
        let unread = sqlx::Error::Decode("ann@example.com is no number".into());
        let unread = StoreError::from(DbErr::Query(RuntimeErr::SqlxError(unread.into())));
        assert_eq!(unread.cause(), "a value has another type");
        let no_json = StoreError::from(DbErr::Json("ann@example.com".to_owned()));
        assert_eq!(no_json.cause(), "a value cannot be read or written");
        let lost = sqlx::Error::PoolTimedOut;
        let lost = StoreError::from(DbErr::Conn(RuntimeErr::SqlxError(lost.into())));
        assert!(lost.cause().contains("timed out"), "{}", lost.cause());
    }

    #[test]
    fn codes_tell_errors_apart() {
        assert_eq!(class_of_sqlstate("40001"), Class::Conflict);
        assert_eq!(class_of_sqlstate("08006"), Class::Lost);
        assert_eq!(class_of_sqlstate("23505"), Class::Unique);
        assert_eq!(class_of_sqlstate("23514"), Class::Permanent);
        // SQLITE_BUSY_SNAPSHOT and SQLITE_CONSTRAINT_CHECK.
        assert_eq!(class_of_sqlite(517), Class::Conflict);
        assert_eq!(class_of_sqlite(275), Class::Permanent);
        assert_eq!(class_of_sqlite(1555), Class::Unique);
    }
}

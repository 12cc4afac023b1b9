//! The keys that are not in the database: the operator's, and the one that seals the ledger.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use crate::domain::refusal::Refusal;
use crate::operations::secrets::random_hex;
use crate::store::KeyFit;

/// The shortest key that is taken.
const SHORTEST_KEY: usize = 20;

/// What is said where a key does not fit the ledger.
const OTHER_KEY: &str = "The ledger is sealed under another key. The operator key that it was \
     begun with seals it for ever: where that was replaced, give the old one as GUERDON_LEDGER_KEY.";

/// Why a key cannot be used: a line for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(String);

impl From<Refusal> for KeyError {
    fn from(refusal: Refusal) -> Self {
        Self(refusal.message)
    }
}

/// The keys as they were given.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// The operator's key.
    pub operator: Option<SecretString>,
    /// The key that seals the ledger, when it is not the operator's.
    pub ledger: Option<SecretString>,
}

/// What happens when SQLite has no key beside its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// One is made.
    IsMade,
    /// It is an error.
    IsRefused,
}

impl Keys {
    /// The operator's key: as given, else as kept beside the SQLite file.
    pub fn operator(&self, url: &str, missing: Missing) -> Result<SecretString, KeyError> {
        if let Some(key) = &self.operator {
            return long_enough(key, "GUERDON_OPERATOR_KEY");
        }
        let path = key_file(url).ok_or_else(|| {
            KeyError(
                "Set GUERDON_OPERATOR_KEY: with PostgreSQL the operator key must be given."
                    .to_owned(),
            )
        })?;
        if let Ok(key) = std::fs::read_to_string(&path) {
            return Ok(key.trim().to_owned().into());
        }
        match missing {
            Missing::IsMade => make(&path),
            Missing::IsRefused => Err(KeyError(format!(
                "There is no operator key at {}, and the ledger is sealed with it: put it there, or give it as GUERDON_OPERATOR_KEY.",
                path.display()
            ))),
        }
    }

    /// The key that seals the ledger: as given, else the operator's.
    pub fn ledger(&self, url: &str, missing: Missing) -> Result<SecretString, KeyError> {
        match &self.ledger {
            Some(key) => long_enough(key, "GUERDON_LEDGER_KEY"),
            None => self.operator(url, missing),
        }
    }
}

/// An error when the ledger is sealed under another key.
pub(super) fn must_fit(fit: KeyFit) -> Result<(), KeyError> {
    match fit {
        KeyFit::Other => Err(KeyError(OTHER_KEY.to_owned())),
        KeyFit::Fits | KeyFit::New => Ok(()),
    }
}

fn long_enough(key: &SecretString, name: &str) -> Result<SecretString, KeyError> {
    if key.expose_secret().len() < SHORTEST_KEY {
        let message =
            format!("The key is too short: give {name} at least {SHORTEST_KEY} characters.");
        return Err(KeyError(message));
    }
    Ok(key.clone())
}

/// Makes a key on the first start, for its owner alone to read.
fn make(path: &Path) -> Result<SecretString, KeyError> {
    let key = random_hex()?;
    write_secret(path, &key).map_err(|error| {
        KeyError(format!("The operator key cannot be written to {}: {error}.", path.display()))
    })?;
    Ok(key.into())
}

/// Where the operator's key of a SQLite database is kept: beside its file.
#[must_use]
pub fn key_file(url: &str) -> Option<PathBuf> {
    let file = url.strip_prefix("sqlite:")?.trim_start_matches("//");
    let file = file.split_once('?').map_or(file, |(file, _)| file);
    Some(Path::new(file).with_extension("operator-key"))
}

#[cfg(unix)]
fn write_secret(path: &Path, secret: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{secret}")
}

#[cfg(not(unix))]
fn write_secret(path: &Path, secret: &str) -> std::io::Result<()> {
    std::fs::write(path, secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_lies_beside_the_file() {
        assert_eq!(key_file("sqlite:guerdon.db"), Some(PathBuf::from("guerdon.operator-key")));
        assert_eq!(
            key_file("sqlite:///var/lib/a.db?mode=rwc"),
            Some(PathBuf::from("/var/lib/a.operator-key"))
        );
        assert_eq!(key_file("postgres://host/db"), None);
    }

    #[test]
    fn the_ledgers_key_is_the_operators_unless_it_is_given() {
        let operator = Some("operator-0123456789-0123456789".to_owned().into());
        let keys = Keys { operator, ledger: None };
        let of = |keys: &Keys| keys.ledger("postgres://host/db", Missing::IsRefused);
        assert_eq!(of(&keys).unwrap().expose_secret(), "operator-0123456789-0123456789");
        let keys = Keys { ledger: Some("ledger-0123456789-0123456789".to_owned().into()), ..keys };
        assert_eq!(of(&keys).unwrap().expose_secret(), "ledger-0123456789-0123456789");
        assert!(of(&Keys { ledger: Some("short".to_owned().into()), ..keys }).is_err());
        assert!(of(&Keys::default()).is_err());
    }
}

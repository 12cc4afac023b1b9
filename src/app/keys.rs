//! The keys that are not in the database: the operator's, and the one that seals the ledger.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
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

/// What is said where the mark of the key was taken away.
const UNMARKED: &str = "The ledger is sealed, but the row ledger_key of its table marks is gone, \
     which says under which key: somebody took it away. `guerdon audit` says what else was changed; \
     put that row back from a backup, or restore all of it.";

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

impl Keys {
    /// The operator's key: as given, else as kept beside the SQLite file; `None` when none is kept yet.
    pub fn operator(&self, url: &str) -> Result<Option<SecretString>, KeyError> {
        match &self.operator {
            Some(key) => long_enough(key, "GUERDON_OPERATOR_KEY").map(Some),
            None => kept(&place(url)?),
        }
    }

    /// The key that seals the ledger: as given, else the operator's.
    pub fn ledger(&self, url: &str) -> Result<Option<SecretString>, KeyError> {
        match &self.ledger {
            Some(key) => long_enough(key, "GUERDON_LEDGER_KEY").map(Some),
            None => self.operator(url),
        }
    }
}

/// The key that is kept in a file; `None` when the file is not there.
fn kept(path: &Path) -> Result<Option<SecretString>, KeyError> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| {
            KeyError(format!("The operator key cannot be read from {}: {error}.", path.display()))
        })?,
    };
    if text.trim().len() < SHORTEST_KEY {
        return Err(KeyError(format!(
            "{} holds no whole key: put the one back that it held. Only where nothing was ever served with it, delete the file, and another is made.",
            path.display()
        )));
    }
    Ok(Some(text.trim().to_owned().into()))
}

/// Makes an operator's key on the first start, for its owner alone to read. A server that starts
/// beside this one may be faster: then it is that one's.
pub(super) fn make(url: &str) -> Result<SecretString, KeyError> {
    let path = place(url)?;
    let key = random_hex()?;
    let partial = path.with_added_extension(random_hex()?);
    let written = write_secret(&partial, &path, &key);
    drop(std::fs::remove_file(&partial));
    match written {
        Ok(()) => Ok(key.into()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            kept(&path)?.ok_or_else(|| missing(url))
        }
        Err(error) => Err(KeyError(format!(
            "The operator key cannot be written to {}: {error}.",
            path.display()
        ))),
    }
}

/// What is said where the ledger is sealed and no key is beside it.
pub(super) fn missing(url: &str) -> KeyError {
    let file = key_file(url).unwrap_or_default();
    KeyError(format!(
        "There is no operator key at {}, and the ledger is sealed with it: put it there from where you keep it, or give it as GUERDON_OPERATOR_KEY. Another cannot take its place.",
        file.display()
    ))
}

/// An error when the ledger is sealed under another key, or does not say under which.
pub(super) fn must_fit(fit: KeyFit) -> Result<(), KeyError> {
    match fit {
        KeyFit::Other => Err(KeyError(OTHER_KEY.to_owned())),
        KeyFit::Unmarked => Err(KeyError(UNMARKED.to_owned())),
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

/// Where the operator's key of a SQLite database is kept: beside its file.
#[must_use]
pub fn key_file(url: &str) -> Option<PathBuf> {
    let file = url.strip_prefix("sqlite:")?.trim_start_matches("//");
    let file = file.split_once('?').map_or(file, |(file, _)| file);
    Some(Path::new(file).with_extension("operator-key"))
}

/// Where the operator's key is kept when it was not given.
fn place(url: &str) -> Result<PathBuf, KeyError> {
    key_file(url).ok_or_else(|| {
        let message = "Set GUERDON_OPERATOR_KEY: with PostgreSQL the operator key must be given.";
        KeyError(message.to_owned())
    })
}

/// Writes a secret under another name first: under its own it appears whole and on the disk, and in
/// nothing's place.
fn write_secret(partial: &Path, path: &Path, secret: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(partial)?;
    writeln!(file, "{secret}")?;
    file.sync_all()?;
    std::fs::hard_link(partial, path)?;
    // The name is on the disk when its folder is.
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
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
        let of = |keys: &Keys| Ok::<_, KeyError>(keys.ledger("postgres://host/db")?.unwrap());
        assert_eq!(of(&keys).unwrap().expose_secret(), "operator-0123456789-0123456789");
        let keys = Keys { ledger: Some("ledger-0123456789-0123456789".to_owned().into()), ..keys };
        assert_eq!(of(&keys).unwrap().expose_secret(), "ledger-0123456789-0123456789");
        assert!(of(&Keys { ledger: Some("short".to_owned().into()), ..keys }).is_err());
        assert!(of(&Keys::default()).is_err());
    }

    #[test]
    fn a_key_is_made_once_and_must_be_whole() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("a.db").display());
        let kept = || Keys::default().operator(&url);
        assert!(kept().unwrap().is_none());
        let made = make(&url).unwrap();
        assert_eq!(kept().unwrap().unwrap().expose_secret(), made.expose_secret());
        // Another server was faster: its key is taken, and nothing of ours is left.
        assert_eq!(make(&url).unwrap().expose_secret(), made.expose_secret());
        let names = std::fs::read_dir(&folder).unwrap();
        let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["a.operator-key"]);
        for half in ["", "\n", &made.expose_secret()[..10]] {
            std::fs::write(folder.path().join("a.operator-key"), half).unwrap();
            assert!(kept().unwrap_err().to_string().contains("no whole key"), "{half:?}");
            assert!(make(&url).is_err(), "{half:?}");
        }
    }
}

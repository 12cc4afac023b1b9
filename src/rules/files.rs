//! A program's folder: which files belong to it, and the name of exactly this version of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::rules::RuleError;

use super::pem;

/// The file that describes the program.
pub const MANIFEST: &str = "program.toml";
/// How a file with a public key ends, which `[auth]` of the manifest may name.
const PEM: &str = ".pem";
/// The file of worked examples; no rule.
pub const TESTS: &str = "tests.rhai";

const MAX_RULE_FILES: usize = 16;
const MAX_SOURCE_BYTES: usize = 32 * 1024;
const MAX_NAME: usize = 40;

/// The files of one version of a program. Plain data: it is stored with every version that ever
/// decided, and compiled again from there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramFiles {
    /// The folder's name.
    pub name: String,
    /// Source by file name: `program.toml`, `*.rhai`, and the key's file that the first names.
    pub files: BTreeMap<String, String>,
}

impl ProgramFiles {
    /// Reads the folder `root/name`: its `program.toml`, every `*.rhai` on its top level, and the
    /// key's file that `[auth]` names. Links are not followed. Fails when the folder or a file cannot
    /// be read, is no text, is too big, or holds a private key.
    pub fn read(root: &Path, name: &str) -> Result<Self, RuleError> {
        check_name(name)?;
        let folder = root.join(name);
        if !is_real(&folder, fs::FileType::is_dir) {
            return Err(RuleError::new(format!(
                "There is no program folder {}.",
                folder.display()
            )));
        }
        let mut files = BTreeMap::new();
        let mut keys = Vec::new();
        for entry in fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))? {
            let entry = entry.map_err(|error| unreadable(&folder, &error))?;
            let Ok(path) = entry.file_name().into_string() else { continue };
            if !belongs(&path) || !is_real(&entry.path(), fs::FileType::is_file) {
                continue;
            }
            if is_pem(&path) {
                keys.push(path);
                continue;
            }
            let source = read_source(&entry.path(), &path)?;
            files.insert(path, source);
        }
        let mut files = Self { name: name.to_owned(), files };
        if let Some(path) = files.named_key().filter(|path| keys.contains(path)) {
            let source = read_source(&folder.join(&path), &path)?;
            files.files.insert(path, source);
        }
        files.check()?;
        Ok(files)
    }

    /// The SHA-256 over every file's path, length and content, in hex: equal files, equal name.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        for (path, source) in &self.files {
            for part in [path, source] {
                hasher.update((part.len() as u64).to_be_bytes());
                hasher.update(part.as_bytes());
            }
        }
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// These files with drafts laid over them: a draft replaces the file of its path, or is added.
    #[must_use]
    pub fn with_drafts(&self, drafts: &[(String, String)]) -> Self {
        let mut laid = self.clone();
        laid.files.extend(drafts.iter().cloned());
        laid
    }

    /// Checks names, number and sizes, so that nothing big ever reaches a parser.
    pub fn check(&self) -> Result<(), RuleError> {
        check_name(&self.name)?;
        for (path, source) in &self.files {
            if !belongs(path) {
                let message = format!(
                    "`{path}` is no file of a program: use {MANIFEST} or a name like purchase.rhai."
                );
                return Err(RuleError::new(message));
            }
            check_size(path, source.len() as u64)?;
            check_secrets(path, source)?;
        }
        if !self.files.contains_key(MANIFEST) {
            return Err(RuleError::new(format!("The program has no {MANIFEST}.")));
        }
        if self.rules().count() > MAX_RULE_FILES {
            let message = format!("A program has at most {MAX_RULE_FILES} rule files.");
            return Err(RuleError::new(message));
        }
        Ok(())
    }

    /// The text of `program.toml`; empty when there is none.
    #[must_use]
    pub fn manifest(&self) -> &str {
        self.files.get(MANIFEST).map_or("", String::as_str)
    }

    /// The key's file that `[auth]` of `program.toml` names. A manifest that cannot be read names none,
    /// and is refused for that.
    fn named_key(&self) -> Option<String> {
        let manifest: toml::Table = self.manifest().parse().ok()?;
        manifest.get("auth")?.get("pem")?.as_str().map(str::to_owned)
    }

    /// The rule files, in file-name order: name and source.
    pub fn rules(&self) -> impl Iterator<Item = (&str, &str)> {
        let files = self.files.iter().map(|(path, source)| (path.as_str(), source.as_str()));
        files.filter(|(path, _)| path.ends_with(".rhai") && *path != TESTS)
    }

    /// The worked examples, when there are any.
    #[must_use]
    pub fn tests(&self) -> Option<&str> {
        self.files.get(TESTS).map(String::as_str)
    }
}

/// The names of the program folders in `root`, sorted. Folders whose name no program may have and
/// links are passed over. Fails with one clear sentence when there is no such folder.
pub fn list(root: &Path) -> Result<Vec<String>, RuleError> {
    let entries = fs::read_dir(root).map_err(|error| {
        let place = root.display();
        RuleError::new(format!("The folder of rules {place} cannot be read: {error}."))
    })?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| check_name(name).is_ok())
        .filter(|name| is_real(&root.join(name), fs::FileType::is_dir))
        .collect();
    names.sort();
    Ok(names)
}

/// Checks a folder's name: 1 to 40 of `a-z`, `0-9` and `-`.
pub fn check_name(name: &str) -> Result<(), RuleError> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(good) {
        return Ok(());
    }
    let message = format!("A program is named by 1 to {MAX_NAME} of a-z, 0-9 and -; not `{name}`.");
    Err(RuleError::new(message))
}

/// Can this be the name of a file with a public key?
pub fn is_pem(path: &str) -> bool {
    path.ends_with(PEM) && belongs(path)
}

fn belongs(path: &str) -> bool {
    let stem = path.strip_suffix(".rhai").or_else(|| path.strip_suffix(PEM));
    let Some(stem) = stem else { return path == MANIFEST };
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=64).contains(&stem.len()) && stem.bytes().all(good)
}

fn is_real(path: &Path, wanted: impl Fn(&fs::FileType) -> bool) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| wanted(&found.file_type()))
}

fn read_source(place: &Path, path: &str) -> Result<String, RuleError> {
    let length = fs::symlink_metadata(place).map_err(|error| unreadable(place, &error))?.len();
    check_size(path, length)?;
    let bytes = fs::read(place).map_err(|error| unreadable(place, &error))?;
    String::from_utf8(bytes).map_err(|_| RuleError {
        file: Some(path.to_owned()),
        ..RuleError::new("This file is not UTF-8 text.")
    })
}

fn check_size(path: &str, bytes: u64) -> Result<(), RuleError> {
    if bytes <= MAX_SOURCE_BYTES as u64 {
        return Ok(());
    }
    let message = format!("This file is {bytes} bytes long; at most {MAX_SOURCE_BYTES} are read.");
    Err(RuleError { file: Some(path.to_owned()), ..RuleError::new(message) })
}

/// No private key may become part of a version: it would be kept, and shown to administrators.
fn check_secrets(path: &str, source: &str) -> Result<(), RuleError> {
    if !is_pem(path) || !pem::is_private(source) {
        return Ok(());
    }
    let message =
        "This is a private key, which signs: take it away, and put the public key in its place.";
    Err(RuleError { file: Some(path.to_owned()), ..RuleError::new(message) })
}

fn unreadable(place: &Path, error: &std::io::Error) -> RuleError {
    RuleError::new(format!("{} cannot be read: {error}.", place.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, path: &str, source: &str) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(path), source).unwrap();
    }

    #[test]
    fn a_folder_is_its_manifest_and_its_rules() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("one");
        write(&folder, "program.toml", "name = 'One'");
        write(&folder, "b.rhai", "// b");
        write(&folder, "a.rhai", "// a");
        write(&folder, "tests.rhai", "// t");
        write(&folder, ".a.rhai.swp", "noise");
        write(&folder, "notes.md", "noise");
        std::os::unix::fs::symlink(folder.join("a.rhai"), folder.join("link.rhai")).unwrap();
        std::os::unix::fs::symlink(&folder, root.path().join("linked")).unwrap();
        let files = ProgramFiles::read(root.path(), "one").unwrap();
        let rules: Vec<_> = files.rules().map(|(path, _)| path).collect();
        assert_eq!(rules, ["a.rhai", "b.rhai"]);
        assert_eq!(files.tests(), Some("// t"));
        assert_eq!(list(root.path()).unwrap(), ["one"]);
        assert!(ProgramFiles::read(root.path(), "linked").is_err());
    }

    #[test]
    fn the_hash_names_exactly_these_files() {
        let mut files = ProgramFiles { name: "one".to_owned(), files: BTreeMap::new() };
        files.files.insert("a.rhai".to_owned(), "xy".to_owned());
        let first = files.hash();
        assert_eq!(first.len(), 64);
        let drafted = files.with_drafts(&[("a.rhai".to_owned(), "yx".to_owned())]);
        assert_ne!(drafted.hash(), first);
        files.name = "two".to_owned();
        assert_eq!(files.hash(), first);
    }

    #[test]
    fn a_missing_root_a_huge_file_and_a_bad_name_are_clear() {
        let root = tempfile::tempdir().unwrap();
        assert!(list(&root.path().join("gone")).unwrap_err().message.contains("cannot be read"));
        write(&root.path().join("big"), "a.rhai", &"x".repeat(MAX_SOURCE_BYTES + 1));
        let error = ProgramFiles::read(root.path(), "big").unwrap_err();
        assert_eq!(error.file.as_deref(), Some("a.rhai"));
        assert!(check_name("Up").is_err() && check_name("").is_err() && check_name("a/b").is_err());
        assert!(check_name("../x").is_err() && check_name("ok-2").is_ok());
    }

    #[test]
    fn drafts_may_not_leave_the_folder() {
        let files = BTreeMap::from([(MANIFEST.to_owned(), String::new())]);
        let files = ProgramFiles { name: "one".to_owned(), files };
        let draft = ("../../etc/x.rhai".to_owned(), String::new());
        assert!(files.with_drafts(&[draft]).check().is_err());
    }

    #[test]
    fn a_key_belongs_to_the_folder_when_the_manifest_names_it() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("one");
        write(&folder, "program.toml", "[auth]\npem = \"idp.pem\"");
        write(&folder, "idp.pem", "-----BEGIN PUBLIC KEY-----");
        write(&folder, "mine.pem", "-----BEGIN PRIVATE KEY-----");
        let names = |files: &ProgramFiles| files.files.keys().cloned().collect::<Vec<_>>();
        let read = || ProgramFiles::read(root.path(), "one");
        let first = read().unwrap();
        assert_eq!(names(&first), ["idp.pem", "program.toml"]);
        write(&folder, "idp.pem", "-----BEGIN PUBLIC KEY----- another");
        assert_ne!(read().unwrap().hash(), first.hash());
        write(&folder, "program.toml", "[auth]\npem = \"mine.pem\"");
        let error = read().unwrap_err();
        assert!(error.message.contains("private key"), "{error}");
        assert_eq!(error.file.as_deref(), Some("mine.pem"));
        write(&folder, "program.toml", "[auth]\npem = \"../one/idp.pem\"");
        assert_eq!(names(&read().unwrap()), ["program.toml"]);
    }
}

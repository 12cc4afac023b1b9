//! `guerdon rules check` and `guerdon rules test`: for people at work on the rules, and for CI.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::domain::rules::RuleError;
use crate::rules::compile::Compiled;
use crate::rules::files::{self, ProgramFiles};
use crate::rules::story;

/// Why `rules check` or `rules test` ends with a non-zero exit.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// There is nothing to look at.
    #[error("{0}")]
    Nothing(#[from] RuleError),
    /// So many programs are wrong; what is wrong was written out.
    #[error("{0} of {1} programs failed")]
    Programs(usize, usize),
    /// The report could not be written.
    #[error("the report cannot be written: {0}")]
    Report(#[from] io::Error),
}

/// Compiles the program `folder` of `root` (all of them without a name; a path works as well), and
/// looks for misspelt names. Writes a line for each to `out`, an error with its file, line and column.
pub fn check(root: &Path, folder: Option<&str>, out: &mut dyn Write) -> Result<(), Failure> {
    each(root, folder, out, |files| {
        let compiled = Compiled::compile(files)?;
        compiled.check_names()?;
        story::check(&compiled)?;
        Ok((true, format!("ok, {} rule files", files.rules().count())))
    })
}

/// Runs the worked examples of the program `folder` of `root` (of all of them without a name; a
/// path works as well). Writes what passed and what failed to `out`.
pub fn test(root: &Path, folder: Option<&str>, out: &mut dyn Write) -> Result<(), Failure> {
    each(root, folder, out, |files| {
        let report = story::run(&Compiled::compile(files)?)?;
        Ok((report.failed.is_empty(), describe(&report)))
    })
}

fn describe(report: &story::Report) -> String {
    let mut text = match (report.passed.len(), report.failed.len()) {
        (0, 0) => "no worked examples".to_owned(),
        (passed, 0) => format!("{passed} passed"),
        (passed, failed) => format!("{passed} passed, {failed} failed"),
    };
    for line in &report.printed {
        text.push_str(&format!("\n  printed: {line}"));
    }
    for (name, error) in &report.failed {
        text.push_str(&format!("\n  {name}: {error}"));
    }
    text
}

type Judged = Result<(bool, String), RuleError>;

fn each(
    root: &Path,
    folder: Option<&str>,
    out: &mut dyn Write,
    judge: impl Fn(&ProgramFiles) -> Judged,
) -> Result<(), Failure> {
    let places = places(root, folder)?;
    let mut wrong = 0;
    for (root, name) in &places {
        let judged = ProgramFiles::read(root, name).and_then(|files| judge(&files));
        let (good, text) = judged.unwrap_or_else(|error| (false, format!("error: {error}")));
        wrong += usize::from(!good);
        writeln!(out, "{name}: {text}")?;
    }
    if wrong == 0 { Ok(()) } else { Err(Failure::Programs(wrong, places.len())) }
}

/// The programs that are meant: each the folder that it lies in, and its name.
fn places(root: &Path, folder: Option<&str>) -> Result<Vec<(PathBuf, String)>, RuleError> {
    let Some(folder) = folder else { return all(root) };
    if files::check_name(folder).is_ok() && root.join(folder).is_dir() {
        return Ok(vec![(root.to_owned(), folder.to_owned())]);
    }
    let path = Path::new(folder);
    if path.join(files::MANIFEST).is_file() {
        let place = path.canonicalize().map_err(|error| RuleError::new(error.to_string()))?;
        let name = place.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        return Ok(vec![(place.parent().unwrap_or(&place).to_owned(), name.to_owned())]);
    }
    if path.is_dir() {
        return all(path);
    }
    let message = format!("There is no program `{folder}` in {}.", root.display());
    Err(RuleError::new(message))
}

fn all(root: &Path) -> Result<Vec<(PathBuf, String)>, RuleError> {
    let names = files::list(root)?;
    if names.is_empty() {
        return Err(RuleError::new(format!("There is no program folder in {}.", root.display())));
    }
    Ok(names.into_iter().map(|name| (root.to_owned(), name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Command = fn(&Path, Option<&str>, &mut dyn Write) -> Result<(), Failure>;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
    }

    fn said(command: Command, root: &Path, folder: Option<&str>) -> (Result<(), Failure>, String) {
        let mut out = Vec::new();
        let result = command(root, folder, &mut out);
        (result, String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_shipped_programs_are_well() {
        for command in [check as Command, test] {
            let (result, text) = said(command, &root(), None);
            assert!(result.is_ok(), "{text}");
            assert!(text.lines().count() >= 3);
        }
        assert!(said(test, &root(), Some("starter")).1.starts_with("starter: "));
        let path = root().join("starter");
        assert!(said(check, Path::new("/nowhere"), path.to_str()).0.is_ok());
    }

    #[test]
    fn what_is_wrong_is_written_with_its_place() {
        let copy = tempfile::tempdir().unwrap();
        let folder = copy.path().join("bad");
        std::fs::create_dir(&folder).unwrap();
        let manifest = std::fs::read_to_string(root().join("starter/program.toml")).unwrap();
        std::fs::write(folder.join("program.toml"), manifest).unwrap();
        std::fs::write(folder.join("a.rhai"), "fn on_purchase(ctx) {\n  crdit(1)\n}").unwrap();
        std::fs::write(folder.join("tests.rhai"), "fn test_a() { assert_eq(1, 2); }").unwrap();
        let (result, text) = said(check, copy.path(), None);
        assert!(matches!(result, Err(Failure::Programs(1, 1))));
        assert!(text.contains("Did you mean `credit`? (a.rhai, line 2, column 3)"), "{text}");
        let (result, text) = said(test, copy.path(), Some("bad"));
        assert!(result.is_err() && text.contains("0 passed, 1 failed"), "{text}");
        assert!(text.contains("test_a: Expected 2, found 1. (tests.rhai, line 1"), "{text}");
    }

    #[test]
    fn a_missing_folder_is_one_clear_line() {
        let (result, _) = said(check, Path::new("/nowhere"), None);
        assert!(result.unwrap_err().to_string().contains("/nowhere cannot be read"));
        let (result, _) = said(test, &root(), Some("nothing"));
        assert!(result.unwrap_err().to_string().contains("no program `nothing`"));
    }
}

//! The programs that come with the server compile, and need nothing that only their writers know.

use std::path::Path;

use serde_json::Map;

use super::compile::Compiled;
use super::files::{ProgramFiles, list};
use super::story;

#[test]
fn every_shipped_program_compiles() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let names = list(&root).unwrap();
    assert!(names.len() >= 3);
    for name in names {
        let files = ProgramFiles::read(&root, &name).unwrap();
        let compiled = Compiled::compile(&files).unwrap_or_else(|error| panic!("{name}: {error}"));
        compiled.check_names().unwrap_or_else(|error| panic!("{name}: {error}"));
        let bound = compiled.bind(&Map::new());
        assert!(bound.warnings.is_empty(), "{name}: {:?}", bound.warnings);
    }
}

#[test]
fn every_shipped_programs_worked_examples_pass() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    for name in list(&root).unwrap() {
        let files = ProgramFiles::read(&root, &name).unwrap();
        let report = story::run(&Compiled::compile(&files).unwrap()).unwrap();
        let failed: Vec<_> =
            report.failed.iter().map(|(test, error)| format!("{name}: {test}: {error}")).collect();
        assert!(failed.is_empty(), "{}", failed.join("\n"));
        assert!(!report.passed.is_empty(), "{name} has no worked examples");
    }
}

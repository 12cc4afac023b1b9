//! The programs that come with the server compile, and need nothing that only their writers know.

use std::path::Path;

use serde_json::Map;

use super::compile::Compiled;
use super::files::{ProgramFiles, list};

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

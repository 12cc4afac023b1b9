//! A rule file, compiled.

use std::collections::BTreeSet;

use rhai::AST;

/// One compiled rule file.
#[derive(Debug)]
pub(super) struct Rule {
    /// The file's name without its ending.
    pub(super) name: String,
    /// The file's name.
    pub(super) file: String,
    /// The functions that the engine may call.
    pub(super) functions: BTreeSet<String>,
    /// The parsed file.
    pub(super) ast: AST,
}

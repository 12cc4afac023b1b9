//! What the design asks of the source, each as a list of what breaks it.

use std::collections::BTreeSet;

use super::source::SourceFile;

/// Each layer, and those that it may use beside itself (the design's table).
const LAYERS: [(&str, &[&str]); 10] = [
    ("main", &["cli", "app", "http", "graphql", "jobs", "operations", "store", "rules", "domain"]),
    ("cli", &["app", "http", "graphql", "jobs", "operations", "store", "rules", "domain"]),
    ("app", &["http", "graphql", "jobs", "operations", "store", "rules", "domain"]),
    ("http", &["graphql", "operations", "domain"]),
    ("graphql", &["operations", "domain"]),
    ("jobs", &["operations", "store", "domain"]),
    ("operations", &["store", "rules", "domain"]),
    ("store", &["domain"]),
    ("rules", &["domain"]),
    ("domain", &[]),
];

/// Each library that is kept to a part of the source, and that part.
const HOMES: [(&str, &[&str]); 4] = [
    ("sea_orm", &["store"]),
    ("rhai", &["rules"]),
    ("async_graphql", &["graphql", "http"]),
    ("axum", &["http"]),
];

/// Names that say nothing about what a module is for.
const EMPTY_NAMES: [&str; 4] = ["util", "common", "helpers", "types"];

const MOST_LINES_OF_A_FILE: usize = 400;
const MOST_LINES_OF_A_FUNCTION: usize = 70;

/// Uses of a layer that is not below the file's own.
pub fn upward_imports(files: &[SourceFile]) -> Vec<String> {
    let mut broken = Vec::new();
    for file in files {
        let Some((_, below)) = LAYERS.iter().find(|(name, _)| *name == file.layer()) else {
            if !file.module.is_empty() {
                broken.push(format!("{}: no layer of the design", file.path));
            }
            continue;
        };
        for path in paths(file) {
            let layer = path.get(1).map_or("", String::as_str);
            let known = LAYERS.iter().any(|(name, _)| *name == layer);
            if path[0] == "crate" && known && layer != file.layer() && !below.contains(&layer) {
                broken.push(format!("{} uses {}", file.path, path.join("::")));
            }
        }
    }
    broken
}

/// Uses of a library outside of its home.
pub fn strayed_libraries(files: &[SourceFile]) -> Vec<String> {
    let mut broken = Vec::new();
    for file in files {
        for path in paths(file) {
            for (library, homes) in HOMES {
                let named = path[0] == library || path[0].starts_with(&format!("{library}_"));
                if named && !homes.contains(&file.layer()) {
                    broken.push(format!("{} uses {}", file.path, path.join("::")));
                }
            }
        }
    }
    broken
}

fn paths(file: &SourceFile) -> impl Iterator<Item = &Vec<String>> {
    file.uses.iter().chain(file.re_exports.iter().map(|(_, path)| path))
}

/// Modules whose name says nothing.
pub fn empty_names(files: &[SourceFile]) -> Vec<String> {
    let says_nothing =
        |file: &&SourceFile| file.module.iter().any(|name| EMPTY_NAMES.contains(&name.as_str()));
    files.iter().filter(says_nothing).map(|file| file.path.clone()).collect()
}

/// Files and functions that are too long.
pub fn too_long(files: &[SourceFile]) -> Vec<String> {
    let mut broken = Vec::new();
    for file in files {
        if file.lines > MOST_LINES_OF_A_FILE {
            broken.push(format!("{} has {} lines", file.path, file.lines));
        }
        for (name, lines) in &file.functions {
            if *lines > MOST_LINES_OF_A_FUNCTION {
                broken.push(format!("{}: {name} has {lines} lines", file.path));
            }
        }
    }
    broken
}

/// Calls of `unwrap` and `expect` outside of tests.
pub fn unwraps(files: &[SourceFile]) -> Vec<String> {
    let lines = |file: &SourceFile| {
        file.unwraps.iter().map(|line| format!("{}:{line}", file.path)).collect::<Vec<_>>()
    };
    files.iter().flat_map(lines).collect()
}

/// The words of the programs in `rules/` that the source may not know.
pub struct ProgramWords {
    /// Names of programs: nowhere, not even in a comment.
    pub names: BTreeSet<String>,
    /// Names of settings and reasons: no literal may be one.
    pub own: BTreeSet<String>,
}

/// Words that name a program, and literals that are a setting or a reason of one.
pub fn program_words(files: &[SourceFile], words: &ProgramWords) -> Vec<String> {
    let mut broken = Vec::new();
    for file in files {
        for word in words.names.intersection(&file.words) {
            broken.push(format!("{} says {word}", file.path));
        }
        for literal in file.literals.iter().filter(|literal| words.own.contains(*literal)) {
            broken.push(format!("{}: {literal:?}", file.path));
        }
    }
    broken
}

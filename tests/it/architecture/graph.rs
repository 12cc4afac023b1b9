//! Which file of the crate uses which, and where they go round in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::source::SourceFile;

/// Every circle of files, each as the paths of its members; files that use nobody's users are not
/// in any. A `pub use` is no use of its own: whoever asks for the name uses what lies behind it.
pub fn circles(files: &[SourceFile]) -> Vec<Vec<String>> {
    let index = Index::new(files);
    let edges: Vec<BTreeSet<usize>> = (0..files.len()).map(|file| index.targets(file)).collect();
    let mut found = BTreeSet::new();
    for file in 0..files.len() {
        let round: BTreeSet<usize> = reachable(&edges, file)
            .into_iter()
            .filter(|other| reachable(&edges, *other).contains(&file))
            .collect();
        if !round.is_empty() {
            found.insert(round);
        }
    }
    found
        .into_iter()
        .map(|round| round.into_iter().map(|file| files[file].path.clone()).collect())
        .collect()
}

/// The files that `from` leads to in one step or more.
fn reachable(edges: &[BTreeSet<usize>], from: usize) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut ahead: Vec<usize> = edges[from].iter().copied().collect();
    while let Some(file) = ahead.pop() {
        if seen.insert(file) {
            ahead.extend(&edges[file]);
        }
    }
    seen
}

struct Index<'a> {
    files: &'a [SourceFile],
    by_module: BTreeMap<&'a [String], usize>,
}

impl<'a> Index<'a> {
    fn new(files: &'a [SourceFile]) -> Self {
        let by_module =
            files.iter().enumerate().map(|(at, file)| (file.module.as_slice(), at)).collect();
        Self { files, by_module }
    }

    fn targets(&self, from: usize) -> BTreeSet<usize> {
        let file = &self.files[from];
        file.uses
            .iter()
            .filter_map(|path| self.file_behind(&inside_crate(file, path), 0))
            .filter(|target| *target != from)
            .collect()
    }

    /// The file that defines what `path` names; re-exports are followed to the end.
    fn file_behind(&self, path: &[String], depth: usize) -> Option<usize> {
        let known =
            (0..=path.len()).rev().find(|end| self.by_module.contains_key(&path[..*end]))?;
        let file = self.by_module[&path[..known]];
        let rest = &path[known..];
        let through = rest.first().and_then(|name| {
            let exports = &self.files[file].re_exports;
            exports.iter().find(|(known_as, _)| known_as == name).map(|(_, behind)| behind)
        });
        match through {
            Some(behind) if depth < 8 => {
                let onward = [inside_crate(&self.files[file], behind), rest[1..].to_vec()].concat();
                self.file_behind(&onward, depth + 1)
            }
            // A path that leads into the crate's root names another crate, or a child of `lib.rs`.
            _ if known == 0 => None,
            _ => Some(file),
        }
    }
}

/// The path without `crate`; one that begins otherwise may name a child of the file's own module.
fn inside_crate(file: &SourceFile, path: &[String]) -> Vec<String> {
    match path.first() {
        Some(first) if first == "crate" => path[1..].to_vec(),
        _ => [file.module.as_slice(), path].concat(),
    }
}

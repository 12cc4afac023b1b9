//! The project's own source, parsed: which paths each file uses, how long its functions are, and
//! what it says. Tests inside the source (`#[cfg(test)]`) are left out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// One file of `src/`.
pub struct SourceFile {
    /// Its path from the project's root, as in `src/domain/amount.rs`.
    pub path: String,
    /// Its place in the module tree: `["domain", "amount"]`; empty for the crate's root.
    pub module: Vec<String>,
    /// How many lines it has, tests included.
    pub lines: usize,
    /// Every path that it uses, made absolute: `["crate", "domain", "amount", "Amount"]`.
    pub uses: BTreeSet<Vec<String>>,
    /// What it gives on under another name: the name, and the absolute path behind it.
    pub re_exports: Vec<(String, Vec<String>)>,
    /// Each function with its number of lines, from its signature to its last brace.
    pub functions: Vec<(String, usize)>,
    /// Every word that stands in it, comments and tests included, in small letters.
    pub words: BTreeSet<String>,
    /// Every text literal outside of tests.
    pub literals: Vec<String>,
    /// Calls of `unwrap` and `expect`, by line.
    pub unwraps: Vec<usize>,
    /// Modules that it declares for tests alone (`#[cfg(test)] mod x;`).
    tests: Vec<Vec<String>>,
}

/// Every `.rs` file below `folder`, parsed; `root` is the project's folder.
pub fn read_all(root: &Path, folder: &str) -> Vec<SourceFile> {
    let mut paths = Vec::new();
    collect(&root.join(folder), &mut paths);
    paths.sort();
    let mut files: Vec<SourceFile> = paths
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            parse(path.strip_prefix(root).unwrap().to_str().unwrap(), &text)
        })
        .collect();
    let tests: Vec<Vec<String>> = files.iter().flat_map(|file| file.tests.clone()).collect();
    files.retain(|file| !tests.iter().any(|test| file.module.starts_with(test)));
    files
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push(path);
        }
    }
}

/// Parses one file that stands at `path` (from the project's root).
pub fn parse(path: &str, text: &str) -> SourceFile {
    let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let module = module_of(path);
    let mut reader = Reader { scope: module.clone(), file: SourceFile::empty(path, module, text) };
    reader.visit_file(&syntax);
    reader.file
}

impl SourceFile {
    fn empty(path: &str, module: Vec<String>, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            module,
            lines: text.lines().count(),
            uses: BTreeSet::new(),
            re_exports: Vec::new(),
            functions: Vec::new(),
            words: text
                .to_lowercase()
                .split(|c: char| !c.is_ascii_alphanumeric())
                .map(str::to_owned)
                .collect(),
            literals: Vec::new(),
            unwraps: Vec::new(),
            tests: Vec::new(),
        }
    }

    /// The layer that the file belongs to: its folder of `src/`, or its own name when it lies there.
    pub fn layer(&self) -> &str {
        self.module.first().map_or("root", String::as_str)
    }
}

/// `src/domain/amount.rs` is `domain::amount`; `src/domain/mod.rs` is `domain`.
fn module_of(path: &str) -> Vec<String> {
    let inner = path.strip_prefix("src/").unwrap_or(path).trim_end_matches(".rs");
    let mut module: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod") || inner == "lib" {
        module.pop();
    }
    module
}

/// Walks a file and fills a [`SourceFile`].
struct Reader {
    /// The module in which we stand; deeper than the file's own inside of `mod x { ... }`.
    scope: Vec<String>,
    file: SourceFile,
}

impl Reader {
    /// Makes a path absolute; `None` when it is neither of ours nor of another crate for certain.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let first = path.first()?;
        let below_us = |depth: usize| {
            let kept = self.scope.len().checked_sub(depth)?;
            Some([&["crate".to_owned()], &self.scope[..kept]].concat())
        };
        match first.as_str() {
            "crate" => Some(path.to_vec()),
            "guerdon" => Some([&["crate".to_owned()], &path[1..]].concat()),
            "self" => Some([below_us(0)?, path[1..].to_vec()].concat()),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                Some([below_us(ups)?, path[ups..].to_vec()].concat())
            }
            _ => Some(path.to_vec()),
        }
    }

    fn note(&mut self, path: &[String]) {
        if let Some(absolute) = self.absolute(path) {
            self.file.uses.insert(absolute);
        }
    }

    fn note_use(&mut self, prefix: &[String], tree: &syn::UseTree, public: bool) {
        match tree {
            syn::UseTree::Path(inner) => {
                let longer = [prefix, &[inner.ident.to_string()]].concat();
                self.note_use(&longer, &inner.tree, public);
            }
            syn::UseTree::Group(group) => {
                for item in &group.items {
                    self.note_use(prefix, item, public);
                }
            }
            syn::UseTree::Name(name) => {
                let name = name.ident.to_string();
                self.note_leaf(prefix, &name, &name, public);
            }
            syn::UseTree::Rename(rename) => {
                let (name, known_as) = (rename.ident.to_string(), rename.rename.to_string());
                self.note_leaf(prefix, &name, &known_as, public);
            }
            syn::UseTree::Glob(_) => self.note_leaf(prefix, "*", "*", public),
        }
    }

    fn note_leaf(&mut self, prefix: &[String], name: &str, known_as: &str, public: bool) {
        let full = [prefix, &[name.to_owned()]].concat();
        match self.absolute(&full) {
            Some(absolute) if public => {
                self.file.re_exports.push((known_as.to_owned(), absolute));
            }
            Some(absolute) => {
                self.file.uses.insert(absolute);
            }
            None => {}
        }
    }

    /// Finds `a::b::c` and text literals in the tokens of a macro, which the parser leaves alone.
    fn note_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.finish_path(&mut path);
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.finish_path(&mut path);
                    colons = 0;
                    match other {
                        TokenTree::Group(group) => self.note_tokens(group.stream()),
                        TokenTree::Literal(literal) => self.note_literal(&literal.to_string()),
                        _ => {}
                    }
                }
            }
        }
        self.finish_path(&mut path);
    }

    fn finish_path(&mut self, path: &mut Vec<String>) {
        if path.len() > 1 {
            self.note(path);
        }
        path.clear();
    }

    fn note_literal(&mut self, written: &str) {
        if let Ok(text) = syn::parse_str::<syn::LitStr>(written) {
            self.file.literals.push(text.value());
        }
    }

    fn note_function(&mut self, name: &syn::Ident, whole: proc_macro2::Span) {
        let lines = whole.end().line + 1 - name.span().start().line;
        self.file.functions.push((name.to_string(), lines));
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_test(item_attributes(item)) {
            visit::visit_item(self, item);
        } else if let syn::Item::Mod(module) = item {
            self.file.tests.push([self.scope.clone(), vec![module.ident.to_string()]].concat());
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.content.is_some() {
            self.scope.push(module.ident.to_string());
            visit::visit_item_mod(self, module);
            self.scope.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let public = !matches!(item.vis, syn::Visibility::Inherited);
        self.note_use(&[], &item.tree, public);
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.note_function(&function.sig.ident, function.block.span());
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.note_function(&function.sig.ident, function.block.span());
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|part| part.ident.to_string()).collect();
        if parts.len() > 1 {
            self.note(&parts);
        }
        visit::visit_path(self, path);
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        self.note_tokens(list.tokens.clone());
        visit::visit_meta_list(self, list);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.note_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        // A comment is prose: its examples and words are no literals of the program.
        if !attribute.path().is_ident("doc") {
            visit::visit_attribute(self, attribute);
        }
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.file.literals.push(literal.value());
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if call.method == "unwrap" || call.method == "expect" {
            self.file.unwraps.push(call.method.span().start().line);
        }
        visit::visit_expr_method_call(self, call);
    }
}

fn item_attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) => {
            list.path.is_ident("cfg")
                && list.tokens.to_string().split(' ').any(|word| word == "test")
        }
        syn::Meta::NameValue(_) => false,
    })
}

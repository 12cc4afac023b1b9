//! The shape of the source: layers, circles, names, lengths. Each check is first shown to see what
//! it is for, on a small made-up source.

mod checks;
mod graph;
mod source;

use std::collections::BTreeSet;
use std::path::Path;

use checks::ProgramWords;
use source::SourceFile;

/// Programs that the source may not know, beside those that lie in `rules/`.
const PROGRAMS: [&str; 5] = ["gatewayz", "productready", "pewpros", "devo", "codebuff"];

/// The program that a new tenant gets; the one name of a program that the source may say, once.
const DEFAULT_PROGRAM: &str = "starter";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn project() -> Vec<SourceFile> {
    source::read_all(root(), "src")
}

fn made_up(files: &[(&str, &str)]) -> Vec<SourceFile> {
    files.iter().map(|(path, text)| source::parse(path, text)).collect()
}

fn holds(broken: Vec<String>) {
    assert!(broken.is_empty(), "{} broken:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn layers_use_only_those_below() {
    let seen = checks::upward_imports(&made_up(&[
        ("src/domain/a.rs", "use crate::{domain::b, store::c};"),
        ("src/store/mod.rs", "pub use crate::domain::b; fn f() { super::operations::g(); }"),
        ("src/rules/mod.rs", "#[derive(crate::http::Thing)] struct S;"),
        ("src/jobs/mod.rs", "#[cfg(test)] mod tests { use crate::cli::x; }"),
        ("src/other.rs", ""),
    ]));
    assert_eq!(seen.len(), 4, "{seen:?}");
    holds(checks::upward_imports(&project()));
}

#[test]
fn each_library_stays_in_its_layer() {
    let seen = checks::strayed_libraries(&made_up(&[
        ("src/domain/a.rs", "use rhai::Engine;"),
        ("src/operations/a.rs", "fn f() -> Result<(), sea_orm::DbErr> { vec![axum::x()] }"),
        ("src/graphql/a.rs", "use async_graphql::Object; use axum::Router;"),
        ("src/http/a.rs", "use {async_graphql_axum::X, sea_orm_migration::Y};"),
    ]));
    assert_eq!(seen.len(), 5, "{seen:?}");
    holds(checks::strayed_libraries(&project()));
}

#[test]
fn modules_form_no_circle() {
    let round = graph::circles(&made_up(&[
        ("src/domain/mod.rs", "mod a; mod b; mod c; pub use c::Seen;"),
        ("src/domain/a.rs", "use super::b::B;"),
        ("src/domain/b.rs", "fn f() { crate::domain::a::g() }"),
        ("src/domain/c.rs", "use super::a::A; struct Seen;"),
    ]));
    assert_eq!(round, [["src/domain/a.rs", "src/domain/b.rs"]]);
    let through_the_parent = graph::circles(&made_up(&[
        ("src/domain/mod.rs", "mod a; mod b; pub use b::B;"),
        ("src/domain/a.rs", "use super::B;"),
        ("src/domain/b.rs", "use super::a::A;"),
    ]));
    assert_eq!(through_the_parent.len(), 1);
    // The types of a GraphQL schema name one another (a user's referrals, a referral's users), so
    // their files do too. Nothing else may.
    let is_schema = |round: &Vec<String>| round.iter().all(|path| path.starts_with("src/graphql/"));
    let mut rounds = graph::circles(&project());
    rounds.retain(|round| !is_schema(round));
    holds(rounds.iter().map(|round| round.join(" <-> ")).collect());
}

#[test]
fn modules_have_names_that_say_something() {
    let seen = checks::empty_names(&made_up(&[("src/domain/util.rs", ""), ("src/store/x.rs", "")]));
    assert_eq!(seen, ["src/domain/util.rs"]);
    holds(checks::empty_names(&project()));
}

#[test]
fn files_and_functions_are_short() {
    let long = format!("struct S;\nimpl S {{\nfn f() {{\n{}}}\n}}", "f();\n".repeat(400));
    let seen = checks::too_long(&made_up(&[("src/domain/a.rs", &long)]));
    assert_eq!(seen, ["src/domain/a.rs has 405 lines", "src/domain/a.rs: f has 402 lines"]);
    holds(checks::too_long(&project()));
}

#[test]
fn test_files_are_short_too() {
    let mut files = source::read_all(root(), "tests");
    files.extend(source::read_all(root(), "migration"));
    files.extend(source::read_all(root(), "benches"));
    holds(checks::too_long(&files));
}

#[test]
fn nothing_unwraps_outside_of_tests() {
    let seen = checks::unwraps(&made_up(&[(
        "src/domain/a.rs",
        "fn f() { g().unwrap(); g().expect(\"\") }\n#[cfg(test)] mod t { fn h() { g().unwrap() } }",
    )]));
    assert_eq!(seen, ["src/domain/a.rs:1", "src/domain/a.rs:1"]);
    let mut files = project();
    files.extend(source::read_all(root(), "migration"));
    holds(checks::unwraps(&files));
}

#[test]
fn the_source_knows_no_program() {
    let words = ProgramWords {
        names: BTreeSet::from(["shopfront".to_owned()]),
        own: BTreeSet::from(["min_purchase".to_owned()]),
    };
    let seen = checks::program_words(
        &made_up(&[(
            "src/domain/a.rs",
            "/// As Shopfront: min_purchase\nfn f() { g!(\"min_purchase\"); h(\"purchase\") }",
        )]),
        &words,
    );
    assert_eq!(seen.len(), 2, "{seen:?}");
    holds(checks::program_words(&project(), &words_of_the_programs()));
}

#[test]
fn the_default_program_is_named_once() {
    let mut named = Vec::new();
    for file in project() {
        let said = file.literals.iter().filter(|literal| literal.contains(DEFAULT_PROGRAM));
        named.extend(said.map(|literal| format!("{}: {literal:?}", file.path)));
    }
    assert!(named.len() <= 1, "{named:?}");
}

/// Names of the folders in `rules/`, their settings, and the reasons that their scripts give.
fn words_of_the_programs() -> ProgramWords {
    let names = PROGRAMS.map(str::to_owned).into();
    let mut words = ProgramWords { names, own: BTreeSet::new() };
    let folders = std::fs::read_dir(root().join("rules")).expect("the programs lie in rules/");
    for folder in folders.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        if name != DEFAULT_PROGRAM {
            words.names.insert(name);
        }
        for file in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let text = std::fs::read_to_string(&file).unwrap();
            if file.ends_with("program.toml") {
                let program: toml::Table = text.parse().unwrap();
                let settings = program.get("settings").and_then(toml::Value::as_table);
                words
                    .own
                    .extend(settings.into_iter().flat_map(|settings| settings.keys().cloned()));
            }
            let reasons = text.split("skip(\"").skip(1).filter_map(|rest| rest.split('"').next());
            words.own.extend(reasons.map(str::to_owned));
        }
    }
    words
}

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
    assert!(names.len() >= 7, "{names:?}");
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

/// The indented blocks of a page, without their indentation.
fn blocks(page: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    for line in page.lines() {
        match line.strip_prefix("    ") {
            Some(code) => blocks.iter_mut().last().unwrap().push_str(&format!("{code}\n")),
            None if line.is_empty() => blocks.iter_mut().last().unwrap().push('\n'),
            None => blocks.push(String::new()),
        }
    }
    blocks
}

#[test]
fn the_rule_that_the_readme_teaches_does_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let page = std::fs::read_to_string(root.join("README.md")).unwrap();
    let block = |start: &str| {
        let found = blocks(&page).into_iter().find(|block| block.trim().starts_with(start));
        found.unwrap_or_else(|| panic!("no block begins with {start}"))
    };
    let drafts = [
        ("yearly.rhai".to_owned(), block("// A thank-you for choosing")),
        ("tests.rhai".to_owned(), block("fn test_the_yearly_plan")),
    ];
    let files = ProgramFiles::read(&root, "starter").unwrap().with_drafts(&drafts);
    let compiled = story::proven(&files).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(compiled.check_names(), Ok(()));
}

/// The rules of the page about holds, each with the worked example that shows what the page says.
#[test]
fn the_holds_that_the_readme_teaches_are_released() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let page = std::fs::read_to_string(root.join("README.md")).unwrap();
    let block = |word: &str| {
        let found = blocks(&page).into_iter().find(|block| block.contains(word));
        found.unwrap_or_else(|| panic!("no block has {word}"))
    };
    let listed = block("hold_referral(\"looks odd\")");
    let listed = format!(
        "fn on_purchase(ctx) {{ if ctx.referral == () {{ return skip(\"no\"); }}\n{listed} }}"
    );
    let tests = "fn test_a_hold() {
        register(\"ann\", #{ device: \"phone\" });
        register(\"bob\", #{ code: code_of(\"ann\"), device: \"phone\" });
        purchase(\"bob\", 5000);
        assert_eq(status(\"bob\"), \"HELD\");
        assert_eq(balance(\"ann\"), 0);
        assert_eq(approve(\"bob\"), \"OK\");
        assert_eq(status(\"bob\"), \"CREDITED\");
        assert_eq(balance(\"ann\"), 1000);
    }";
    for rule in [block("hold_referral(\"same_device\")"), listed] {
        let drafts =
            [("referral.rhai".to_owned(), rule), ("tests.rhai".to_owned(), tests.to_owned())];
        let files = ProgramFiles::read(&root, "starter").unwrap().with_drafts(&drafts);
        let compiled = story::proven(&files).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(compiled.check_names(), Ok(()));
    }
}

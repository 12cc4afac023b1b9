//! Worked examples that pass, fail with both values and their place, and run out of budget.

use std::collections::BTreeMap;

use super::super::files::ProgramFiles;
use super::*;

const MANIFEST: &str =
    "name = 'T'\ncurrency = 'USD'\nlink = 'https://e.com/{code}'\n[settings]\nbonus = 500\n";
const RULE: &str = r#"
fn on_referred(ctx) {
    [credit(ctx.referrer, ctx.settings.bonus, "referral"), credit_referral()]
}
fn on_purchase(ctx) { if ctx.event.amount > 100 { skip("big") } else { ctx.nothing } }
"#;

fn ran(tests: &str) -> Report {
    run(&program(tests)).unwrap()
}

fn program(tests: &str) -> Compiled {
    let files = [("program.toml", MANIFEST), ("bonus.rhai", RULE), ("tests.rhai", tests)];
    let files: BTreeMap<String, String> =
        files.iter().map(|(path, source)| ((*path).to_owned(), (*source).to_owned())).collect();
    let files = ProgramFiles { name: "t".to_owned(), files };
    Compiled::compile(&files).unwrap()
}

fn failure(body: &str) -> RuleError {
    let report = ran(&format!("fn test_one() {{\n{body}\n}}"));
    report.error().unwrap_or_else(|| panic!("{body}: passed"))
}

#[test]
fn a_story_is_played_against_an_empty_tenant() {
    let report = ran(r#"
        fn test_a_friend_brings_a_bonus() {
            register("ann");
            assert_eq(register("bob", #{ code: code_of("ann") }), "OK");
            assert_eq(balance("ann"), 500);
            assert_eq(status("bob"), "CREDITED");
            assert_eq(outcome("bonus"), "REWARDED");
            assert_eq(credited("ann"), 1);
            assert_eq(register("eve", #{ code: "NOBODY" }), "NOT_FOUND");
            assert_eq(status("eve"), ());
        }
        fn test_each_begins_empty() {
            register("ann");
            set(#{ bonus: 700 });
            register("bob", #{ code: code_of("ann") });
            assert_eq(balance("ann"), 700);
            assert_eq(spend("ann", 900), "INSUFFICIENT_CREDITS");
            assert_eq(spend("ann", 600), "OK");
            assert_eq(transactions("ann").map(|t| t.amount), [700, -600]);
        }
        fn test_failures_and_reasons_are_seen() {
            register("ann");
            purchase("ann", 500);
            assert_eq(reason("bonus"), "big");
            purchase("ann", 50);
            assert_eq(outcome("bonus"), "FAILED");
            advance(days(2));
            assert(now() > date("2026-06-17"), "time went on");
        }
        fn helper() { never() }
    "#);
    assert_eq!(report.failed, []);
    assert_eq!(report.passed.len(), 3);
}

#[test]
fn what_fails_says_where_and_both_values() {
    let error = failure("register(\"ann\");\nassert_eq(balance(\"ann\"), 500);");
    assert!(error.message.contains("test_one: Expected 500, found 0."), "{error}");
    assert_eq!((error.file.as_deref(), error.line), (Some("tests.rhai"), Some(3)));
    assert!(failure("assert_eq(1, \"1\")").message.contains("cannot be compared"));
    assert!(failure("assert(1 == 2, \"no\")").message.contains("no"));
    assert!(failure("balance(\"ann\")").message.contains("no user `ann`"));
    assert!(failure("register(\"ann\", #{ cod: 1 })").message.contains("no option `cod`"));
    assert!(failure("set(#{ bonsu: 1 })").message.contains("bonsu"));
    assert!(failure("register(\"ann\"); reason(\"x\")").message.contains("decided nothing"));
    assert!(failure("advance(0 - 5)").message.contains("does not go back"));
}

#[test]
fn tests_that_never_end_do() {
    assert!(failure("loop {}").message.contains("Too many operations"));
    assert!(
        failure("let i = 0; loop { register(`u${i}`); i += 1; }").message.contains("operations")
    );
}

#[test]
fn a_test_that_would_never_run_is_refused() {
    let error = check(&program("fn test_one(ctx) {}")).unwrap_err();
    assert!(error.message.contains("no parameters"), "{error}");
    assert!(run(&program("fn test_one() {")).unwrap_err().line.is_some());
    assert_eq!(check(&program("fn test_one() {}")), Ok(()));
}

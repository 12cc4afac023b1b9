//! Worked examples that pass, fail with both values and their place, and run out of budget.

use std::collections::BTreeMap;

use super::super::files::ProgramFiles;
use super::*;

const MANIFEST: &str = "name = 'T'\ncurrency = 'USD'\nlink = 'https://e.com/{code}'\n[settings]\nbonus = 500\n[limits]\nper_effect = 1000\n";
const RULE: &str = r#"
fn on_referred(ctx) {
    if ctx.signals.same_ip > 0 { return hold_referral("same_ip"); }
    [credit(ctx.referrer, ctx.settings.bonus, "referral"), credit_referral()]
}
fn on_waited(ctx) {
    let held = #{ hold_for: days(9) };
    [credit(ctx.user, 50, "promotion", held), credit(ctx.user, 60, "promotion", held)]
}
fn what_next(ctx) {
    if ctx.user.id == "none" { throw "nothing"; }
    next("visits", (), plural(ctx.invites.clicks, "visit", "visits"))
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
fn the_administrator_takes_part() {
    let report = ran(r#"
        fn test_reversals() {
            register("ann");
            let gift = grant("ann", 300);
            assert_eq(reverse(gift), "OK");
            assert_eq(reverse(gift), "ALREADY_REVERSED");
            assert_eq(balance("ann"), 0);
            grant("ann", 100);
            spend("ann", 40);
            assert_eq(reverse(transactions("ann")[3].id), "OK");
            assert_eq(balance("ann"), 100);
        }
        fn test_rewards_are_reviewed() {
            register("ann");
            event("ann", "waited");
            assert_eq(rewards("ann").map(|reward| reward.status), ["PENDING", "PENDING"]);
            assert_eq(approve_reward(rewards("ann")[0].id), "OK");
            assert_eq(cancel_reward(rewards("ann")[1].id), "OK");
            assert_eq(rewards("ann").map(|reward| reward.status), ["ACTIVE", "CANCELLED"]);
            assert_eq(balance("ann"), 50);
            assert_eq(pending("ann"), 0);
            assert_eq(retry_reward(rewards("ann")[0].id), "ACTIVE");
        }
        fn test_referrals_are_reviewed() {
            register("ann", #{ ip: "192.0.2.1" });
            for name in ["bob", "eve"] {
                register(name, #{ code: code_of("ann"), ip: "192.0.2.1" });
                assert_eq(status(name), "HELD");
            }
            assert_eq(approve("bob"), "OK");
            assert_eq(status("bob"), "CREDITED");
            assert_eq(approve("bob"), "CREDITED");
            assert_eq(reject("eve", "one household"), "OK");
            assert_eq(referral("eve").reason, "one household");
            assert_eq(balance("ann"), 500);
            assert_eq(signups("ann"), 2);
        }
        fn test_what_failed_is_decided_again() {
            register("ann");
            set(#{ bonus: 2000 });
            register("bob", #{ code: code_of("ann") });
            register("eve", #{ code: code_of("ann") });
            assert_eq(outcome("bonus"), "FAILED");
            set(#{ bonus: 700 });
            assert_eq(retry(), 2);
            assert_eq(retry(), 0);
            assert_eq(balance("ann"), 1400);
        }
        fn test_partners_and_visits() {
            let carter = partner("Carter", "carter@example.com");
            assert_eq(partner("Someone", "Carter+x@example.com"), carter);
            assert(shows_prompt(carter));
            assert(click(code_of(carter)));
            assert_eq(click("NOBODY"), false);
            assert_eq(clicks(carter), 1);
            assert_eq(what_next(carter)[0].message, "1 visit");
            assert_eq(what_next(carter)[0].remaining, ());
        }
    "#);
    assert_eq!((report.passed.len(), report.failed), (5, Vec::new()));
}

#[test]
fn a_test_sees_the_error_of_what_next() {
    let error = failure("register(\"none\");\nwhat_next(\"none\");");
    assert!(error.message.contains("bonus.rhai"), "{error}");
    assert!(failure("what_next(\"nobody\")").message.contains("no user `nobody`"));
    assert!(failure("register(\"a\"); approve(\"a\")").message.contains("Nobody referred"));
    assert!(failure("reverse(\"5\")").message.contains("another verb gave"));
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
    // A busy machine's second is over before its operations are.
    let endless = failure("let i = 0; loop { register(`u${i}`); i += 1; }").message;
    assert!(["operations", "second"].iter().any(|limit| endless.contains(limit)), "{endless}");
}

#[test]
fn a_test_that_would_never_run_is_refused() {
    let error = check(&program("fn test_one(ctx) {}")).unwrap_err();
    assert!(error.message.contains("no parameters"), "{error}");
    assert!(run(&program("fn test_one() {")).unwrap_err().line.is_some());
    assert_eq!(check(&program("fn test_one() {}")), Ok(()));
}

//! What rules answer: effects and reasons, in order, within one budget.

use serde_json::{Map, json};

use crate::domain::effect::Effect;
use crate::domain::rules::{Answer, Rules};

use super::compile::Compiled;
use super::sandbox_tests::{compiled, decided, facts, failed, fails_soon, files};

#[test]
fn a_wrong_answer_is_failed_and_says_what_to_do() {
    for (body, word) in [
        ("5", "skip(reason)"),
        ("[credit(ctx.user, 5, \"referral\"), 7]", "skip(reason)"),
        ("[skip(\"a\"), credit(ctx.user, 5, \"referral\")]", "cannot stand in a list"),
        ("credit(ctx.user, -5, \"referral\")", "negative"),
        ("credit(ctx.user, \"5\", \"referral\")", "whole number"),
        ("credit(ctx.user, 9007199254740992, \"referral\")", "9007199254740991"),
        ("credit(ctx.user, 5, \"refferal\")", "no source `refferal`"),
        ("credit(\"carl\", 5, \"referral\")", "no part in this event"),
        ("credit(ctx.referral, 5, \"referral\")", "nobody is named"),
        ("credit(ctx.user, 5, \"referral\", #{cp: \"monthly\"})", "no option `cp`"),
        ("credit(ctx.user, 5, \"referral\", #{cap: \"montly\"})", "no cap `montly`"),
        ("credit(ctx.user, 5, \"referral\", #{expires_in: \"soon\"})", "is a span"),
        ("credit(ctx.user, 5, \"referral\", #{on_refund: \"half\"})", "on_refund"),
        ("quota(ctx.user, \"pages\", 5)", "no unit `pages`"),
        ("complete_step(ctx.user, \"fly\")", "no step `fly`"),
        ("skip(\"\")", "1 to 255"),
        ("let a = []; for i in 0..65 { a.push(credit_referral()); } a", "64 effects"),
        ("throw \"because\"", "because"),
        ("1 / 0", "ivi"),
        ("9223372036854775807 + 1", "overflow"),
    ] {
        let message = failed(body).message;
        assert!(message.contains(word), "{body}: {message}");
    }
}

#[test]
fn effects_and_options_are_read() {
    let body = "[
        credit(ctx.user, 5, \"referral\", #{ expires_in: months(1), hold_for: days(0), once: \"a\",
            cap: \"monthly\", priority: 10, on_refund: \"proportion\", description: \"d\" }),
        credit(ctx.referrer, percent(999, 10), \"referral\"),
        feature(\"ann\", \"pro\", #{ expires_at: date(\"2027-01-01\") }),
        notify(ctx.referrer, \"earned\", `You earned ${format_money(1000)}`),
        emit(\"paid\", #{ a: [1, (), true, \"x\"] }),
        credit_referral(), hold_referral(\"h\"), reject_referral(\"r\"),
    ]";
    let Answer::Effects(effects) = decided(body) else { panic!("no effects") };
    assert_eq!(effects.len(), 8);
    let shown = serde_json::to_value(&effects).unwrap();
    assert_eq!(shown[0]["expires_in"], json!({"months": 1}));
    assert_eq!(shown[0].get("hold_for"), None);
    assert_eq!(shown[1]["amount"], 99);
    assert_eq!(shown[1]["user"], "bob");
    assert_eq!(shown[3]["message"], "You earned $10.00");
    assert_eq!(shown[4]["data"], json!({"a": [1, null, true, "x"]}));
    assert!(matches!(effects[5], Effect::CreditReferral));
    assert_eq!(decided("()"), Answer::Skip("nothing_to_do".to_owned()));
    assert_eq!(decided("[]"), Answer::Skip("nothing_to_do".to_owned()));
    assert!(matches!(decided("credit_referral()"), Answer::Effects(one) if one.len() == 1));
}

#[test]
fn calculations_are_exact() {
    for body in [
        "percent(999, 15) == 149 && percent(1, 50) == 0",
        "tier(4, [[0, 500], [5, 750]]) == 500 && tier(5, [[0, 500], [5, 750]]) == 750",
        "days(2) == hours(48) && hours(1) == 3600000000",
        "add(date(\"2027-01-31\"), months(1)) == date(\"2027-02-28\")",
        "add(ctx.now, days(1)) - ctx.now == days(1)",
        "between(5, 5, 6) && !between(6, 5, 6)",
        "date(\"1970-01-02\") == days(1) && date(\"1970-01-01T01:00:00+01:00\") == 0",
        "bucket(\"ann\", 2) == bucket(\"ann\", 2) && bucket(\"ann\", 1) == 0",
    ] {
        let source = format!("if {body} {{ skip(\"yes\") }} else {{ skip(\"no\") }}");
        assert_eq!(decided(&source), Answer::Skip("yes".to_owned()), "{body}");
    }
    for body in [
        "tier(1, [[5, 1]])",
        "tier(1, [[0, 1], [0, 2]])",
        "percent(-1, 5)",
        "bucket(\"a\", 0)",
        "date(\"x\")",
        "months(-1)",
        "days(9223372036854775807)",
    ] {
        fails_soon(body);
    }
}

#[test]
fn files_run_in_order_each_with_an_answer_of_its_own() {
    let rules = [
        ("b.rhai", "fn on_purchase(ctx) { ctx.user.id = \"eve\"; skip(ctx.user.id) }"),
        ("a.rhai", "fn on_purchase(ctx) { crash }"),
        (
            "c.rhai",
            "fn on_signup(ctx) { }\nfn on_purchase(ctx) { print(\"hi\"); skip(ctx.user.id) }",
        ),
    ];
    let rules = [rules[0], ("a.rhai", "fn on_purchase(ctx) { ctx.crash }"), rules[2]];
    let bound = Compiled::compile(&files(&rules)).unwrap().bind(&Map::new());
    let verdicts = bound.decide("purchase", &facts());
    let names: Vec<_> = verdicts.iter().map(|verdict| verdict.rule.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert!(matches!(verdicts[0].answer, Answer::Failed(_)));
    assert_eq!(verdicts[2].answer, Answer::Skip("ann".to_owned()));
    assert_eq!(verdicts[2].printed, ["hi"]);
    assert!(bound.handles("signup") && !bound.handles("refund"));
}

#[test]
fn equal_facts_give_equal_decisions() {
    let body = "let m = #{b: 1, a: 2, c: 3}; let s = \"\"; for k in m.keys() { s += k; } print(m); skip(s)";
    let bound = compiled(body).unwrap();
    let shown = |()| {
        let verdict = bound.decide("purchase", &facts()).remove(0);
        (verdict.answer, verdict.printed, verdict.operations)
    };
    let first = shown(());
    assert_eq!(first.0, Answer::Skip("abc".to_owned()));
    assert!((0..50).all(|_| shown(()) == first));
}

#[test]
fn an_event_has_one_budget_for_all_its_files() {
    let spend = "fn on_purchase(ctx) { let i = 0; while i < 2000 { i += 1; } skip(\"done\") }";
    let names: Vec<_> = (0..16).map(|n| format!("f{n:02}.rhai")).collect();
    let rules: Vec<_> = names.iter().map(|name| (name.as_str(), spend)).collect();
    let bound = Compiled::compile(&files(&rules)).unwrap().bind(&Map::new());
    let verdicts = bound.decide("purchase", &facts());
    let operations: u64 = verdicts.iter().map(|verdict| verdict.operations).sum();
    assert!(operations <= 200_000, "{operations}");
    assert!(matches!(verdicts[0].answer, Answer::Skip(_)));
    assert!(matches!(verdicts[15].answer, Answer::Failed(_)));
}

#[test]
fn what_is_printed_is_counted_and_cut() {
    let body = "let s = \"\"; s.pad(1000, 'x'); for i in 0..300 { print(s); } skip(\"ok\")";
    let verdict = compiled(body).unwrap().decide("purchase", &facts()).remove(0);
    assert_eq!(verdict.printed.len(), 100);
    assert_eq!(verdict.answer, Answer::Skip("ok".to_owned()));
}

#[test]
fn permission_to_use_a_code_is_asked_file_by_file() {
    let asked = |rules: &[(&str, &str)]| {
        let bound = Compiled::compile(&files(rules)).unwrap().bind(&Map::new());
        bound.can_use_code(&json!({"code": "A", "user": null}))
    };
    let yes = ("a.rhai", "fn can_use_code(ctx) { true }");
    assert_eq!(asked(&[yes]), Ok(()));
    let no = ("b.rhai", "fn can_use_code(ctx) { \"CLOSED\" }");
    assert_eq!(asked(&[yes, no]), Err("CLOSED".to_owned()));
    for broken in ["ctx.nope", "5", "false", "\"\"", "loop {}"] {
        let source = format!("fn can_use_code(ctx) {{ {broken} }}");
        assert_eq!(asked(&[("c.rhai", &source)]), Err("NOT_AVAILABLE".to_owned()), "{broken}");
    }
}

#[test]
fn an_unusable_program_decides_failed_and_says_why() {
    let broken = Compiled::compile_or_stand_in(&files(&[("a.rhai", "fn on_purchase(ctx) {")]));
    let bound = broken.bind(&Map::new());
    assert!(bound.handles("anything"));
    let Answer::Failed(error) = bound.decide("signup", &facts()).remove(0).answer else {
        panic!("not failed");
    };
    assert_eq!((error.file.as_deref(), error.line), (Some("a.rhai"), Some(1)));
    assert_eq!(bound.program.settings["bonus"], 500);
}

//! What rules suggest to users, read strictly.

use serde_json::Map;

use crate::domain::rules::{Answer, NextStep, RuleError, Rules};

use super::bound::Bound;
use super::compile::Compiled;
use super::sandbox_tests::{facts, files};

type Suggested = Vec<Result<Vec<NextStep>, RuleError>>;

fn bound(sources: &[(&str, &str)]) -> Bound {
    Compiled::compile(&files(sources)).unwrap().bind(&Map::new())
}

fn suggested(sources: &[(&str, &str)]) -> Suggested {
    let sources: Vec<_> = (sources.iter())
        .map(|(file, body)| (*file, format!("fn what_next(ctx) {{ {body} }}")))
        .collect();
    let sources: Vec<_> = sources.iter().map(|(file, source)| (*file, source.as_str())).collect();
    bound(&sources).what_next(&facts())
}

fn one(body: &str) -> Result<Vec<NextStep>, RuleError> {
    suggested(&[("a.rhai", body)]).remove(0)
}

#[test]
fn steps_are_read() {
    let step = one("next(\"invite\", 3, `${plural(3, \"use\", \"uses\")} left`)").unwrap();
    assert_eq!((step[0].kind.as_str(), step[0].message.as_str()), ("invite", "3 uses left"));
    assert_eq!(step[0].remaining.map(|amount| amount.get()), Some(3));
    assert_eq!(one("[next(\"a\", (), \"b\")]").unwrap()[0].remaining, None);
    for nothing in ["", "()", "[]", "return;", "if false { next(\"a\", 1, \"b\") }"] {
        assert_eq!(one(nothing).unwrap(), [], "{nothing}");
    }
    assert_eq!(one("next(\"a\", 9007199254740991, \"b\")").unwrap().len(), 1);
}

#[test]
fn a_wrong_step_is_an_error_that_says_what_to_do() {
    for (body, word) in [
        ("next(\"a\", 9007199254740992, \"b\")", "9007199254740992"),
        ("next(\"a\", -1, \"b\")", "0 or more"),
        ("next(\"a\", \"4.00\", \"b\")", "whole number"),
        ("next(\"a\", 1, \"\")", "1 to 1024"),
        ("next(\"\", 1, \"b\")", "1 to 255"),
        ("next((), 1, \"b\")", "must be a text"),
        ("next(\"a\", 1)", "no function"),
        ("let a = []; for i in 0..17 { a.push(next(\"a\", 1, \"b\")); } a", "at most 16"),
        ("skip(\"nothing\")", "not with an effect"),
        ("credit(ctx.user, 5, \"referral\")", "not with an effect"),
        ("[\"Invite a friend\"]", "not with a text"),
        ("plural(\"1\", \"use\", \"uses\")", "whole number"),
        ("loop { }", "Too many operations"),
    ] {
        let error = one(body).unwrap_err();
        assert!(error.message.contains(word), "{body}: {error}");
        assert_eq!(error.file.as_deref(), Some("a.rhai"), "{body}");
    }
}

#[test]
fn a_file_that_fails_stops_no_other() {
    let found = suggested(&[
        ("a.rhai", "next(\"a\", 1, \"b\")"),
        ("b.rhai", "throw ctx.user.email"),
        ("c.rhai", "[next(\"c\", 1, \"b\"), next(\"d\", 1, \"b\")]"),
    ]);
    let counts: Vec<_> = found.iter().map(|answer| answer.as_ref().map_or(99, Vec::len)).collect();
    assert_eq!(counts, [1, 99, 2]);
}

#[test]
fn a_next_step_is_no_answer_to_an_event() {
    let source = "fn on_purchase(ctx) { next(\"a\", 1, \"b\") }";
    let verdict = bound(&[("a.rhai", source)]).decide("purchase", &facts()).remove(0);
    let Answer::Failed(error) = verdict.answer else { panic!("decided") };
    assert!(error.message.contains("not with a next step"), "{error}");
}

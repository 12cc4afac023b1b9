//! A `program.toml`, good and wrong.

use super::*;

const GOOD: &str = r#"
name = "Example"
currency = "USD"
time_zone = "America/New_York"
link = "https://example.com/?ref={code}"
units = ["messages"]

[codes]
format = "{random:6:A-Z}"
max_uses = "$uses"
invites = "$uses"

[settings]
uses = 10
tiers = [[0, 500], [5, 750]]
contest = {}

[[steps]]
key = "profile"
title = "Fill in your profile"

[caps.monthly]
scope = "referrer"
window = "month"
amount = 5000
on_exceeded = "clip"

[limits]
per_effect = 100000
exempt_sources = ["purchase"]
"#;

fn refused(from: &str, to: &str) -> RuleError {
    assert!(GOOD.contains(from), "{from}");
    Manifest::read(&GOOD.replace(from, to)).unwrap_err()
}

#[test]
fn a_good_one_is_bound_to_settings() {
    let manifest = Manifest::read(GOOD).unwrap();
    let mut settings = manifest.defaults().clone();
    settings.insert("uses".to_owned(), 3.into());
    let program = manifest.bind("example", "hash", settings);
    assert_eq!(program.codes.max_uses, Some(3));
    assert_eq!(program.default_settings["uses"], 10);
    assert_eq!(program.caps["monthly"].measure, Measure::Amount(5_000));
    assert_eq!(program.limits.per_effect, Some(100_000));
    assert!(program.codes.invites && program.knows_unit("messages"));
    assert_eq!(manifest.numbers(), BTreeSet::from(["uses"]));
}

#[test]
fn a_setting_of_nothing_switches_invites_off() {
    let manifest = Manifest::read(GOOD).unwrap();
    let settings = Map::from_iter([("uses".to_owned(), 0.into())]);
    assert!(!manifest.bind("example", "hash", settings).codes.invites);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let error = refused("currency = \"USD\"", "currency = \"USX\"");
    assert_eq!((error.line, error.column), (Some(3), Some(12)));
    assert_eq!(error.file.as_deref(), Some("program.toml"));
    let error = refused("per_effect = 100000", "per_efect = 100000");
    assert!(error.message.contains("per_efect"), "{error}");
    assert_eq!(error.line, Some(29));
    assert!(refused("currency = \"USD\"", "").message.contains("either `currency`"));
    assert!(refused("{code}", "CODE").message.contains("{code}"));
    assert!(refused("New_York", "Atlantis").message.contains("IANA"));
    assert!(refused("max_uses = \"$uses\"", "max_uses = \"$use\"").message.contains("`use`"));
    assert!(refused("max_uses = \"$uses\"", "max_uses = -1").message.contains("0 or more"));
    assert!(refused("uses = 10", "uses = 1.5").message.contains("not a whole number"));
    assert!(refused("uses = 10", "uses = \"10\"").message.contains("must be a"));
    assert!(refused("contest = {}", "contest = 2026-12-01").message.contains("in quotes"));
    assert!(refused("amount = 5000", "").message.contains("either `count` or `amount`"));
    assert!(refused("amount = 5000", "amount = 5\ncount = 1").message.contains("either"));
    assert!(refused("\"month\"", "\"year\"").message.contains("year"));
    assert!(refused("{random:6:A-Z}", "CODE").message.contains("by chance"));
    assert!(refused("name = \"Example\"", "name = ").line.is_some());
}

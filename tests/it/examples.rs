//! The worked examples in `rules/`: they hold, and an administrator who changes a number in
//! `program.toml` does not have to change them too, else the change would not be published.

use std::path::Path;

use serde_json::{Map, json};

use guerdon::domain::rules::{Answer, Rules};
use guerdon::rules::compile::Compiled;
use guerdon::rules::files::{ProgramFiles, list};
use guerdon::rules::story::proven;

fn programs() -> Vec<ProgramFiles> {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let names = list(&rules).unwrap();
    names.iter().map(|name| ProgramFiles::read(&rules, name).unwrap()).collect()
}

#[test]
fn they_hold() {
    for files in programs() {
        proven(&files).unwrap_or_else(|error| panic!("{}: {error}", files.name));
        assert!(files.tests().is_some_and(|tests| tests.contains("fn test_")), "{}", files.name);
    }
}

#[test]
fn they_hold_with_every_number_changed() {
    let mut broken = Vec::new();
    for files in programs() {
        let manifest: toml::Table = files.manifest().parse().unwrap();
        for (name, value) in manifest["settings"].as_table().unwrap() {
            let Some(number) = value.as_integer() else { continue };
            for changed in [number + number / 2 + 1, (number - number / 4).max(1)] {
                let draft = with_number(files.manifest(), name, number, changed);
                let changed_files = files.with_drafts(&[("program.toml".to_owned(), draft)]);
                if let Err(error) = proven(&changed_files) {
                    broken.push(format!("{}: {name} = {changed}: {error}", files.name));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The text of a `program.toml` with one setting changed, as an administrator would.
fn with_number(manifest: &str, name: &str, from: i64, to: i64) -> String {
    let mut found = 0;
    let change = |line: &str| match line.split_once('=') {
        Some((key, rest)) if key.trim() == name && rest.trim().starts_with(&from.to_string()) => {
            found += 1;
            format!("{key}={}", rest.replacen(&from.to_string(), &to.to_string(), 1))
        }
        _ => line.to_owned(),
    };
    let lines: Vec<String> = manifest.lines().map(change).collect();
    assert_eq!(found, 1, "{name} = {from} stands once in\n{manifest}");
    lines.join("\n")
}

/// What waits for Stripe's yes is asked for all the same, and stands in no decision before it came.
#[test]
fn a_credit_at_stripe_comes_with_a_notice() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let files = ProgramFiles::read(&rules, "pewpros").unwrap();
    let bound = Compiled::compile(&files).unwrap().bind(&Map::new());
    let facts = json!({
        "event": { "type": "purchase", "amount": 4_500 },
        "user": { "id": "bob" },
        "referrer": { "id": "ann" },
        "referral": { "status": "PENDING", "converted": false },
        "settings": { "tenant_referral_credit": 1_000 },
    });
    let verdict = bound.decide("purchase", &facts).remove(0);
    let Answer::Effects(effects) = verdict.answer else { panic!("{verdict:?}") };
    let effects = serde_json::to_value(effects).unwrap();
    let message = "You earned a $10.00 credit from your referral";
    assert_eq!((&effects[0]["user"], &effects[0]["amount"]), (&json!("ann"), &json!(1_000)));
    assert_eq!((&effects[2]["user"], &effects[2]["message"]), (&json!("ann"), &json!(message)));
    assert_eq!(effects.as_array().unwrap().len(), 3, "and the referral is CREDITED");
}

//! The command line, as an operator meets it.

use std::path::Path;
use std::process::{Command, Output};

use crate::harness::{Kind, PrivateDatabase, guerdon};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// It ends with a code that is not 0 and says why in one line, without a backtrace.
fn ends_with_one_line(output: &Output, about: &str) {
    let said = text(&output.stderr);
    assert!(!output.status.success(), "it went on");
    assert!(said.contains(about), "{said}");
    assert!(!said.contains("panicked") && !said.contains("stack backtrace"), "{said}");
    assert!(said.trim().lines().count() <= 2, "{said}");
}

#[test]
fn help_lists_every_option_with_its_variable_and_default() {
    let help = text(&run(guerdon().args(["serve", "--help"])).stdout);
    for word in [
        "GUERDON_LISTEN",
        "127.0.0.1:8080",
        "DATABASE_URL",
        "GUERDON_RULES",
        "GUERDON_OPERATOR_KEY",
        "GUERDON_LEDGER_KEY",
        "GUERDON_ALLOWED_ORIGINS",
        "GUERDON_MAX_BODY_BYTES",
        "GUERDON_PERSISTED_DOCUMENTS",
        "--clock-offset",
        "--no-provision",
    ] {
        assert!(help.contains(word), "{word} is not in\n{help}");
    }
    let commands = text(&run(guerdon().arg("--help")).stdout);
    for word in [
        "serve", "migrate", "schema", "rules", "tenant", "key", "audit", "backup", "import",
        "export",
    ] {
        assert!(commands.contains(word), "{word} is not in\n{commands}");
    }
}

#[test]
fn every_limit_of_documents_is_an_option_with_a_default() {
    let help = text(&run(guerdon().args(["serve", "--help"])).stdout);
    for (name, default) in [
        ("DOCUMENT_BYTES", "65536"),
        ("TOKENS", "10000"),
        ("NAME_BYTES", "255"),
        ("NESTING", "64"),
        ("DEFINITIONS", "100"),
        ("VARIABLES", "250"),
        ("SELECTIONS", "5000"),
        ("ALIASES", "500"),
        ("DIRECTIVES", "200"),
        ("SPREADS", "500"),
        ("ARGUMENTS", "50"),
        ("VALUES", "30000"),
        ("MUTATIONS", "50"),
        ("DEPTH", "24"),
        ("COST", "25000"),
        ("INTROSPECTED", "80000"),
        ("ERRORS", "20"),
    ] {
        let variable = format!("[env: GUERDON_MAX_{name}=]");
        let (_, after) =
            help.split_once(&variable).unwrap_or_else(|| panic!("{variable} in {help}"));
        let shown = format!("[default: {default}]");
        assert!(after.trim_start().starts_with(&shown), "{variable} {shown}");
    }
    assert!(help.contains("[env: GUERDON_INTROSPECTION=]"), "{help}");
    for wrong in [["--max-nesting", "65"], ["--max-depth", "0"], ["--introspection", "some"]] {
        let output = run(guerdon().arg("serve").args(wrong));
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains(wrong[0]), "{said}");
    }
}

#[test]
fn a_missing_rules_folder_ends_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        run(guerdon().current_dir(&folder).env("GUERDON_LISTEN", "127.0.0.1:0").arg("serve"));
    ends_with_one_line(&output, "rules");
}

#[test]
fn an_origin_that_is_no_site_ends_the_start() {
    for (origins, why) in [
        (
            "https://app.example.com/",
            "\"https://app.example.com/\" is no site: write scheme, host and port alone",
        ),
        ("https://app.example.com,*", "every site cannot be allowed: name each"),
    ] {
        let output = run(guerdon().env("GUERDON_ALLOWED_ORIGINS", origins).arg("serve"));
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("--allowed-origins") && said.contains(why), "{said}");
    }
}

#[test]
fn an_unreachable_database_ends_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut command = guerdon();
    command.current_dir(&folder).env("GUERDON_RULES", &rules).env("GUERDON_LISTEN", "127.0.0.1:0");
    command.env("DATABASE_URL", "postgres://nobody:secret@127.0.0.1:1/nothing");
    let output = run(&mut command);
    ends_with_one_line(&output, "database");
    assert!(!text(&output.stderr).contains("secret"), "it tells the password");
}

#[test]
fn the_worked_examples_hold_and_the_rules_compile() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for task in ["check", "test"] {
        let output = run(guerdon().current_dir(root).args(["rules", task]));
        assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    }
}

#[test]
fn a_mistake_in_a_rule_is_shown_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/starter");
    crate::harness::copy_program(&from, folder.path());
    let rule = folder.path().join("starter/campaign.rhai");
    std::fs::write(&rule, "fn on_signup(ctx) {\n    [credit(ctx.user 5)]\n}\n").unwrap();
    let output = run(guerdon().env("GUERDON_RULES", folder.path()).args(["rules", "check"]));
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("campaign.rhai") && said.contains('2'), "{said}");
}

/// The fields of the last key in the list.
fn last_key(run: &impl Fn(&[&str]) -> String) -> Vec<String> {
    let list = run(&["key", "list", "--tenant", "acme"]);
    list.lines().last().unwrap().split('\t').map(str::to_owned).collect()
}

fn keys_are_listed_rotated_and_ended(run: &impl Fn(&[&str]) -> String) {
    let create = ["key", "create", "--tenant", "acme", "--role", "admin", "--name", "passing"];
    run(&[&create[..], &["--expires-in", "90d"]].concat());
    let made = last_key(run);
    let [id, role, since, ends, used, revoked, name] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!([role, used, revoked, name], ["admin", "-", "-", "passing"]);
    let day = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert_eq!((day(ends) - day(since)).num_days(), 90);
    let new = run(&["key", "rotate", id, "--tenant", "acme", "--overlap", "12h"]);
    assert!(new.contains("gdn_admin_acme."), "{new}");
    let successor = last_key(run);
    assert_eq!((&successor[1], &successor[3], &successor[6]), (role, &"-".to_owned(), name));
    run(&["key", "revoke", &successor[0], "--tenant", "acme"]);
    assert_ne!(last_key(run)[5], "-");
    let list = run(&["key", "list", "--tenant", "acme"]);
    assert_eq!(list.lines().count(), 3);
    assert!(!list.contains("gdn_"), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_and_keys_are_made_on_both_databases() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = PrivateDatabase::make(kind).await;
        println!("played on {}", database.prove().await);
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        let in_database = |arguments: &[&str]| {
            let mut command = guerdon();
            command.env("DATABASE_URL", &database.url).env("GUERDON_RULES", &rules);
            let output = run(command.args(arguments));
            assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
            text(&output.stdout)
        };
        in_database(&["tenant", "create", "acme", "--name", "Acme"]);
        assert!(in_database(&["tenant", "list"]).contains("acme"));
        let key = in_database(&[
            "key", "create", "--tenant", "acme", "--role", "service", "--name", "back end",
        ]);
        assert!(key.contains("gdn_service_acme."), "{key}");
        keys_are_listed_rotated_and_ended(&in_database);
        in_database(&["audit"]);
        database.remove().await;
    }
}

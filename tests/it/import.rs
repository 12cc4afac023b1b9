//! `guerdon import` and `guerdon export`, run as an operator runs them, beside a server and without.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::json;

use crate::harness::{Kind, PrivateDatabase, Process, guerdon};

/// A database with a tenant, and a folder for files.
struct Office {
    database: PrivateDatabase,
    folder: tempfile::TempDir,
}

impl Office {
    async fn open(kind: Kind) -> Self {
        let database = PrivateDatabase::make(kind).await;
        println!("played on {}", database.prove().await);
        let office = Self { database, folder: tempfile::tempdir().unwrap() };
        office.good(&["tenant", "create", "acme", "--name", "Acme", "--program", "productready"]);
        office
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = guerdon();
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        command.current_dir(&self.folder).args(arguments);
        command.env("DATABASE_URL", &self.database.url).env("GUERDON_RULES", rules);
        command
    }

    /// Runs a command that must not fail; what it wrote.
    fn good(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must end with 1; all that it wrote.
    fn bad(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
        said(&output)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn users(&self, text: &str) -> String {
        self.file("users.csv", text);
        self.good(&["import", "users", "users.csv", "--tenant", "acme"])
    }

    async fn number(&self, query: &str) -> i64 {
        let connection = Database::connect(&self.database.url).await.unwrap();
        let statement = Statement::from_string(connection.get_database_backend(), query);
        let row = connection.query_one_raw(statement).await.unwrap().unwrap();
        let number = row.try_get("", "number").unwrap();
        connection.close().await.unwrap();
        number
    }

    async fn close(self) {
        self.good(&["audit"]);
        self.database.remove().await;
    }
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

const GRANTS: &str = "SELECT COUNT(*) AS number FROM transactions";
const CREDITS: [&str; 5] = ["import", "credits", "credits.csv", "--tenant", "acme"];

/// A test of the same on each database.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")] async fn $name() {
                super::$name(super::Office::open(super::Kind::Sqlite).await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")] async fn $name() {
                super::$name(super::Office::open(super::Kind::Postgres).await).await;
            })+
        }
    };
}

on_both!(
    the_same_file_again_does_nothing_twice,
    refused_lines_are_named_and_can_be_mended,
    a_bad_file_is_refused_before_anything_is_written,
    an_import_that_was_killed_goes_on_beside_a_server,
    single_commands_are_answered_beside_an_import,
    the_ledger_is_exported_as_it_is,
    what_only_looks_changes_no_table,
);

async fn the_same_file_again_does_nothing_twice(office: Office) {
    let users = "id,name,email,email_verified,traits\r\n\
                 ann,\"Ann, the first\",ann@example.com,TRUE,\"{\"\"plan\"\": \"\"pro\"\"}\"\r\n\
                 bob,,,,\r\n";
    assert_eq!(office.users(users), "users: 2 signed up, 0 there already, 0 refused\n");
    assert_eq!(office.users(users), "users: 0 signed up, 2 there already, 0 refused\n");
    let credits = "user_id,amount,source,description\nann,500,,\nbob,70,promotion,\"two\nlines\"\nann,500,,\n";
    office.file("credits.csv", credits);
    assert_eq!(office.good(&CREDITS), "credits: 3 granted, 0 granted before, 0 refused\n");
    assert_eq!(office.good(&CREDITS), "credits: 0 granted, 3 granted before, 0 refused\n");
    office.file("credits.csv", &format!("{credits}ann,500,,\nbob,1,,\n"));
    let only_checked = [&CREDITS[..], &["--dry-run"]].concat();
    assert_eq!(
        office.good(&only_checked),
        "credits: 2 granted, 3 granted before, 0 refused (only checked, nothing was written)\n"
    );
    assert_eq!(office.good(&CREDITS), "credits: 2 granted, 3 granted before, 0 refused\n");
    let again = [&CREDITS[..], &["--batch", "december"]].concat();
    assert_eq!(office.good(&again), "credits: 5 granted, 0 granted before, 0 refused\n");

    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let server = Process::serve(&office.database.url, &rules).await;
    let shop = server.shop("acme");
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (3_000, 142));
    let ann = shop.of_user("ann", "name emailVerified traits").await;
    let expected =
        json!({ "name": "Ann, the first", "emailVerified": true, "traits": { "plan": "pro" } });
    assert_eq!(ann, expected);
    let given =
        shop.of_user("bob", "transactions { nodes { grantedBy source description } }").await;
    let given = given["transactions"]["nodes"].as_array().unwrap().clone();
    assert!(given.iter().all(|entry| entry["grantedBy"] == "key:import"), "{given:#?}");
    assert!(given.iter().any(|entry| entry["description"] == "two\nlines"), "{given:#?}");
    drop(server);
    office.close().await;
}

async fn refused_lines_are_named_and_can_be_mended(office: Office) {
    office.users("id\nann\nbob\n");
    let credits = "user_id,amount,expires_at,unit\nann,5,,\nann,5.50,,\n\nnobody,5,,\n,5,,\nbob,5\n\
                   ann,5,tomorrow,\nann,-5,,\nann,5,,pebbles\nbob,7,,\n";
    office.file("credits.csv", credits);
    for only_checked in [true, false] {
        let arguments = match only_checked {
            true => [&CREDITS[..], &["--dry-run"]].concat(),
            false => CREDITS.to_vec(),
        };
        let said = office.bad(&arguments);
        for about in [
            "line 3: column amount: \"5.50\" is no whole number",
            "line 5: NOT_FOUND: There is no user \"nobody\"",
            "line 6: column user_id: is empty",
            "line 7: There are 2 cells where the header has 4",
            "line 8: column expires_at: \"tomorrow\" is no instant",
            "line 9: amount must be more than 0",
            "line 10: BAD_USER_INPUT: ",
            "credits: 2 granted, 0 granted before, 7 refused",
            "7 lines were refused: mend them and run the same again",
        ] {
            assert!(said.contains(about), "{about} is not in\n{said}");
        }
        let written = if only_checked { 0 } else { 2 };
        assert_eq!(office.number(GRANTS).await, written);
    }
    office.users("id\nann\nbob\nnobody\n");
    let mended =
        credits.replace("5.50", "550").replace("\n,5", "\nbob,50").replace("bob,5\n", "bob,5,,\n");
    let mended = mended.replace("tomorrow", "2100-01-01T00:00:00Z").replace("-5", "6");
    office.file("credits.csv", &mended.replace("pebbles", "USD"));
    assert_eq!(office.good(&CREDITS), "credits: 7 granted, 2 granted before, 0 refused\n");
    office.close().await;
}

async fn a_bad_file_is_refused_before_anything_is_written(office: Office) {
    office.users("id\nann\n");
    let events = "SELECT COUNT(*) AS number FROM events";
    let before = office.number(events).await;
    for (header, about) in [
        ("user,amount", "unknown column \"user\": the known ones are user_id, amount, unit"),
        ("user_id;amount", "unknown column \"user_id;amount\""),
        ("user_id", "lacks the column amount"),
        ("user_id,amount,amount", "the column amount twice"),
    ] {
        office.file("credits.csv", &format!("{header}\nann,5,6\n"));
        let said = office.bad(&CREDITS);
        assert!(said.contains(about), "{about} is not in\n{said}");
        assert_eq!(said.trim().lines().count(), 1, "{said}");
    }
    assert!(office.bad(&["import", "users", "none.csv", "--tenant", "acme"]).contains("none.csv"));
    office.file("credits.csv", "user_id,amount\nann,5\n");
    let said = office.bad(&["import", "credits", "credits.csv", "--tenant", "nobody"]);
    assert!(said.contains("no tenant nobody"), "{said}");
    assert_eq!(office.number(events).await, before);

    // What comes through a pipe is read as well.
    let mut piped = office.command(&["import", "credits", "-", "--tenant", "acme"]);
    let mut child = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"user_id,amount\nann,5").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(said_of(&output), "credits: 1 granted, 0 granted before, 0 refused\n");
    assert_eq!(office.number(events).await, before + 1);
    office.close().await;
}

fn said_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Begins an import and kills it as soon as something is written.
async fn begin_and_kill(office: &Office, before: i64) -> i64 {
    let mut child: Child = office.command(&CREDITS).stdout(Stdio::null()).spawn().unwrap();
    let mut written = before;
    while written == before {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was killed");
        tokio::time::sleep(Duration::from_millis(5)).await;
        written = office.number(GRANTS).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    office.number(GRANTS).await
}

async fn an_import_that_was_killed_goes_on_beside_a_server(office: Office) {
    const LINES: i64 = 4_000;
    office.users("id\nann\nbob\n");
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let server = Process::serve(&office.database.url, &rules).await;
    let shop = server.shop("acme");
    let lines = (0..LINES).map(|n| format!("{},{}\n", ["ann", "bob"][n as usize % 2], n % 3 + 1));
    office.file("credits.csv", &format!("user_id,amount\n{}", lines.collect::<String>()));
    let first = begin_and_kill(&office, 0).await;
    let second = begin_and_kill(&office, first).await;
    assert!(first < second && second < LINES, "{first}, {second}");
    let last = tokio::task::block_in_place(|| office.good(&CREDITS));
    let expected =
        format!("credits: {} granted, {second} granted before, 0 refused\n", LINES - second);
    assert_eq!(last, expected);
    let sum = (0..LINES).map(|n| n % 3 + 1).sum::<i64>();
    assert_eq!(shop.balance("ann").await + shop.balance("bob").await, sum);
    shop.add(json!({ "userId": "ann", "amount": 1 })).await.ok();
    let exported = office.good(&["export", "transactions", "--tenant", "acme"]);
    let seqs = exported.lines().skip(1).map(|line| line.split(',').next().unwrap());
    let seqs: Vec<i64> = seqs.map(|seq| seq.parse().unwrap()).collect();
    assert_eq!(seqs.len() as i64, LINES + 1);
    assert!(seqs.is_sorted_by(|one, next| one < next), "{seqs:?}");
    drop(server);
    office.close().await;
}

async fn single_commands_are_answered_beside_an_import(office: Office) {
    const LINES: i64 = 4_000;
    office.users("id\nann\nbob\n");
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let server = Process::serve(&office.database.url, &rules).await;
    let shop = server.shop("acme");
    let lines = (0..LINES).map(|n| format!("bob,{}\n", n % 3 + 1));
    office.file("credits.csv", &format!("user_id,amount\n{}", lines.collect::<String>()));
    let mut child = office.command(&CREDITS).stdout(Stdio::null()).spawn().unwrap();
    while office.number(GRANTS).await == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before anything was written");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut answered = 0;
    let ended = loop {
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        // Never OVERLOADED.
        shop.add(json!({ "userId": "ann", "amount": 1 })).await.ok();
        answered += 1;
    };
    println!("answered beside the import: {answered}");
    assert!(ended.success(), "{ended}");
    assert!(answered >= 5, "only {answered} were answered");
    assert_eq!(shop.balance("ann").await, answered);
    assert_eq!(shop.balance("bob").await, (0..LINES).map(|n| n % 3 + 1).sum::<i64>());
    drop(server);
    office.close().await;
}

/// A dry run and an export neither make a database nor bring it up to date.
async fn what_only_looks_changes_no_table(office: Office) {
    office.file("users.csv", "id\nann\n");
    let looking = [
        &["import", "users", "users.csv", "--tenant", "acme", "--dry-run"][..],
        &["export", "transactions", "--tenant", "acme"],
    ];
    let connection = Database::connect(&office.database.url).await.unwrap();
    let last = "SELECT version FROM seaql_migrations ORDER BY version DESC LIMIT 1";
    // As an older program left it.
    let update = format!("DELETE FROM seaql_migrations WHERE version = ({last})");
    connection.execute_unprepared(&update).await.unwrap();
    let before = office.database.dump().await;
    for arguments in looking {
        let said = office.bad(arguments);
        assert!(said.contains("run `guerdon migrate` first"), "{said}");
    }
    assert_eq!(office.database.dump().await, before);
    for arguments in looking {
        let mut command = office.command(arguments);
        let output = command.env("DATABASE_URL", "sqlite:none.db").output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains("run `guerdon migrate` first"), "{}", said(&output));
    }
    let names = std::fs::read_dir(&office.folder).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["users.csv"]);
    connection.close().await.unwrap();
    office.database.remove().await;
}

async fn the_ledger_is_exported_as_it_is(office: Office) {
    office.users("id\nann\n-bob\n");
    let first = "user_id,amount,description,reference_id,expires_at\n\
                 ann,5,=1+2,,2100-01-01T00:00:00Z\n";
    // In two runs, so that the entries are of two times.
    for more in ["", "-bob,70,\"a, \"\"b\"\"\",+49,\nann,1,fine,,\n"] {
        office.file("credits.csv", &format!("{first}{more}"));
        office.good(&CREDITS);
    }
    let export = ["export", "transactions", "--tenant", "acme"];
    let text = office.good(&export);
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!((lines.len(), lines[4]), (5, ""), "{text}");
    assert!(lines[0].starts_with("seq,n,id,user_id,unit,amount,balance_after,source,"), "{text}");
    assert!(lines[1].contains(",ann,USD,5,5,manual,'=1+2,,,key:import,"), "{text}");
    assert!(lines[1].contains(",2100-01-01T00:00:00Z,"), "{text}");
    assert!(lines[2].contains(",'-bob,USD,70,70,manual,\"a, \"\"b\"\"\",'+49,"), "{text}");
    assert!(lines[3].contains(",ann,USD,1,6,manual,fine,"), "{text}");
    assert!(!text.contains("\n="), "{text}");

    let file = [&export[..], &["--output", "ledger.csv"]].concat();
    assert_eq!(office.good(&file), "");
    let written = std::fs::read_to_string(office.folder.path().join("ledger.csv")).unwrap();
    assert_eq!(written, text);
    assert!(!office.folder.path().join("ledger.csv.partial").exists());

    let since = lines[2].rsplit(',').next().unwrap();
    let later = office.good(&[&export[..], &["--from", since]].concat());
    assert!(later.contains(lines[3]) && !later.contains(",2100-01-01"), "{since}: {later}");
    let never = office.good(&[&export[..], &["--to", "2020-01-01T00:00:00Z"]].concat());
    assert_eq!(never.trim_end(), lines[0]);
    office.close().await;
}

//! Somebody who may write to the database but has not the ledger's key: whatever is changed, deleted
//! or inserted is found by the seals, and named.

use guerdon::app::{App, Keys, StartError};
use guerdon::operations::clock::Clock;
use guerdon::operations::sealing::{Proof, TenantHead, prove};
use sea_orm::{ConnectionTrait, Database};
use serde_json::json;

use crate::harness::{Kind, OPERATOR_KEY, Server, Shop, guerdon, settings};
use crate::stories;

mod audited;
mod key_file;
mod taken_away;

stories!("rules/gatewayz":
    a_changed_column_is_named,
    a_deleted_row_is_named,
    an_inserted_row_is_named,
    rows_that_were_swapped_are_named,
    a_tail_that_was_cut_off_is_found_by_an_earlier_head,
    who_is_erased_breaks_no_seal,
    what_an_older_version_wrote_is_sealed,
    another_key_is_told,
);

/// A copy of the events and lanes as they were, beside which they may be changed and mended again.
const KEEP: &str = "CREATE TABLE kept_events AS SELECT * FROM events; \
                    CREATE TABLE kept_lanes AS SELECT * FROM lanes";

async fn execute(server: &Server, statements: &str) {
    let connection = Database::connect(&server.database.url).await.unwrap();
    connection.execute_unprepared(statements).await.unwrap();
    connection.close().await.unwrap();
}

/// A tenant with a dozen events, the later ones grants of 5; the number of the last.
async fn grants(server: &Server) -> (Shop, i64) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    for n in 0..10 {
        let key = format!("key-{n}");
        shop.add(json!({ "userId": "ann", "amount": 5, "idempotencyKey": key })).await.ok();
    }
    execute(server, KEEP).await;
    (shop, head(server).await.head.seq)
}

async fn head(server: &Server) -> TenantHead {
    server.app.prove().await.unwrap().heads.into_iter().next().unwrap()
}

/// The rows of which the seals say that something is wrong, each with the first word of what.
async fn found(server: &Server) -> Vec<String> {
    said(&server.app.prove().await.unwrap())
}

async fn found_with(server: &Server, earlier: &TenantHead) -> Vec<String> {
    let earlier = std::slice::from_ref(earlier);
    said(&prove(&server.app.operations.database, earlier).await.unwrap())
}

fn said(proof: &Proof) -> Vec<String> {
    let first_word = |detail: &str| detail.split(' ').next().unwrap_or_default().to_owned();
    let rows = proof.findings.iter();
    rows.map(|finding| format!("{} {}", finding.row, first_word(&finding.detail))).collect()
}

/// Starts another server on the same database, under the same key.
async fn start(server: &Server) -> Result<App, StartError> {
    let clock = Clock::manual(server.now());
    App::start(settings(&server.database.url, &server.rules), clock).await
}

async fn mend(server: &Server, column: &str) {
    let back = format!(
        "UPDATE events SET {column} = (SELECT kept.{column} FROM kept_events kept \
         WHERE kept.tenant_id = events.tenant_id AND kept.seq = events.seq)"
    );
    execute(server, &back).await;
    assert_eq!(found(server).await, Vec::<String>::new(), "{column}");
}

async fn a_changed_column_is_named(server: &Server) {
    let (_, last) = grants(server).await;
    let columns = [
        ("id", "seed"),
        ("operation", "'spend_credits'"),
        ("idempotency_key", "'another'"),
        ("idempotency_key", "NULL"),
        ("input_hash", "input_hash || '0'"),
        ("user_id", "'bob'"),
        ("user_id", "NULL"),
        ("actor", "'operator'"),
        ("body", "body || ' '"),
        ("personal_digest", "''"),
        ("seed", "id"),
        ("at", "at + 1"),
        ("program_hash", "''"),
        ("settings_version", "settings_version + 1"),
        ("answer", "answer || ' '"),
        ("seal", "'late-' || seal"),
    ];
    for (column, value) in columns {
        for seq in [1, last - 4] {
            let wound = format!("UPDATE events SET {column} = {value} WHERE seq = {seq}");
            execute(server, &wound).await;
            assert_eq!(found(server).await, [format!("event {seq} changed")], "{wound}");
            mend(server, column).await;
        }
    }
    for (column, value) in [("seal", "NULL"), ("seal", "'00'")] {
        let wound = format!("UPDATE events SET {column} = {value} WHERE seq = {last}");
        execute(server, &wound).await;
        assert!(found(server).await[0].starts_with(&format!("event {last} ")), "{wound}");
        mend(server, column).await;
    }
    // Two places far from each other are two findings, and all between them is believed.
    execute(server, &format!("UPDATE events SET body = '{{}}' WHERE seq IN (2, {last})")).await;
    assert_eq!(
        found(server).await,
        ["event 2 changed".to_owned(), format!("event {last} changed")]
    );
    mend(server, "body").await;
}

async fn a_deleted_row_is_named(server: &Server) {
    let (_, last) = grants(server).await;
    for seq in [last - 3, last] {
        execute(server, &format!("DELETE FROM events WHERE seq = {seq}")).await;
        let how = if seq == last { "cut" } else { "deleted:" };
        assert_eq!(found(server).await, [format!("event {seq} {how}")]);
        let back = format!("INSERT INTO events SELECT * FROM kept_events WHERE seq = {seq}");
        execute(server, &back).await;
        assert_eq!(found(server).await, Vec::<String>::new());
    }
    let seq = last - 2;
    execute(server, &format!("UPDATE events SET seq = 999 WHERE seq = {seq}")).await;
    let told = found(server).await;
    assert_eq!(told[0], format!("event {seq} deleted:"));
    assert!(told.iter().any(|row| row.starts_with("events") && row.ends_with("998 deleted:")));
    execute(server, &format!("UPDATE events SET seq = {seq} WHERE seq = 999")).await;
}

/// Inserts a copy of an event under another number, with this for its seal.
fn copied(server: &Server, seq: i64, from: i64, seal: &str) -> String {
    let id = match server.database.kind {
        Kind::Sqlite => "randomblob(16)",
        Kind::Postgres => "gen_random_uuid()",
    };
    format!(
        "INSERT INTO events SELECT tenant_id, {seq}, {id}, operation, 'forged', input_hash, \
         user_id, actor, body, personal_digest, seed, at, program_hash, settings_version, \
         answer, {seal} FROM kept_events WHERE seq = {from}"
    )
}

async fn an_inserted_row_is_named(server: &Server) {
    let (_, last) = grants(server).await;
    // In the place of another, with that one's seal; and at the end, the tenant's row moved along.
    let middle = last - 3;
    let of = |seq: i64, from: i64| copied(server, seq, from, "seal");
    execute(server, &format!("DELETE FROM events WHERE seq = {middle}")).await;
    execute(server, &of(middle, middle)).await;
    assert_eq!(found(server).await, [format!("event {middle} changed")]);
    execute(server, &format!("DELETE FROM events WHERE seq = {middle}")).await;
    let back = format!("INSERT INTO events SELECT * FROM kept_events WHERE seq = {middle}");
    execute(server, &back).await;

    let end = last + 1;
    execute(server, &of(end, last)).await;
    assert_eq!(found(server).await, [format!("event {end} changed"), format!("lane {last} it")]);
    let along = format!("UPDATE lanes SET seq = {end}, sealed_seq = {end}");
    execute(server, &along).await;
    assert_eq!(found(server).await, [format!("event {end} changed")]);
    execute(server, &format!("DELETE FROM events WHERE seq = {end}")).await;
    execute(server, &format!("UPDATE lanes SET seq = {last}, sealed_seq = {last}")).await;
}

async fn rows_that_were_swapped_are_named(server: &Server) {
    let (_, last) = grants(server).await;
    let (one, two) = (last - 5, last - 1);
    let swap = format!(
        "UPDATE events SET seq = 999 WHERE seq = {one}; UPDATE events SET seq = {one} WHERE \
         seq = {two}; UPDATE events SET seq = {two} WHERE seq = 999"
    );
    execute(server, &swap).await;
    // Their seals went with them, so the one after each stands on a wrong one.
    let stretch = |seq: i64| format!("events {seq} to {} changed", seq + 1);
    assert_eq!(found(server).await, [stretch(one), stretch(two)]);
    execute(server, &swap).await;
    assert_eq!(found(server).await, Vec::<String>::new());
}

async fn a_tail_that_was_cut_off_is_found_by_an_earlier_head(server: &Server) {
    let (_, last) = grants(server).await;
    let early = head(server).await;
    let end = last - 3;
    execute(server, &format!("DELETE FROM events WHERE seq > {end}")).await;
    assert_eq!(found(server).await, [format!("events {} to {last} cut", end + 1)]);
    // Whoever also sets the tenant's row back leaves a chain that is whole.
    let back = format!(
        "UPDATE lanes SET seq = {end}, sealed_seq = {end}, \
         seal = (SELECT seal FROM events WHERE seq = {end})"
    );
    execute(server, &back).await;
    assert_eq!(found(server).await, Vec::<String>::new());
    assert_eq!(found_with(server, &early).await, [format!("events {} to {last} cut", end + 1)]);
    let rest = format!("INSERT INTO events SELECT * FROM kept_events WHERE seq > {end}");
    execute(server, &rest).await;
    execute(
        server,
        "UPDATE lanes SET seq = (SELECT seq FROM kept_lanes), \
         sealed_seq = (SELECT sealed_seq FROM kept_lanes), seal = (SELECT seal FROM kept_lanes)",
    )
    .await;
    assert_eq!(found_with(server, &early).await, Vec::<String>::new());
}

async fn who_is_erased_breaks_no_seal(server: &Server) {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    let note = json!({ "userId": "ann", "amount": 5, "description": "for Ann" });
    shop.add(note).await.ok();
    let early = head(server).await;
    shop.admin.mutate("eraseUser", json!({ "userId": "ann" }), "user { id }").await.ok();
    server.app.forget().await.unwrap();
    assert!(!server.database.dump().await.contains("ann@example.com"), "she is not forgotten");
    assert_eq!(found_with(server, &early).await, Vec::<String>::new());
}

/// What a version before the seals would have left behind.
const OLD: &str = "UPDATE events SET seal = NULL; \
                   UPDATE lanes SET seal = NULL, sealed_seq = 0; DELETE FROM marks";

async fn what_an_older_version_wrote_is_sealed(server: &Server) {
    let (_, last) = grants(server).await;
    execute(server, OLD).await;
    let proof = server.app.prove().await.unwrap();
    assert_eq!((said(&proof), proof.heads.len()), (Vec::new(), 0));
    assert!(proof.notes[0].contains("nothing is sealed yet"), "{proof:?}");
    let other = start(server).await.unwrap();
    let proof = other.prove().await.unwrap();
    assert_eq!(said(&proof), Vec::<String>::new());
    assert_eq!(proof.heads[0].head.seq, last);
    assert!(proof.notes[0].contains(&format!("events 1 to {last} sealed late")), "{proof:?}");
    // Nobody without the key passes a late seal off as one that was made at once.
    execute(server, "UPDATE events SET seal = SUBSTR(seal, 6) WHERE seq = 3").await;
    assert_eq!(found(server).await, ["event 3 changed"]);
    execute(server, "UPDATE events SET seal = 'late-' || seal WHERE seq = 3").await;
    other.stop().await;
}

async fn another_key_is_told(server: &Server) {
    const OTHER: &str = "another-operator-key-0123456789";
    let (_, last) = grants(server).await;
    let audit = |arguments: &[&str], operator: &str, ledger: Option<&str>| {
        let mut command = guerdon();
        command.arg("audit").args(arguments).env("DATABASE_URL", &server.database.url);
        command.env("GUERDON_OPERATOR_KEY", operator);
        ledger.map(|key| command.env("GUERDON_LEDGER_KEY", key));
        let done = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (done.status.success(), text(done.stdout), text(done.stderr))
    };
    let (_, printed, _) = audit(&[], OPERATOR_KEY, None);
    let line = printed.lines().find(|line| line.starts_with("head gatewayz")).unwrap();
    assert_eq!(line, head(server).await.to_string());
    let (is_sound, printed, told) = audit(&[], OTHER, None);
    assert!(!is_sound && printed.is_empty(), "{printed}");
    assert!(told.contains("under another key") && told.contains("GUERDON_LEDGER_KEY"), "{told}");
    assert!(audit(&[], OTHER, Some(OPERATOR_KEY)).0);

    // An earlier head, as an argument and in a file; and one that was never in the chain.
    let given = line.trim_start_matches("head ").replace(' ', ":");
    let file = server.rules.join("heads.txt");
    std::fs::write(&file, format!("{line}\nThe ledger is sound\n")).unwrap();
    let heads = ["--head", &given, "--heads", file.to_str().unwrap()];
    assert!(audit(&heads, OPERATOR_KEY, None).0);
    let forged = format!("gatewayz:{last}:{}", "00".repeat(32));
    let (is_sound, printed, _) = audit(&["--head", &forged], OPERATOR_KEY, None);
    assert!(!is_sound && printed.contains(&format!("event {last}")), "{printed}");

    // A server under another key does not start, and with the old one beside it, it does.
    let clock = || Clock::manual(server.now());
    let mut with_other = settings(&server.database.url, &server.rules);
    with_other.keys = Keys { operator: Some(OTHER.to_owned().into()), ledger: None };
    let refused = App::start(with_other.clone(), clock()).await.err().unwrap().to_string();
    assert!(refused.contains("under another key"), "{refused}");
    with_other.keys.ledger = Some(OPERATOR_KEY.to_owned().into());
    App::start(with_other, clock()).await.unwrap().stop().await;
}

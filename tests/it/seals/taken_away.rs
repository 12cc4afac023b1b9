//! Somebody who takes the seals away, so that the server makes new ones: it does, late, and an audit
//! names what no older version can have written.

use serde_json::json;

use super::{OLD, copied, execute, found, found_with, grants, head, said, start};
use crate::harness::{Kind, Server};
use crate::lane::Holder;

/// Plays on both databases; each is thrown away as broken as it is left.
async fn on_each(play: impl AsyncFn(&Server)) {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let server = Server::start(kind, &["rules/gatewayz"]).await;
        println!("played on {}", server.database.prove().await);
        play(&server).await;
        server.app.stop().await;
        server.database.remove().await;
    }
}

/// What somebody writes to pass all events off as an older version's.
const ALL: &str = "UPDATE events SET seal = NULL, body = body || ' '; UPDATE lanes SET seal = NULL, sealed_seq = 0";

/// Starts a server, which seals what is not sealed, and ends it.
async fn start_and_stop(server: &Server) {
    start(server).await.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_all_seals_away_is_found_before_the_next_start_and_after() {
    on_each(async |server| {
        let (_, last) = grants(server).await;
        let early = head(server).await;
        execute(server, ALL).await;
        assert_eq!(found(server).await, [format!("events 1 to {last} without")]);
        start_and_stop(server).await;
        assert_eq!(found(server).await, [format!("events 1 to {last} sealed")]);
        let both = [format!("events 1 to {last} sealed"), format!("event {last} another")];
        assert_eq!(found_with(server, &early).await, both);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_the_last_seals_away_is_found_after_the_next_command() {
    on_each(async |server| {
        let (shop, last) = grants(server).await;
        execute(server, "UPDATE events SET seal = NULL, body = body || ' ' WHERE seq > 5").await;
        let back =
            "UPDATE lanes SET sealed_seq = 5, seal = (SELECT seal FROM events WHERE seq = 5)";
        execute(server, back).await;
        assert_eq!(found(server).await, [format!("events 6 to {last} without")]);
        shop.add(json!({ "userId": "ann", "amount": 5 })).await.ok();
        assert_eq!(found(server).await, [format!("events 6 to {last} sealed")]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_appended_for_the_server_to_seal_is_found() {
    on_each(async |server| {
        let (shop, last) = grants(server).await;
        let forged = last + 1;
        execute(server, &copied(server, forged, last, "NULL")).await;
        execute(server, &format!("UPDATE lanes SET seq = {forged}")).await;
        assert_eq!(found(server).await, [format!("event {forged} without")]);
        shop.add(json!({ "userId": "ann", "amount": 5 })).await.ok();
        assert_eq!(found(server).await, [format!("event {forged} sealed")]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_server_writes_beside_this_one_is_sealed_and_named() {
    on_each(async |server| {
        let (shop, last) = grants(server).await;
        let end = last - 4;
        let old = format!(
            "UPDATE events SET seal = NULL WHERE seq > {end}; UPDATE lanes SET \
             sealed_seq = {end}, seal = (SELECT seal FROM events WHERE seq = {end})"
        );
        execute(server, &old).await;
        // Many commands in one batch: the first seals what is behind.
        let holder = Holder::hold(&server.database).await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let service = shop.service.clone();
            let input = json!({ "userId": "ann", "amount": 1 });
            tasks.spawn(async move { service.mutate("addCredits", input, "replayed").await.ok() });
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        holder.let_go().await;
        tasks.join_all().await;
        let proof = server.app.prove().await.unwrap();
        assert_eq!(said(&proof), [format!("events {} to {last} sealed", end + 1)]);
        assert!(proof.findings[0].detail.contains("older version ran beside"), "{proof:?}");
        assert_eq!(proof.heads[0].head.seq, last + 20);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_mark_of_the_key_no_server_starts_and_an_audit_says_so() {
    on_each(async |server| {
        let (_, last) = grants(server).await;
        execute(server, "DELETE FROM marks").await;
        assert_eq!(found(server).await, ["mark ledger_key gone:"]);
        let refused = start(server).await.err().unwrap().to_string();
        assert!(refused.contains("ledger_key"), "{refused}");
        // One seal that was left says as much as all of them.
        execute(server, &format!("{ALL}; UPDATE events SET seal = '00' WHERE seq = {last}")).await;
        assert!(start(server).await.is_err());
        assert_eq!(found(server).await[0], "mark ledger_key gone:");
    })
    .await;
}

/// A dozen events of an older version, sealed late as they may be, and one more.
async fn taken_over(server: &Server) -> i64 {
    let (shop, last) = grants(server).await;
    execute(server, OLD).await;
    start_and_stop(server).await;
    shop.add(json!({ "userId": "ann", "amount": 5 })).await.ok();
    let proof = server.app.prove().await.unwrap();
    assert_eq!(said(&proof), Vec::<String>::new());
    assert!(proof.notes[0].contains(&format!("events 1 to {last} sealed late")), "{proof:?}");
    last
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_moves_on_how_far_events_may_be_sealed_late() {
    on_each(async |server| {
        let last = taken_over(server).await;
        let late = [format!("events 1 to {last} sealed")];
        let number = "name LIKE 'late_seals:%'";
        let further = last + 1;
        for value in [
            format!("REPLACE(value, '{last}:', '{further}:')"),
            format!("'{further}:'"),
            "''".to_owned(),
        ] {
            execute(server, "CREATE TABLE kept_marks AS SELECT * FROM marks").await;
            execute(server, &format!("UPDATE marks SET value = {value} WHERE {number}")).await;
            assert_eq!(found(server).await, late, "{value}");
            execute(server, "DELETE FROM marks; INSERT INTO marks SELECT * FROM kept_marks").await;
            execute(server, "DROP TABLE kept_marks").await;
            assert_eq!(found(server).await, Vec::<String>::new());
        }
        // What is written after it is as little sealed late as anything.
        execute(server, ALL).await;
        start_and_stop(server).await;
        let told = [format!("event {further} sealed"), format!("event {last} another")];
        assert_eq!(found(server).await, told);
        execute(server, &format!("DELETE FROM marks WHERE {number}")).await;
        assert_eq!(found(server).await, [format!("events 1 to {further} sealed")]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sealed_late_once_is_not_sealed_late_again() {
    on_each(async |server| {
        let (_, last) = grants(server).await;
        execute(server, OLD).await;
        start_and_stop(server).await;
        assert_eq!(found(server).await, Vec::<String>::new());
        execute(server, ALL).await;
        start_and_stop(server).await;
        assert_eq!(found(server).await, [format!("event {last} another")]);
        // The number alone, without the mark of the key, tells that there was one.
        execute(server, &format!("{ALL}; DELETE FROM marks WHERE name = 'ledger_key'")).await;
        assert_eq!(found(server).await[0], "mark ledger_key gone:");
        assert!(start(server).await.is_err());
    })
    .await;
}

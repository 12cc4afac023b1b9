//! `/health/ready` fails for each cause, and only as long as it lasts; `/health/live` never does.

use std::time::{Duration, Instant};

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::get;
use crate::harness::{Kind, Server};
use crate::lane::execute;
use crate::stories;

stories!("tests/programs/ferry": tables_of_another_version_are_not_served);

async fn readiness(server: &Server) -> (u16, Value) {
    let (status, _, text) = get(server.app.router(), "/health/ready", None).await;
    let (alive, _, _) = get(server.app.router(), "/health/live", None).await;
    assert_eq!(alive, 200, "the process lives whatever becomes of the database");
    (status.as_u16(), serde_json::from_str(&text).unwrap())
}

fn not_ready(reason: &str) -> (u16, Value) {
    (503, json!({ "status": "not ready", "reason": reason }))
}

fn ready() -> (u16, Value) {
    (200, json!({ "status": "ready" }))
}

async fn tables_of_another_version_are_not_served(server: &Server) {
    assert_eq!(readiness(server).await, ready());
    let last = "SELECT MAX(version) AS name FROM seaql_migrations";
    let last = server.database.find(last).await.remove(0);
    // As a backup of an older version has it, that was restored beneath a running server.
    execute(&server.database, &format!("DELETE FROM seaql_migrations WHERE version = '{last}'"))
        .await;
    assert_eq!(readiness(server).await, not_ready("the database is not migrated"));
    let back = format!("INSERT INTO seaql_migrations (version, applied_at) VALUES ('{last}', 0)");
    execute(&server.database, &back).await;
    assert_eq!(readiness(server).await, ready());
    execute(&server.database, "ALTER TABLE seaql_migrations RENAME TO gone").await;
    let (status, why) = readiness(server).await;
    assert_eq!(status, 503, "{why}");
    execute(&server.database, "ALTER TABLE gone RENAME TO seaql_migrations").await;
    assert_eq!(readiness(server).await, ready());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_is_not_served() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let server = Server::start(kind, &["tests/programs/ferry"]).await;
        println!("played on {}", server.database.prove().await);
        assert_eq!(readiness(&server).await, ready());
        take_away(&server).await;
        assert_eq!(readiness(&server).await, not_ready("the database cannot be reached"));
        bring_back(&server).await;
        let came_back = Instant::now();
        // Connections that broke are noticed one after another.
        while readiness(&server).await != ready() {
            assert!(came_back.elapsed() < Duration::from_secs(5), "it is not well again");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        server.finish().await;
    }
}

/// The name of PostgreSQL's database, or the path of SQLite's file.
fn place(server: &Server) -> String {
    let url = &server.database.url;
    let url = url.split('?').next().unwrap();
    match server.database.kind {
        Kind::Sqlite => url.trim_start_matches("sqlite://").to_owned(),
        Kind::Postgres => url.rsplit('/').next().unwrap().to_owned(),
    }
}

/// PostgreSQL ends every connection and lets nobody in; SQLite's file lies elsewhere.
async fn take_away(server: &Server) {
    let place = place(server);
    match server.database.kind {
        Kind::Sqlite => std::fs::rename(&place, format!("{place}.away")).unwrap(),
        Kind::Postgres => {
            admin(&format!("ALTER DATABASE {place} ALLOW_CONNECTIONS false")).await;
            admin(&format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{place}'"
            ))
            .await;
        }
    }
}

async fn bring_back(server: &Server) {
    let place = place(server);
    match server.database.kind {
        Kind::Sqlite => std::fs::rename(format!("{place}.away"), &place).unwrap(),
        Kind::Postgres => admin(&format!("ALTER DATABASE {place} ALLOW_CONNECTIONS true")).await,
    }
}

async fn admin(statement: &str) {
    let connection = sea_orm::Database::connect(crate::postgres::admin_url()).await.unwrap();
    connection.execute_unprepared(statement).await.unwrap();
    connection.close().await.unwrap();
}

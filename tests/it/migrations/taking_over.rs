//! Everything that an earlier version kept is there, is sound, and goes on.

use chrono::{DateTime, TimeDelta};
use migration::{Migrator, MigratorTrait};
use sea_orm::Database;
use serde_json::{Value, json};

use super::{BOTH, VERSIONS, left_by};
use crate::harness::{PrivateDatabase, Server};

const ASKED: &str = include_str!("asked.graphql");

/// A server on a database that an earlier one left, a moment after that was asked.
async fn serve(database: PrivateDatabase) -> Server {
    let last = database.find("SELECT CAST(last_at AS TEXT) AS name FROM lanes").await;
    let last = DateTime::from_timestamp_micros(last[0].parse().unwrap()).unwrap();
    let now = last + TimeDelta::seconds(3);
    Server::start_on(database, &["tests/programs/harbour"], now).await
}

/// The server is sound, and answers as the earlier one did.
async fn answers_alike(server: &Server, answered: &str) {
    server.assert_sound().await;
    let before: Value = serde_json::from_str(answered).unwrap();
    let now = server.admin("harbour").await.gql(ASKED, json!({})).await.ok();
    for (name, before) in before.as_object().unwrap() {
        assert_eq!(&now[name], before, "{name}");
    }
}

/// What was there is used, and what is new joins it, a year later.
async fn goes_on(server: &Server) {
    server.advance(TimeDelta::days(365));
    server.sweep().await;
    let shop = server.shop("harbour").await;
    let before = shop.balance("ann").await;
    shop.add(json!({ "userId": "ann", "amount": 10 })).await.ok();
    shop.spend(json!({ "userId": "ann", "amount": 4 })).await.ok();
    assert_eq!(shop.balance("ann").await, before + 6);
    let code = shop.code_of("ann").await;
    shop.register_with("annabel", &code).await;
    let found = shop.admin.get("{ users(filter: { search: \"ann\" }) { nodes { id } } }").await;
    assert_eq!(found["nodes"], json!([{ "id": "annabel" }, { "id": "ann" }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_each_earlier_version_left_is_taken_over() {
    for (version, kind) in VERSIONS.iter().flat_map(|version| BOTH.map(|kind| (version, kind))) {
        let server = serve(left_by(version, kind).await).await;
        answers_alike(&server, version.answered).await;
        goes_on(&server).await;
        server.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_migration_can_be_taken_back_and_made_again() {
    for kind in BOTH {
        let database = left_by(&VERSIONS[1], kind).await;
        let connection = Database::connect(&database.url).await.unwrap();
        Migrator::up(&connection, None).await.unwrap();
        let newest = u32::try_from(Migrator::migrations().len()).unwrap();
        Migrator::down(&connection, Some(newest - 2)).await.unwrap();
        Migrator::up(&connection, None).await.unwrap();
        connection.close().await.unwrap();
        let server = serve(database).await;
        answers_alike(&server, VERSIONS[1].answered).await;
        goes_on(&server).await;
        server.finish().await;
    }
}

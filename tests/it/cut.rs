//! Connections to the database are cut under a working server: at any moment, and just when something
//! was done.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Database};
use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Caller, Kind, PrivateDatabase, Server, Shop, play};
use crate::lane::{execute, grant, shop_with_ann};

/// Connections are cut again and again while clients send grants, and send again what did not happen
/// and, where it has a key, what is not known: each is there exactly once. (`torture::severed` cuts
/// just when a commit was done.)
#[test]
fn a_lost_connection_loses_nothing_and_doubles_nothing() {
    play(Kind::Postgres, &["rules/gatewayz"], async |server: &Server| {
        let shop = shop_with_ann(server).await;
        let cut = tokio::spawn(cut_again_and_again(server.database.url.clone()));
        let mut clients = JoinSet::new();
        for client in 0..16 {
            let service = shop.service.clone();
            clients.spawn(async move {
                for n in 0..25 {
                    grant_in_the_end(&service, client * 25 + n).await;
                }
            });
        }
        clients.join_all().await;
        cut.abort();
        drop(cut.await);
        assert_eq!(shop.balance("ann").await, 16 * 25);
        let counted = shop.of_user("ann", "transactions { totalCount }").await;
        assert_eq!(counted["transactions"]["totalCount"], 16 * 25);
    });
}

/// Sends a grant until it is done. Every other one has no key: the server itself must know whether it
/// was done, and it may be sent again only when it was not.
async fn grant_in_the_end(service: &Caller, n: usize) {
    let (mut input, has_key) = (grant(n), n.is_multiple_of(2));
    if !has_key {
        input["idempotencyKey"].take();
    }
    let mut untouched = true;
    loop {
        let answer = service.mutate("addCredits", input.clone(), "replayed").await;
        match answer.code() {
            "OVERLOADED" => {}
            "OUTCOME_UNKNOWN" if has_key => untouched = false,
            _ => {
                let replayed = answer.ok()["replayed"] == true;
                assert!(!replayed || !untouched, "nobody had granted {n} before");
                return;
            }
        }
    }
}

async fn cut_again_and_again(url: String) {
    let connection = Database::connect(&url).await.unwrap();
    loop {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'";
        // One of the connections cut may be this pool's own.
        drop(connection.execute_unprepared(cut).await);
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}

/// Has every other connection cut by whoever writes a row of this table.
async fn cut_by_a_row_of(table: &str, database: &PrivateDatabase) {
    let trigger = format!(
        "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         PERFORM pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid(); RETURN NEW; END $$; \
         CREATE TRIGGER cut AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION cut()"
    );
    execute(database, &trigger).await;
}

async fn let_rows_be(database: &PrivateDatabase) {
    execute(database, "DROP FUNCTION cut CASCADE").await;
}

/// Has the server open all the connections that it reads by, after those that were cut: each will be
/// found cut.
async fn read_by_all(shop: &Shop) {
    let mut reads = JoinSet::new();
    for _ in 0..32 {
        let service = shop.service.clone();
        reads.spawn(async move { service.gql("{ user(id: \"ann\") { id } }", json!({})).await });
    }
    reads.join_all().await;
}

/// What was done is never told to have not happened because its answer could not be read; and what did
/// not happen is told so although another field of the same document did something.
#[test]
fn each_field_is_told_what_became_of_it() {
    play(Kind::Postgres, &["rules/gatewayz"], async |server: &Server| {
        let shop = shop_with_ann(server).await;
        let operator = server.operator().naming("gatewayz");
        cut_by_a_row_of("tenants", &server.database).await;
        read_by_all(&shop).await;
        let input = json!({ "slug": "new", "name": "New", "program": "gatewayz" });
        let made = operator.mutate("createTenant", input, "tenant { program { name } }").await;
        let_rows_be(&server.database).await;
        made.refused("OUTCOME_UNKNOWN");
        let slugs = "SELECT slug AS name FROM tenants ORDER BY slug";
        assert_eq!(server.database.find(slugs).await, ["gatewayz", "new"]);

        cut_by_a_row_of("transactions", &server.database).await;
        read_by_all(&shop).await;
        let document = "mutation($grant: AddCreditsInput!, $settings: UpdateSettingsInput!) { \
            addCredits(input: $grant) { replayed } \
            updateSettings(input: $settings) { tenant { slug } } }";
        let input = json!({ "grant": grant(0), "settings": { "settings": {} } });
        let answer = operator.gql(document, input).await;
        let_rows_be(&server.database).await;
        assert_eq!(answer.body["data"]["addCredits"]["replayed"], false, "{answer:?}");
        assert_eq!(answer.refused("OVERLOADED")["path"], json!(["updateSettings"]));
        read_by_all(&shop).await;
    });
}

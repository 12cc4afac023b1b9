//! The lane under attack: rows locked by others, rows that cannot be saved, counts at their end,
//! clocks that are behind.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use serde_json::{Value, json};
use tokio::task::{JoinHandle, JoinSet};

use crate::harness::{Answer, Kind, PrivateDatabase, Server, Shop};
use crate::stories;

stories!("rules/gatewayz":
    one_that_cannot_be_saved_harms_no_other,
    one_that_panics_harms_no_other,
    the_queue_is_bounded,
    a_bulk_call_takes_no_room_of_others,
    what_a_bulk_caller_left_behind_is_not_done,
    a_bulk_call_waits_as_long_as_it_takes,
    what_waits_too_long_did_not_happen,
    twenty_equal_ones_in_a_batch_are_one,
    a_clock_that_is_behind_changes_nothing,
    a_row_that_cannot_be_locked_is_waited_for,
    an_account_that_cannot_be_settled_holds_up_no_other,
);

/// Somebody else who holds the tenant's row, or on SQLite the file.
pub struct Holder(DatabaseConnection);

impl Holder {
    pub async fn hold(database: &PrivateDatabase) -> Self {
        let connection = one_connection(database).await;
        let begin = match database.kind {
            Kind::Sqlite => "BEGIN IMMEDIATE",
            Kind::Postgres => "BEGIN; SELECT seq FROM lanes FOR UPDATE",
        };
        connection.execute_unprepared(begin).await.unwrap();
        Self(connection)
    }

    pub async fn let_go(self) {
        self.0.execute_unprepared("COMMIT").await.unwrap();
        self.0.close().await.unwrap();
    }
}

async fn one_connection(database: &PrivateDatabase) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(&database.url);
    options.max_connections(1);
    Database::connect(options).await.unwrap()
}

pub async fn execute(database: &PrivateDatabase, statement: &str) {
    let connection = one_connection(database).await;
    connection.execute_unprepared(statement).await.unwrap();
    connection.close().await.unwrap();
}

pub fn grant(n: usize) -> Value {
    json!({ "userId": "ann", "amount": 1, "idempotencyKey": format!("key-{n}") })
}

/// Sends them all at once; the answers come in no order.
fn send(shop: &Shop, inputs: impl IntoIterator<Item = Value>) -> JoinSet<Answer> {
    let mut tasks = JoinSet::new();
    for input in inputs {
        let service = shop.service.clone();
        tasks.spawn(async move { service.mutate("addCredits", input, "replayed").await });
    }
    tasks
}

pub async fn shop_with_ann(server: &Server) -> Shop {
    let shop = server.shop("gatewayz").await;
    shop.register("ann").await;
    shop
}

fn count(answers: &[Answer], code: &str) -> usize {
    answers.iter().filter(|answer| answer.code() == code).count()
}

async fn one_that_cannot_be_saved_harms_no_other(server: &Server) {
    let shop = shop_with_ann(server).await;
    let poison = match server.database.kind {
        Kind::Sqlite => {
            "CREATE TRIGGER poison BEFORE INSERT ON transactions WHEN NEW.description = 'poison' \
             BEGIN SELECT RAISE(ABORT, 'poison'); END"
        }
        Kind::Postgres => {
            "ALTER TABLE transactions ADD CONSTRAINT poison \
             CHECK (description IS DISTINCT FROM 'poison')"
        }
    };
    execute(&server.database, poison).await;
    let holder = Holder::hold(&server.database).await;
    let mut inputs: Vec<Value> = (0..301).map(grant).collect();
    inputs[137]["description"] = "poison".into();
    let waiting = send(&shop, inputs);
    tokio::time::sleep(Duration::from_millis(500)).await;
    holder.let_go().await;
    let answers = waiting.join_all().await;
    assert_eq!((count(&answers, ""), count(&answers, "INTERNAL")), (300, 1));
    assert_eq!(shop.balance("ann").await, 300);
}

/// No sound ledger has a count that cannot be counted on: to do so panics. (Rules that panic, in a
/// release build too: `operations::lane::panic_tests`.)
async fn one_that_panics_harms_no_other(server: &Server) {
    if cfg!(not(debug_assertions)) {
        return;
    }
    let shop = shop_with_ann(server).await;
    shop.promo_code(json!({ "code": "FULL", "data": {} })).await;
    execute(&server.database, "UPDATE promos SET redemptions = 9223372036854775807").await;
    let holder = Holder::hold(&server.database).await;
    let mut waiting = send(&shop, (0..137).map(grant));
    let redemption = json!({ "userId": "ann", "code": "FULL" });
    let service = shop.service.clone();
    waiting.spawn(async move { service.mutate("redeemPromoCode", redemption, "replayed").await });
    for n in 137..300 {
        let service = shop.service.clone();
        waiting.spawn(async move { service.mutate("addCredits", grant(n), "replayed").await });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    holder.let_go().await;
    let answers = waiting.join_all().await;
    assert_eq!((count(&answers, ""), count(&answers, "INTERNAL")), (300, 1));
    assert_eq!(shop.balance("ann").await, 300);
    // The lane goes on.
    send(&shop, [grant(300)]).join_all().await.into_iter().for_each(|answer| drop(answer.ok()));
    assert_eq!(shop.balance("ann").await, 301);
    execute(&server.database, "UPDATE promos SET redemptions = 0").await;
}

async fn the_queue_is_bounded(server: &Server) {
    let shop = shop_with_ann(server).await;
    let holder = Holder::hold(&server.database).await;
    let mut waiting = send(&shop, (0..1_200).map(grant));
    let mut answers = Vec::new();
    // What does not fit is refused at once; a single lane is not yet at work on any.
    while answers.len() < 1_200 - 1_024 {
        answers.push(waiting.join_next().await.unwrap().unwrap());
    }
    assert_eq!(count(&answers, "OVERLOADED"), answers.len());
    holder.let_go().await;
    answers.extend(waiting.join_all().await);
    assert_eq!(count(&answers, "OVERLOADED"), 1_200 - 1_024);
    assert_eq!(shop.balance("ann").await, 1_024);
}

async fn a_bulk_call_takes_no_room_of_others(server: &Server) {
    let shop = shop_with_ann(server).await;
    let holder = Holder::hold(&server.database).await;
    let users: Vec<Value> = (0..1_000).map(|n| json!({ "id": format!("user-{n}") })).collect();
    let bulk = {
        let service = shop.service.clone();
        let fields = "results { code payload { created } }";
        let input = json!({ "users": users });
        tokio::spawn(async move { service.mutate("registerUsers", input, fields).await.ok() })
    };
    tokio::time::sleep(Duration::from_millis(500)).await;
    let waiting = send(&shop, (0..1_000).map(grant));
    tokio::time::sleep(Duration::from_millis(500)).await;
    holder.let_go().await;
    waiting.join_all().await.into_iter().for_each(|answer| drop(answer.ok()));
    let results = bulk.await.unwrap()["results"].as_array().unwrap().clone();
    assert!(results.iter().all(|result| result["payload"]["created"] == true), "{results:?}");
    assert_eq!(shop.balance("ann").await, 1_000);
}

/// Begins to grant 5 to each of 300 users, who are there; nothing is done while a row is held.
async fn grant_to_many(server: &Server, shop: &Shop) -> (Holder, JoinHandle<Answer>) {
    let ids: Vec<String> = (0..300).map(|n| format!("user-{n}")).collect();
    let users: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
    let users = json!({ "users": users });
    shop.service.mutate("registerUsers", users, "results { code }").await.ok();
    let holder = Holder::hold(&server.database).await;
    let admin = shop.admin.clone();
    let input = json!({ "userIds": ids, "amount": 5, "idempotencyKey": "many" });
    let fields = "results { code replayed }";
    let call = tokio::spawn(async move { admin.mutate("grantCredits", input, fields).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    (holder, call)
}

async fn what_a_bulk_caller_left_behind_is_not_done(server: &Server) {
    let shop = shop_with_ann(server).await;
    let (holder, call) = grant_to_many(server, &shop).await;
    call.abort();
    assert!(call.await.is_err(), "the call was not cut off");
    holder.let_go().await;
    // All others are done before, and there is room again for as many.
    send(&shop, [grant(0)]).join_all().await;
    let (holder, call) = grant_to_many(server, &shop).await;
    holder.let_go().await;
    let results = call.await.unwrap().ok()["results"].as_array().unwrap().clone();
    let new = |result: &&Value| result["replayed"] == false;
    assert_eq!(results.iter().filter(new).count(), 300, "{results:?}");
    assert_eq!((shop.balance("user-0").await, shop.balance("user-299").await), (5, 5));
}

async fn a_bulk_call_waits_as_long_as_it_takes(server: &Server) {
    let shop = shop_with_ann(server).await;
    let (holder, call) = grant_to_many(server, &shop).await;
    tokio::time::sleep(Duration::from_millis(10_500)).await;
    holder.let_go().await;
    let results = call.await.unwrap().ok()["results"].as_array().unwrap().clone();
    assert!(results.iter().all(|result| result["code"].is_null()), "{results:?}");
    assert_eq!(shop.balance("user-299").await, 5);
}

async fn what_waits_too_long_did_not_happen(server: &Server) {
    let shop = shop_with_ann(server).await;
    let holder = Holder::hold(&server.database).await;
    let began = Instant::now();
    let answers = send(&shop, (0..3).map(grant)).join_all().await;
    let waited = began.elapsed();
    assert_eq!(count(&answers, "OVERLOADED"), 3, "{answers:?}");
    assert!((9..14).contains(&waited.as_secs()), "{waited:?}");
    holder.let_go().await;
    assert_eq!(shop.balance("ann").await, 0);
    // The same keys are free: nothing was used up.
    send(&shop, (0..3).map(grant)).join_all().await;
    assert_eq!(shop.balance("ann").await, 3);
}

async fn twenty_equal_ones_in_a_batch_are_one(server: &Server) {
    let shop = shop_with_ann(server).await;
    let holder = Holder::hold(&server.database).await;
    let waiting = send(&shop, std::iter::repeat_n(grant(0), 20));
    tokio::time::sleep(Duration::from_millis(300)).await;
    holder.let_go().await;
    let answers: Vec<Value> = waiting.join_all().await.into_iter().map(Answer::ok).collect();
    assert_eq!(answers.iter().filter(|answer| answer["replayed"] == true).count(), 19);
    assert_eq!(shop.balance("ann").await, 1);
}

async fn a_clock_that_is_behind_changes_nothing(server: &Server) {
    let shop = shop_with_ann(server).await;
    server.advance(TimeDelta::seconds(-4));
    let input = |key: &str| json!({ "userId": "ann", "amount": 5, "idempotencyKey": key });
    let slow = shop.add(input("slow")).await.ok();
    let first = shop.of_user("ann", "createdAt").await["createdAt"].clone();
    assert_eq!(slow["transaction"]["createdAt"], first, "the ledger's time does not go back");
    server.advance(TimeDelta::seconds(-4));
    shop.add(input("behind")).await.refused("OVERLOADED");
    server.advance(TimeDelta::seconds(8));
    shop.add(input("behind")).await.ok();
    assert_eq!(shop.balance("ann").await, 10);
}

async fn a_row_that_cannot_be_locked_is_waited_for(server: &Server) {
    let shop = shop_with_ann(server).await;
    execute(&server.database, "ALTER TABLE lanes RENAME TO away").await;
    let waiting = send(&shop, (0..3).map(grant));
    tokio::time::sleep(Duration::from_millis(300)).await;
    execute(&server.database, "ALTER TABLE away RENAME TO lanes").await;
    waiting.join_all().await.into_iter().for_each(|answer| drop(answer.ok()));
    assert_eq!(shop.balance("ann").await, 3);
}

async fn an_account_that_cannot_be_settled_holds_up_no_other(server: &Server) {
    let shop = shop_with_ann(server).await;
    for id in ["bea", "cat", "dan"] {
        shop.register(id).await;
    }
    let end = server.now() + TimeDelta::hours(1);
    for id in ["ann", "bea", "cat", "dan"] {
        shop.add(json!({ "userId": id, "amount": 5, "expiresAt": end.to_rfc3339() })).await.ok();
    }
    let poison = match server.database.kind {
        Kind::Sqlite => {
            "CREATE TRIGGER poison BEFORE INSERT ON transactions \
             WHEN NEW.source = 'expiry' AND NEW.user_id = 'bea' \
             BEGIN SELECT RAISE(ABORT, 'poison'); END"
        }
        Kind::Postgres => {
            "ALTER TABLE transactions ADD CONSTRAINT poison \
             CHECK (source <> 'expiry' OR user_id <> 'bea')"
        }
    };
    execute(&server.database, poison).await;
    server.advance(TimeDelta::hours(2));
    assert!(server.app.sweep().await.is_err());
    let expired = async |id: &str| shop.entries(id).await.len() == 2;
    assert!(expired("ann").await && expired("cat").await && expired("dan").await);
    assert!(!expired("bea").await);
}

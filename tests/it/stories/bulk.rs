//! Many in one call: each with a result of its own, the same call again, and what single commands
//! feel of it.

use std::collections::BTreeSet;
use std::time::Duration;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Answer, Server, Shop};
use crate::stories;

stories!("rules/productready", "rules/gatewayz":
    each_grant_has_a_result_of_its_own,
    the_same_grants_again_go_on,
    a_call_that_was_cut_off_goes_on,
    each_sign_up_has_a_result_of_its_own,
    a_thousand_sign_ups_fit_in_a_call,
    promo_codes_are_made_by_the_thousand,
    too_many_are_refused_at_once,
    single_commands_are_answered_meanwhile,
);

const GRANTED: &str = "results { userId replayed code message transaction { id amount source grantedBy user { id } } }";

/// Signs up so many users, and gives their ids.
async fn crowd(shop: &Shop, count: usize) -> Vec<String> {
    let ids: Vec<String> = (0..count).map(|n| format!("user-{n}")).collect();
    let users: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
    let made = sign_up(shop, users).await;
    assert!(made.iter().all(|result| result["payload"]["created"] == true), "{made:#?}");
    ids
}

async fn sign_up(shop: &Shop, users: Vec<Value>) -> Vec<Value> {
    let fields = "results { id code message payload { created user { id name email } \
                  referralCode { valid referrerName } decisions { id rule outcome } } }";
    let payload = shop.service.mutate("registerUsers", json!({ "users": users }), fields).await;
    payload.ok()["results"].as_array().unwrap().clone()
}

async fn grant(shop: &Shop, ids: &[&str], amount: i64) -> Vec<Value> {
    let input = json!({ "userIds": ids, "amount": amount, "idempotencyKey": "summer" });
    let payload = shop.admin.mutate("grantCredits", input, GRANTED).await.ok();
    let results = payload["results"].as_array().unwrap().clone();
    let answered: Vec<&str> =
        results.iter().map(|result| result["userId"].as_str().unwrap()).collect();
    assert_eq!(answered, ids, "the results are in the order asked");
    results
}

/// The code of each result; an empty text where nothing was refused.
fn codes(results: &[Value]) -> Vec<&str> {
    results.iter().map(|result| result["code"].as_str().unwrap_or_default()).collect()
}

fn replays(results: &[Value]) -> usize {
    results.iter().filter(|result| result["replayed"] == true).count()
}

async fn each_grant_has_a_result_of_its_own(server: &Server) {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    shop.register("bob").await;
    server.shop("gatewayz").await.register("elsewhere").await;
    let long = "x".repeat(256);
    let ids = ["ann", "nobody", "", "elsewhere", &long, "bob", "ann", "a\0b"];
    let results = grant(&shop, &ids, 250).await;
    let expected = [
        "",
        "NOT_FOUND",
        "BAD_USER_INPUT",
        "NOT_FOUND",
        "BAD_USER_INPUT",
        "",
        "",
        "BAD_USER_INPUT",
    ];
    assert_eq!(codes(&results), expected);
    let entry = &results[0]["transaction"];
    assert_eq!((&entry["amount"], &entry["source"]), (&json!(250), &json!("promotion")));
    assert_eq!(entry["user"]["id"], "ann");
    assert!(entry["grantedBy"].as_str().unwrap().starts_with("key:"), "{entry:#}");
    // Who is named twice is granted once.
    assert_eq!(results[6]["transaction"], *entry);
    assert_eq!((&results[0]["replayed"], &results[6]["replayed"]), (&json!(false), &json!(true)));
    assert!(results[1]["message"].as_str().unwrap().contains("nobody"), "{results:#?}");
    assert_eq!((shop.balance("ann").await, shop.balance("bob").await), (250, 250));

    // The key belongs to this operation alone.
    let same = json!({ "userId": "ann", "amount": 1, "idempotencyKey": "summer" });
    assert_eq!(shop.add(same).await.ok()["replayed"], false);
    // What is wrong for all is refused once.
    for wrong in [
        json!({ "userIds": ["ann"], "amount": 0, "idempotencyKey": "k" }),
        json!({ "userIds": ["ann"], "amount": 1, "idempotencyKey": "" }),
        json!({ "userIds": ["ann"], "amount": 1, "idempotencyKey": "k", "source": "nowhere" }),
        json!({ "userIds": ["ann"], "amount": 1, "idempotencyKey": "k", "unit": "pebbles" }),
    ] {
        shop.admin.mutate("grantCredits", wrong, GRANTED).await.refused("BAD_USER_INPUT");
    }
}

async fn the_same_grants_again_go_on(server: &Server) {
    let shop = server.shop("productready").await;
    let ids = crowd(&shop, 300).await;
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let half = grant(&shop, &ids[..150], 5).await;
    let whole = grant(&shop, &ids, 5).await;
    assert_eq!((replays(&half), replays(&whole)), (0, 150));
    let ids_of = |results: &[Value]| -> Vec<Value> {
        results.iter().map(|result| result["transaction"]["id"].clone()).collect()
    };
    assert_eq!(ids_of(&whole)[..150], ids_of(&half));
    let again = grant(&shop, &ids, 5).await;
    assert_eq!((replays(&again), ids_of(&again)), (300, ids_of(&whole)));

    shop.register("late").await;
    let others = grant(&shop, &["user-0", "late", "user-299"], 6).await;
    assert_eq!(codes(&others), ["IDEMPOTENCY_CONFLICT", "", "IDEMPOTENCY_CONFLICT"]);
    assert_eq!((shop.balance("user-299").await, shop.balance("late").await), (5, 6));
}

async fn a_call_that_was_cut_off_goes_on(server: &Server) {
    let shop = server.shop("productready").await;
    let ids = crowd(&shop, 1_000).await;
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let input = json!({ "userIds": ids, "amount": 5, "idempotencyKey": "summer" });
    let cut = {
        let (admin, input) = (shop.admin.clone(), input.clone());
        tokio::spawn(async move { admin.mutate("grantCredits", input, GRANTED).await })
    };
    // As soon as something is done, the caller goes away.
    let connection = Database::connect(&server.database.url).await.unwrap();
    while number(&connection, GRANTS).await == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    cut.abort();
    assert!(cut.await.is_err(), "the call was not cut off");
    let results = grant(&shop, &ids, 5).await;
    let replayed = replays(&results);
    assert!((1..1_000).contains(&replayed), "{replayed} were done before");
    assert!(codes(&results).iter().all(|code| code.is_empty()), "{results:#?}");
    assert_eq!(number(&connection, GRANTS).await, 1_000);
    connection.close().await.unwrap();
}

const GRANTS: &str = "SELECT COUNT(*) AS number FROM transactions WHERE source = 'promotion'";

async fn number(connection: &DatabaseConnection, query: &str) -> i64 {
    let statement = Statement::from_string(connection.get_database_backend(), query);
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get("", "number").unwrap()
}

async fn each_sign_up_has_a_result_of_its_own(server: &Server) {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    let users = vec![
        json!({ "id": "bob", "name": "Bob", "email": "bob@example.com", "referralCode": code }),
        json!({ "id": "" }),
        json!({ "id": "cat", "email": "no address" }),
        json!({ "id": "dan", "referralCode": "NOSUCH" }),
        json!({ "id": "bob", "name": "Bobby" }),
        json!({ "id": "eve", "traits": [1] }),
    ];
    let first = sign_up(&shop, users.clone()).await;
    let expected = ["", "BAD_USER_INPUT", "BAD_USER_INPUT", "", "", "BAD_USER_INPUT"];
    assert_eq!(codes(&first), expected);
    let bob = &first[0]["payload"];
    assert_eq!(
        (&bob["created"], &bob["referralCode"]["referrerName"]),
        (&json!(true), &json!("ann"))
    );
    assert!(!bob["decisions"].as_array().unwrap().is_empty(), "{bob:#}");
    assert!(first[1]["payload"].is_null() && first[2]["message"].is_string());
    assert_eq!(first[3]["payload"]["referralCode"]["valid"], false);
    let again = &first[4]["payload"];
    assert_eq!((&again["created"], &again["user"]["name"]), (&json!(false), &json!("Bob")));
    assert_eq!(again["decisions"], bob["decisions"]);

    let mut second = sign_up(&shop, users).await;
    assert_eq!(second[0]["payload"]["created"], false);
    second[0]["payload"]["created"] = true.into();
    assert_eq!(second[0], first[0], "the same again, but for what is new");
    assert_eq!(shop.referral("ann").await["signups"], 1);
}

async fn a_thousand_sign_ups_fit_in_a_call(server: &Server) {
    let shop = server.shop("productready").await;
    let users = (0..1_000).map(|n| {
        json!({
            "id": format!("01900000-0000-7000-8000-{n:012}"),
            "name": "Wolfeschlegelsteinhausenbergerdorff ".repeat(3),
            "email": format!("{}-{n}@{}.example.com", "a".repeat(60), "b".repeat(60)),
            "traits": { "plan": "x".repeat(400) },
        })
    });
    let made = sign_up(&shop, users.collect()).await;
    assert_eq!(made.len(), 1_000);
    assert!(made.iter().all(|result| result["payload"]["created"] == true));
    let ends = (&made[0]["id"], &made[999]["id"]);
    let id = |n| json!(format!("01900000-0000-7000-8000-{n:012}"));
    assert_eq!(ends, (&id(0), &id(999)));
}

async fn make_codes(shop: &Shop, input: Value) -> Answer {
    shop.admin.mutate("createPromoCodes", input, "codes").await
}

async fn promo_codes_are_made_by_the_thousand(server: &Server) {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    shop.register("bob").await;
    let input = json!({ "count": 1_050, "prefix": "Summer-", "data": { "credits": 30 } });
    let mut all = BTreeSet::new();
    for _ in 0..2 {
        let made = make_codes(&shop, input.clone()).await.ok();
        let made: Vec<&str> =
            made["codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
        assert_eq!(made.len(), 1_050);
        assert!(made.iter().all(|code| code.starts_with("Summer-") && code.len() == 17));
        all.extend(made.iter().map(|code| code.to_uppercase()));
    }
    assert_eq!(all.len(), 2_100, "each differs from all others, also of another call");
    let code = all.first().unwrap();
    shop.redeem("ann", &code.to_lowercase()).await.ok();
    assert_eq!(shop.balance("ann").await, 30);
    let used_up = shop.redeem("bob", code).await.refused("BAD_USER_INPUT");
    assert_eq!(used_up["extensions"]["reason"], "USED_UP", "one use each when nothing is said");
    let shown = "{ promoCodes(first: 100) { nodes { code perUser maxRedemptions } } }";
    let shown = shop.admin.get(shown).await;
    assert!(all.contains(&shown["nodes"][99]["code"].as_str().unwrap().to_uppercase()));
    assert_eq!(shown["nodes"][0]["maxRedemptions"], 1);
}

async fn too_many_are_refused_at_once(server: &Server) {
    let shop = server.shop("productready").await;
    for count in [0, 1_001] {
        let ids: Vec<String> = (0..count).map(|n| format!("user-{n}")).collect();
        let users: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
        let input = json!({ "userIds": ids, "amount": 5, "idempotencyKey": "summer" });
        let refused = shop.admin.mutate("grantCredits", input, GRANTED).await;
        let refused = refused.refused("BAD_USER_INPUT");
        assert!(refused["message"].as_str().unwrap().contains("1 to 1000"), "{refused:#}");
        let input = json!({ "users": users });
        let refused = shop.service.mutate("registerUsers", input, "results { id }").await;
        refused.refused("BAD_USER_INPUT");
    }
    for wrong in [
        json!({ "count": 0, "data": {} }),
        json!({ "count": 10_001, "data": {} }),
        json!({ "count": 1, "data": {}, "prefix": "with space" }),
        json!({ "count": 1, "data": {}, "prefix": "x".repeat(41) }),
        json!({ "count": 1, "data": [] }),
        json!({ "count": 1, "data": {}, "perUser": 0 }),
    ] {
        make_codes(&shop, wrong).await.refused("BAD_USER_INPUT");
    }
    assert_eq!(shop.admin.get("{ users { nodes { id } } }").await["nodes"], json!([]));
    assert_eq!(shop.admin.get("{ promoCodes { nodes { code } } }").await["nodes"], json!([]));
}

/// While four bulk calls are at work, single commands are sent one after another. Of each it is told
/// how many commands were done between its sending and itself: as a rule no more than half a batch,
/// though four times as many would be under way if nothing held the calls back.
async fn single_commands_are_answered_meanwhile(server: &Server) {
    let shop = server.shop("productready").await;
    let ids = crowd(&shop, 1_000).await;
    let connection = Database::connect(&server.database.url).await.unwrap();
    let mut calls = JoinSet::new();
    for season in ["spring", "summer", "autumn", "winter"] {
        let admin = shop.admin.clone();
        let input = json!({ "userIds": ids, "amount": 5, "idempotencyKey": season });
        calls.spawn(async move { admin.mutate("grantCredits", input, GRANTED).await.ok() });
    }
    while number(&connection, GRANTS).await == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut ahead = Vec::new();
    while number(&connection, GRANTS).await < 4_000 {
        let key = format!("single-{}", ahead.len());
        let before = number(
            &connection,
            "SELECT MAX(seq) AS number FROM events WHERE tenant_id = \
            (SELECT id FROM tenants WHERE slug = 'productready')",
        )
        .await;
        shop.add(json!({ "userId": "user-0", "amount": 1, "idempotencyKey": key })).await.ok();
        let own = format!("SELECT seq AS number FROM events WHERE idempotency_key = '{key}'");
        ahead.push(number(&connection, &own).await - before - 1);
    }
    for results in calls.join_all().await {
        assert!(codes(results["results"].as_array().unwrap()).iter().all(|code| code.is_empty()));
    }
    println!("done ahead of single commands: {ahead:?}");
    assert!(ahead.len() >= 5, "the bulk calls were over too soon: {ahead:?}");
    // A batch that ends while one is on its way counts as well, so not each single one tells.
    ahead.sort_unstable();
    assert!(ahead[ahead.len() / 2] <= 250, "{ahead:?}");
    connection.close().await.unwrap();
}

//! Forgetting: nothing personal is left anywhere, the books stay, and nobody has to wait for it.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use guerdon::app::App;
use guerdon::domain::command::Body;
use guerdon::operations::clock::Clock;
use serde_json::{Value, json};

use crate::harness::{Server, Shop, settings};
use crate::stories;

stories!("tests/programs/gossip":
    nothing_personal_is_left_anywhere,
    the_books_stay_as_they_were,
    a_partner_is_forgotten_too,
    the_forgotten_come_back_as_nobody,
    what_failed_is_not_decided_again,
    much_is_forgotten_while_others_go_on,
    what_broke_off_goes_on_by_itself,
);

/// What may not be found any more, in small letters.
const PERSONAL: [&str; 6] =
    ["zebulonia", "zebby", "timbuktu", "203.0.113.99", "device-of-zeb", "marooned"];

/// Ann, who brought Zeb, of whom something stands everywhere.
async fn shop_with_zeb(server: &Server) -> Shop {
    let shop = server.shop("gossip").await;
    shop.register("ann").await;
    let visit = json!({ "code": shop.code_of("ann").await, "deviceId": "device-of-zeb" });
    let visitor = server.anonymous("gossip").at("203.0.113.99");
    visitor.mutate("trackReferralClick", visit, "counted").await.ok();
    shop.sign_up(json!({
        "id": "zeb", "name": "Zebulonia Marooned", "email": "Zebby+tag@example.com",
        "ipAddress": "203.0.113.99", "deviceId": "device-of-zeb",
        "traits": { "town": "Timbuktu" }, "referralCode": shop.code_of("ann").await,
    }))
    .await;
    shop.event("v-1", "zeb", "visited", json!({})).await;
    shop.event("t-1", "zeb", "teased", json!({})).await;
    shop.purchase("pay-1", "zeb", 700).await;
    let change = json!({ "id": "zeb", "name": "Zebulonia II", "email": "zebby@example.org" });
    shop.service.mutate("updateUser", change, "user { id }").await.ok();
    shop
}

async fn erase(shop: &Shop, id: &str) -> Value {
    let input = json!({ "userId": id });
    let payload = shop.admin.mutate("eraseUser", input, "user { id name email traits }").await;
    payload.ok()["user"].clone()
}

/// Everything in the database, in small letters.
async fn everything(server: &Server) -> String {
    server.database.dump().await.to_lowercase()
}

/// The lines of the database in which something personal stands.
fn told(everything: &str, words: &[String]) -> Vec<String> {
    let tells = |line: &&str| words.iter().any(|word| line.contains(word.as_str()));
    everything.lines().filter(tells).map(str::to_owned).collect()
}

fn personal() -> Vec<String> {
    PERSONAL.map(str::to_owned).into()
}

async fn nothing_personal_is_left_anywhere(server: &Server) {
    let shop = shop_with_zeb(server).await;
    let code = shop.code_of("zeb").await;
    let mut words = personal();
    for column in ["ip_hash", "device_hash", "email_hash"] {
        let hash = format!("SELECT {column} AS name FROM users WHERE id = 'zeb'");
        words.extend(server.database.find(&hash).await);
    }
    let before = everything(server).await;
    for table in [
        "users",
        "event_personal",
        "fact_personal",
        "fingerprints",
        "notices",
        "decisions",
        "emissions",
    ] {
        let begins = format!("{table}: ");
        assert!(told(&before, &words).iter().any(|line| line.starts_with(&begins)), "{table}");
    }
    assert_eq!(
        erase(&shop, "zeb").await,
        json!({ "id": "zeb", "name": null, "email": null, "traits": {} })
    );
    assert_eq!(told(&everything(server).await, &words), Vec::<String>::new());
    // What others see, at once.
    let ann = shop.of_user("ann", "notifications { nodes { kind message read } }").await;
    for notice in ann["notifications"]["nodes"].as_array().unwrap() {
        assert_eq!((&notice["message"], &notice["read"]), (&json!(""), &json!(false)), "{ann}");
    }
    let checked = shop.validate(&code).await;
    assert_eq!((&checked["reason"], &checked["referrerName"]), (&json!("DISABLED"), &Value::Null));
    let shown = shop
        .admin
        .get("{ decisions(first: 100) { nodes { reason effects facts user { name } } } }")
        .await;
    assert_eq!(told(&shown.to_string().to_lowercase(), &personal()), Vec::<String>::new());
}

async fn the_books_stay_as_they_were(server: &Server) {
    let shop = shop_with_zeb(server).await;
    let code = shop.code_of("zeb").await;
    let cleo =
        json!({ "id": "cleo", "name": "cleo", "traits": { "town": "Rome" }, "referralCode": code });
    shop.sign_up(cleo).await;
    let books = async || {
        let fields = "credits { balance totalEarned } transactions { totalCount } \
            referral { signups conversions credited totalEarned } notifications { nodes { id } }";
        (
            shop.of_user("zeb", fields).await,
            shop.of_user("ann", fields).await,
            shop.admin.get("{ analytics { signups conversions creditsOutstanding } }").await,
        )
    };
    let before = books().await;
    assert_eq!(before.0["referral"]["credited"], 1, "{before:?}");
    erase(&shop, "zeb").await;
    assert_eq!(books().await, before);
    let cleo = shop.of_user("cleo", "name referral { referredByName }").await;
    assert_eq!(cleo, json!({ "name": "cleo", "referral": { "referredByName": null } }));
    let leaders = shop.admin.get("{ leaderboard { userId name creditedReferrals } }").await;
    let zeb = leaders.as_array().unwrap().iter().find(|leader| leader["userId"] == "zeb").unwrap();
    assert_eq!((&zeb["name"], &zeb["creditedReferrals"]), (&Value::Null, &json!(1)));
}

async fn a_partner_is_forgotten_too(server: &Server) {
    let shop = server.shop("gossip").await;
    let input = json!({ "name": "Zebulonia", "email": "zebby@example.com" });
    let fields = "code user { id name email }";
    let made = shop.admin.mutate("createReferrer", input.clone(), fields).await.ok();
    erase(&shop, made["user"]["id"].as_str().unwrap()).await;
    assert_eq!(told(&everything(server).await, &personal()), Vec::<String>::new());
    let again = shop.admin.mutate("createReferrer", input, fields).await.ok();
    assert_eq!(again["user"], json!({ "id": made["user"]["id"], "name": null, "email": null }));
    assert_eq!(told(&everything(server).await, &personal()), Vec::<String>::new());
}

async fn the_forgotten_come_back_as_nobody(server: &Server) {
    let shop = shop_with_zeb(server).await;
    let code = shop.code_of("zeb").await;
    let before = shop.balance("zeb").await;
    erase(&shop, "zeb").await;
    erase(&shop, "zeb").await;
    let again = json!({ "id": "zeb", "name": "Zebulonia", "email": "zebby@example.com" });
    let again =
        shop.service.mutate("registerUser", again, "created user { name email }").await.ok();
    assert_eq!(again, json!({ "created": false, "user": { "name": null, "email": null } }));
    for (mutation, input, selection) in [
        ("updateUser", json!({ "id": "zeb", "name": "Zebulonia" }), "user { id }"),
        ("generateReferralCode", json!({ "userId": "zeb" }), "code"),
        ("regenerateReferralCode", json!({ "userId": "zeb" }), "code"),
        ("applyReferralCode", json!({ "userId": "zeb", "code": code }), "validation { valid }"),
        ("issueUserToken", json!({ "userId": "zeb" }), "token"),
    ] {
        shop.service.mutate(mutation, input, selection).await.refused("NOT_FOUND");
    }
    let dora = shop.register_with("dora", &code).await;
    assert_eq!(dora["referralCode"]["reason"], "DISABLED", "the sign-up itself succeeds");
    shop.register("emil").await;
    assert_eq!(shop.apply_code("emil", &code).await["validation"]["reason"], "DISABLED");
    // What was paid for is booked, whoever paid.
    let bought = json!({ "id": "pay-2", "userId": "zeb", "amount": 900 });
    let bought = shop.service.mutate("recordPurchase", bought, "replayed").await.ok();
    assert_eq!(bought["replayed"], false);
    let refunded = json!({ "id": "re-1", "purchaseId": "pay-1" });
    shop.service.mutate("recordRefund", refunded, "replayed").await.ok();
    let given = json!({ "userId": "zeb", "amount": 5 });
    shop.add(given).await.ok();
    assert_eq!(shop.balance("zeb").await, before + 5);
    server.app.forget().await.unwrap();
    assert_eq!(told(&everything(server).await, &personal()), Vec::<String>::new());
}

async fn what_failed_is_not_decided_again(server: &Server) {
    let shop = shop_with_zeb(server).await;
    let failed = "{ decisions(filter: { outcome: FAILED }) { nodes { id reason } } }";
    let failed = shop.admin.get(failed).await["nodes"][0].clone();
    assert!(failed["reason"].as_str().unwrap().contains("Zebulonia"), "{failed}");
    erase(&shop, "zeb").await;
    let retried = shop.admin.mutate(
        "retryDecisions",
        json!({ "ids": [failed["id"]] }),
        "results { id reason decision { id } }",
    );
    let retried = retried.await.ok()["results"][0].clone();
    assert_eq!(retried, json!({ "id": failed["id"], "reason": "user_erased", "decision": null }));
}

const MANY: usize = 3_000;

async fn much_is_forgotten_while_others_go_on(server: &Server) {
    let shop = shop_with_zeb(server).await;
    for begin in (0..MANY).step_by(250) {
        let visits = (begin..begin + 250).map(|n| {
            let input = json!({ "id": format!("many-{n}"), "userId": "zeb", "type": "visited" });
            shop.service.mutate("recordEvent", input, "replayed")
        });
        assert!(join_all(visits).await.iter().all(|answer| answer.code().is_empty()));
    }
    let balance = shop.balance("zeb").await;
    let tenant_id = server.tenant_id("gossip").await;
    let erasing = async {
        erase(&shop, "zeb").await;
        server.app.forget().await.unwrap();
    };
    let others = async {
        let mut slowest = Duration::ZERO;
        for _ in 0..20 {
            let began = Instant::now();
            shop.add(json!({ "userId": "ann", "amount": 1 })).await.ok();
            slowest = slowest.max(began.elapsed());
        }
        slowest
    };
    let ((), slowest) = tokio::join!(erasing, others);
    assert!(slowest < Duration::from_secs(2), "somebody waited {slowest:?}");
    let left = server.app.operations.database.unforgotten(tenant_id, None, 5).await.unwrap();
    assert_eq!(left, Vec::<String>::new());
    assert_eq!(told(&everything(server).await, &personal()), Vec::<String>::new());
    assert_eq!(shop.balance("zeb").await, balance);
}

async fn what_broke_off_goes_on_by_itself(server: &Server) {
    let shop = shop_with_zeb(server).await;
    for n in 0..30 {
        shop.event(&format!("few-{n}"), "zeb", "visited", json!({})).await;
    }
    let (operations, tenant_id) = (&server.app.operations, server.tenant_id("gossip").await);
    // The server ends right after the commit, and another one after a few steps.
    let body = Body::EraseUser { user_id: "zeb".to_owned() };
    operations.lanes.submit_own(tenant_id, body).await.unwrap();
    for _ in 0..3 {
        assert!(operations.database.erase_some(tenant_id, "zeb", 2).await.unwrap());
    }
    assert!(!told(&everything(server).await, &personal()).is_empty());
    server.assert_sound().await;
    let clock = Clock::manual(server.now());
    let other = App::start(settings(&server.database.url, &server.rules), clock).await.unwrap();
    let patience = Instant::now() + Duration::from_secs(8);
    while !operations.database.unforgotten(tenant_id, None, 5).await.unwrap().is_empty() {
        assert!(Instant::now() < patience, "nobody goes on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(told(&everything(server).await, &personal()), Vec::<String>::new());
    // Two at once, with something to do and with nothing.
    shop.sign_up(json!({ "id": "yan", "name": "Zebulonia", "traits": { "town": "Rome" } })).await;
    let body = Body::EraseUser { user_id: "yan".to_owned() };
    operations.lanes.submit_own(tenant_id, body).await.unwrap();
    for _ in 0..2 {
        let (one, two) = tokio::join!(server.app.forget(), other.forget());
        one.and(two).unwrap();
    }
    assert_eq!(told(&everything(server).await, &personal()), Vec::<String>::new());
    other.stop().await;
}

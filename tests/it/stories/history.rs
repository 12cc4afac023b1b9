//! History told again: what a row says otherwise than its events made it is found, whichever row it
//! is; and of those who were erased the record stands.

use guerdon::operations::replay::{Retold, replay};
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::harness::{Server, Shop};
use crate::stories;

stories!("tests/programs/harbour", "tests/programs/gossip", "rules/starter":
    whatever_is_changed_is_found,
    a_changed_decision_brings_no_other_differences,
    what_rules_said_of_the_erased_stands,
    codes_with_the_letters_of_an_erased_name_stand,
    an_address_that_was_changed_before_it_was_erased,
);

/// Friends, gifts, a purchase, a refund, a step, a spend and new settings.
async fn a_history(server: &Server) -> Shop {
    let shop = server.shop("harbour").await;
    for id in ["one", "two", "ann"] {
        shop.register(id).await;
    }
    shop.register_with("ben", &shop.code_of("ann").await).await;
    shop.purchase("pay-1", "ben", 400).await;
    shop.refund("back-1", "pay-1", Some(100)).await;
    shop.event("v-1", "ann", "voyage", json!({})).await;
    shop.step("ben", "anchor").await;
    shop.spend(json!({ "userId": "ann", "amount": 5 })).await.ok();
    shop.set(json!({ "daily": 3 })).await;
    shop.event("g-1", "ben", "gift", json!({ "amount": 7, "options": {} })).await;
    shop.promo_code(json!({ "code": "ONE", "data": {} })).await;
    shop.redeem("ben", "ONE").await.ok();
    shop
}

async fn retold(server: &Server, slug: &str) -> Retold {
    let database = &server.app.operations.database;
    let tenant = database.tenant_by_slug(slug).await.unwrap().unwrap();
    replay(database, &tenant, 5, |_| {}).await.unwrap()
}

/// What differs, each as its row's kind and how.
async fn found(server: &Server) -> Vec<String> {
    let findings = retold(server, "harbour").await.findings;
    findings.iter().map(|found| format!("{}: {}", found.row, found.detail)).collect()
}

async fn run(server: &Server, statement: &str) {
    let connection = sea_orm::Database::connect(&server.database.url).await.unwrap();
    let done = connection.execute_unprepared(statement).await.unwrap();
    assert!(done.rows_affected() > 0, "nothing was changed by {statement}");
    connection.close().await.unwrap();
}

/// A table, what is changed in it, what changes it back, and how the finding begins and goes on.
const WOUNDS: [(&str, &str, &str, [&str; 2]); 18] = [
    (
        "accounts",
        "earned = earned + 1, used = used + 1",
        "earned = earned - 1, used = used - 1",
        ["account ann", "earned"],
    ),
    ("transactions", "amount = amount + 1", "amount = amount - 1", ["transaction", "amount"]),
    ("lots", "priority = priority + 1", "priority = priority - 1", ["lot", "priority"]),
    ("uses", "amount = amount - 1", "amount = amount + 1", ["transaction", "uses"]),
    ("users", "signups = signups + 1", "signups = signups - 1", ["user", "signups"]),
    ("users", "name = 'x' || name", "name = substr(name, 2)", ["user", "personal"]),
    ("referrals", "code = 'x' || code", "code = substr(code, 2)", ["referral", "code"]),
    ("purchases", "refunded = refunded + 1", "refunded = refunded - 1", ["purchase", "refunded"]),
    ("codes", "shown = 'x' || shown", "shown = substr(shown, 2)", ["code", "shown"]),
    ("cap_uses", "used = used + 1", "used = used - 1", ["use of cap", "used"]),
    (
        "promos",
        "redemptions = redemptions + 1",
        "redemptions = redemptions - 1",
        ["promotion code ONE", "redemptions"],
    ),
    ("promo_uses", "count = count + 1", "count = count - 1", ["use of promotion code", "count"]),
    ("notices", "message = 'x' || message", "message = substr(message, 2)", ["notice", "message"]),
    ("tallies", "value = value + 1", "value = value - 1", ["total", "differ"]),
    ("referrer_days", "earned = earned + 1", "earned = earned - 1", ["day", "earned"]),
    ("lanes", "users = users + 1", "users = users - 1", ["the tenant's own row", "users"]),
    (
        "events",
        "body = replace(body, '\"amount\":5', '\"amount\":6')",
        "body = replace(body, '\"amount\":6', '\"amount\":5')",
        ["account ann", "differ"],
    ),
    (
        "settings_versions",
        "settings = replace(settings, '3', '4')",
        "settings = replace(settings, '4', '3')",
        ["the tenant's own row", "differ"],
    ),
];

async fn whatever_is_changed_is_found(server: &Server) {
    a_history(server).await;
    let told = retold(server, "harbour").await;
    assert!(told.findings.is_empty(), "{:#?}", told.findings);
    assert!(told.events >= 12 && told.decisions >= 8 && told.rows >= 50, "{told:?}");
    for (table, change, back, [row, how]) in WOUNDS {
        let tenant = server.tenant_id("harbour").await;
        run(server, &format!("UPDATE {table} SET {change} WHERE tenant_id = {tenant}")).await;
        let found = found(server).await;
        assert!(
            found.iter().any(|said| said.starts_with(row) && said.contains(how)),
            "{table} SET {change}: {found:#?}"
        );
        run(server, &format!("UPDATE {table} SET {back} WHERE tenant_id = {tenant}")).await;
    }
    assert_eq!(found(server).await, Vec::<String>::new());
}

async fn a_changed_decision_brings_no_other_differences(server: &Server) {
    a_history(server).await;
    let facts = |from: &str, to: &str| {
        format!(
            "UPDATE fact_sheets SET facts = replace(facts, '{from}', '{to}')
            WHERE event = 'gift'"
        )
    };
    run(server, &facts("\"amount\":7", "\"amount\":8")).await;
    let findings = retold(server, "harbour").await.findings;
    let [only] = findings.as_slice() else { panic!("{findings:#?}") };
    assert!(only.row.starts_with("decision ") && only.detail.contains("effects"), "{only:?}");
    assert!(only.invariant.contains("frozen facts"), "{only:?}");
    run(server, &facts("\"amount\":8", "\"amount\":7")).await;
}

async fn erase(shop: &Shop, server: &Server, id: &str) {
    shop.admin.mutate("eraseUser", json!({ "userId": id }), "user { id }").await.ok();
    server.app.forget().await.unwrap();
}

async fn what_rules_said_of_the_erased_stands(server: &Server) {
    let shop = server.shop("gossip").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    shop.sign_up(json!({ "id": "zeb", "name": "Zebulonia", "email": "zeb@example.com",
        "traits": { "town": "Timbuktu" }, "referralCode": code }))
        .await;
    shop.event("v-1", "zeb", "visited", json!({})).await;
    shop.event("t-1", "zeb", "teased", json!({})).await;
    shop.purchase("pay-1", "zeb", 700).await;
    erase(&shop, server, "zeb").await;
    // The scripts fail without a name; the books are told with what they answered then.
    let told = retold(server, "gossip").await;
    assert!(told.findings.is_empty() && told.decisions >= 4, "{told:#?}");
    assert_eq!(shop.balance("ann").await, 10);
}

async fn codes_with_the_letters_of_an_erased_name_stand(server: &Server) {
    let shop = server.shop("harbour").await;
    for id in ["one", "two", "zeb", "ann"] {
        shop.register(id).await;
    }
    let new = json!({ "userId": "zeb" });
    shop.service.mutate("regenerateReferralCode", new, "code").await.ok();
    shop.register_with("ben", &shop.code_of("zeb").await).await;
    // Zeb's own mailbox under another name: refused then, and nobody knows the mailbox any more.
    let again = json!({ "id": "zed", "name": "Zed", "email": "zeb+2@example.com",
                        "referralCode": shop.code_of("zeb").await });
    let refused = shop.sign_up(again).await;
    assert_eq!(refused["referralCode"]["reason"], "SELF_REFERRAL");
    erase(&shop, server, "zeb").await;
    let told = retold(server, "harbour").await;
    assert!(told.findings.is_empty(), "{:#?}", told.findings);
}

async fn an_address_that_was_changed_before_it_was_erased(server: &Server) {
    let shop = server.shop("starter").await;
    shop.register("zeb").await;
    shop.verify_email("zeb").await;
    let other = json!({ "id": "zeb", "email": "other@example.com" });
    shop.service.mutate("updateUser", other, "user { emailVerified }").await.ok();
    shop.verify_email("zeb").await;
    let before = shop.balance("zeb").await;
    erase(&shop, server, "zeb").await;
    let told = retold(server, "starter").await;
    assert!(told.findings.is_empty() && told.decisions >= 2, "{told:#?}");
    assert_eq!(shop.balance("zeb").await, before);
}

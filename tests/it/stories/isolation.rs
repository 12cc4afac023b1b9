//! Another tenant's ids lead nowhere: not in lookups, cursors, loaders or mutations.

use serde_json::{Value, json};

use crate::harness::{Caller, Server, Shop};
use crate::stories;

stories!("rules/productready", "rules/starter":
    lookups_find_nothing_of_another_tenant,
    mutations_reach_nothing_of_another_tenant,
    cursors_of_another_tenant_are_refused,
    equal_ids_are_different_users,
    a_header_cannot_change_the_tenant,
    codes_of_another_tenant_are_unknown,
    tokens_hold_for_their_tenant_alone,
);

/// What the one tenant has, and ids of it.
struct Victim {
    shop: Shop,
    code: String,
    transaction: String,
    decision: String,
    key: String,
    cursor: String,
}

/// Ann's tenant, where something of everything is.
async fn victim(server: &Server) -> Victim {
    let shop = server.shop("productready").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    let bob = shop.register_with("bob", &code).await;
    shop.purchase("pay-1", "bob", 1_000).await;
    shop.promo_code(json!({ "code": "SECRET", "data": { "credits": 1 } })).await;
    let given = shop.add(json!({ "userId": "ann", "amount": 5, "idempotencyKey": "k" })).await.ok();
    let page = shop.admin.get("{ transactions(first: 1) { pageInfo { endCursor } } }").await;
    let key = json!({ "name": "one more", "role": "SERVICE" });
    let key = shop.admin.mutate("createApiKey", key, "id").await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Victim {
        code,
        transaction: text(&given["transaction"]["id"]),
        decision: text(&bob["decisions"][0]["id"]),
        key: text(&key["id"]),
        cursor: text(&page["pageInfo"]["endCursor"]),
        shop,
    }
}

async fn everything(shop: &Shop) -> Value {
    let query = "{ users { totalCount nodes { id credits { balance } onboarding { completedCount } } } \
        transactions { totalCount } decisions { nodes { id } } referrals { totalCount } \
        promoCodes { nodes { code active redemptions } } tenant { slug settings } }";
    shop.admin.gql(query, json!({})).await.ok()
}

async fn lookups_find_nothing_of_another_tenant(server: &Server) {
    let victim = victim(server).await;
    let other = server.admin("starter").await;
    assert!(other.get("{ user(id: \"ann\") { id } }").await.is_null());
    assert!(
        other.get(&format!("{{ decision(id: \"{}\") {{ id }} }}", victim.decision)).await.is_null()
    );
    for list in ["users", "transactions", "referrals", "rewards", "decisions", "promoCodes"] {
        let found = other.get(&format!("{{ {list} {{ nodes {{ __typename }} }} }}")).await;
        assert_eq!(found["nodes"], json!([]), "{list}");
    }
    let filtered = "{ transactions(filter: { userId: \"ann\" }) { totalCount nodes { id } } }";
    assert_eq!(other.get(filtered).await, json!({ "totalCount": 0, "nodes": [] }));
    assert_eq!(other.get("{ leaderboard { name } }").await, json!([]));
    assert_eq!(
        other.get("{ analytics { signups creditsOutstanding } }").await,
        json!({ "signups": 0, "creditsOutstanding": 0 })
    );
    assert_eq!(other.get("{ tenant { slug } }").await["slug"], "starter");
}

async fn mutations_reach_nothing_of_another_tenant(server: &Server) {
    let victim = victim(server).await;
    let other = server.admin("starter").await;
    let before = everything(&victim.shop).await;
    for (mutation, input, selection) in [
        ("addCredits", json!({ "userId": "ann", "amount": 5 }), "replayed"),
        ("spendCredits", json!({ "userId": "ann", "amount": 5 }), "replayed"),
        ("reverseTransaction", json!({ "transactionId": victim.transaction }), "replayed"),
        ("updateUser", json!({ "id": "ann", "name": "Mallory" }), "user { id }"),
        ("eraseUser", json!({ "userId": "ann" }), "user { id }"),
        ("issueUserToken", json!({ "userId": "ann" }), "token"),
        ("generateReferralCode", json!({ "userId": "ann" }), "code"),
        ("regenerateReferralCode", json!({ "userId": "ann" }), "code"),
        ("recordPurchase", json!({ "id": "p", "userId": "ann", "amount": 5 }), "replayed"),
        ("recordRefund", json!({ "id": "r", "purchaseId": "pay-1" }), "replayed"),
        ("recordEvent", json!({ "id": "e", "userId": "ann", "type": "joined" }), "replayed"),
        (
            "completeOnboardingStep",
            json!({ "userId": "ann", "step": "profile" }),
            "decisions { id }",
        ),
        ("dismissOnboarding", json!({ "userId": "ann" }), "decisions { id }"),
        ("redeemPromoCode", json!({ "userId": "ann", "code": "SECRET" }), "replayed"),
        ("updatePromoCode", json!({ "code": "SECRET", "active": false }), "promoCode { code }"),
        ("revokeApiKey", json!({ "id": victim.key }), "id"),
    ] {
        let answer = other.mutate(mutation, input, selection).await;
        assert_eq!(answer.code(), "NOT_FOUND", "{mutation}: {:#}", answer.body);
    }
    let retried = json!({ "ids": [victim.decision] });
    let answer =
        other.mutate("retryDecisions", retried, "results { id decision { id } reason }").await;
    if answer.code().is_empty() {
        assert!(answer.ok()["results"][0]["decision"].is_null());
    } else {
        answer.refused("NOT_FOUND");
    }
    assert_eq!(everything(&victim.shop).await, before);
    server.service("productready").await.get("{ user(id: \"ann\") { id } }").await;
}

async fn cursors_of_another_tenant_are_refused(server: &Server) {
    let victim = victim(server).await;
    let other = server.admin("starter").await;
    let query = format!("{{ transactions(after: \"{}\") {{ nodes {{ id }} }} }}", victim.cursor);
    other.gql(&query, json!({})).await.refused("BAD_USER_INPUT");
    victim.shop.admin.gql(&query, json!({})).await.ok();
}

async fn equal_ids_are_different_users(server: &Server) {
    let victim = victim(server).await;
    let other = server.shop("starter").await;
    assert_eq!(other.register("ann").await["created"], true);
    let same = json!({ "userId": "ann", "amount": 7, "idempotencyKey": "k" });
    assert_eq!(other.add(same).await.ok()["replayed"], false, "a key is a tenant's own");
    assert_eq!(other.purchase("pay-1", "ann", 3).await["replayed"], false);
    assert_eq!((other.balance("ann").await, victim.shop.balance("ann").await), (7, 505));
    let both = "{ a: user(id: \"ann\") { credits { balance } transactions { nodes { user { id } amount } } } }";
    let seen = other.service.get_all(both).await;
    assert_eq!(
        seen["a"]["transactions"]["nodes"],
        json!([{ "user": { "id": "ann" }, "amount": 7 }])
    );
}

async fn a_header_cannot_change_the_tenant(server: &Server) {
    victim(server).await;
    for caller in [server.admin("starter").await, server.service("starter").await] {
        let answer =
            caller.naming("productready").gql("{ user(id: \"ann\") { id } }", json!({})).await;
        answer.refused("FORBIDDEN");
        caller.naming("starter").gql("{ user(id: \"ann\") { id } }", json!({})).await.ok();
    }
    let operator = server.operator().naming("productready");
    assert_eq!(operator.get("{ user(id: \"ann\") { id } }").await["id"], "ann");
    assert!(
        server.operator().naming("starter").get("{ user(id: \"ann\") { id } }").await.is_null()
    );
    let ann = server.user("productready", "ann").await;
    ann.naming("starter").gql("{ me { id } }", json!({})).await.refused("FORBIDDEN");
}

async fn codes_of_another_tenant_are_unknown(server: &Server) {
    let victim = victim(server).await;
    let query = format!(
        "{{ validateReferralCode(code: \"{}\") {{ valid reason referrerName }} }}",
        victim.code
    );
    let unknown = json!({ "valid": false, "reason": "NOT_FOUND", "referrerName": null });
    assert_eq!(server.anonymous("starter").get(&query).await, unknown);
    assert_eq!(server.anonymous("productready").get(&query).await["referrerName"], "ann");
    let other = server.shop("starter").await;
    let cleo = other.register_with("cleo", &victim.code).await;
    assert_eq!(cleo["referralCode"]["reason"], "NOT_FOUND");
    let click = json!({ "code": victim.code });
    let clicked = server.anonymous("starter").mutate("trackReferralClick", click, "counted").await;
    if clicked.code().is_empty() {
        assert_eq!(clicked.ok()["counted"], false);
    }
    assert_eq!(victim.shop.referral("ann").await["clicks"], 0);
}

async fn tokens_hold_for_their_tenant_alone(server: &Server) {
    victim(server).await;
    let other = server.shop("starter").await;
    other.register("ann").await;
    let ann: Caller = server.user("starter", "ann").await;
    assert_eq!(ann.get("{ me { credits { balance } } }").await["credits"]["balance"], 0);
    ann.gql("{ user(id: \"bob\") { id } }", json!({})).await.refused("FORBIDDEN");
}

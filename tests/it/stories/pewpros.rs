//! The program `pewpros`, row by row: a balance at Stripe for customers who bring a friend. No Stripe
//! account is connected, so each payment is owed and FAILED, and everything else works.

use serde_json::{Value, json};

use super::gatewayz::decision;
use crate::harness::{Server, Shop};
use crate::stories;

stories!("rules/pewpros":
    a_code_is_made_on_first_request_and_is_for_good,
    the_first_purchase_of_any_type_is_owed_to_the_referrer,
    without_stripe_only_the_payment_fails,
    one_credit_for_one_friend,
    the_amount_is_read_at_that_moment,
    an_amount_of_zero_switches_the_program_off,
    only_the_first_link_counts,
    the_administrator_sees_who_brought_whom,
    a_failed_payment_can_be_tried_again,
    customers_are_told_what_they_can_do,
);

const REFERRALS: &str = "totalCount nodes { id status failureReason bonusEarned purchaseType \
    purchaseAmount signedUpAt convertedAt creditedAt referrer { id name } referee { id name } \
    rewards { id type status amount unit } }";

async fn ann_refers_bob(server: &Server) -> (Shop, String) {
    let shop = server.shop("pewpros").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    assert_eq!(shop.register_with("bob", &code).await["referralCode"]["valid"], true);
    (shop, code)
}

/// A payment for something of this type.
async fn pay(shop: &Shop, id: &str, user: &str, kind: &str) -> Value {
    let input = json!({ "id": id, "userId": user, "amount": 4_500, "data": { "type": kind } });
    shop.purchase_of(input).await
}

async fn referrals(shop: &Shop, filter: &str) -> Value {
    shop.admin.get(&format!("{{ referrals(filter: {{ {filter} }}) {{ {REFERRALS} }} }}")).await
}

/// Type, amount and status of a user's rewards, newest first.
async fn rewards(shop: &Shop, user: &str) -> Value {
    shop.of_user(user, "rewards { nodes { type amount status } }").await["rewards"]["nodes"].clone()
}

fn owed(amount: i64) -> Value {
    json!({ "type": "STRIPE_BALANCE", "amount": amount, "status": "FAILED" })
}

async fn a_code_is_made_on_first_request_and_is_for_good(server: &Server) {
    let shop = server.shop("pewpros").await;
    shop.register("ann").await;
    assert!(shop.referral("ann").await["code"].is_null(), "none until it is asked for");
    let code = shop.code_of("ann").await;
    assert_eq!(code.len(), 8);
    assert!(code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{code}");
    let ann = shop.referral("ann").await;
    assert_eq!(ann["shareUrl"], format!("https://detroitarms.com?ref={code}"));
    assert_eq!((&ann["maxUses"], &ann["remainingUses"]), (&Value::Null, &Value::Null));

    let input = json!({ "userId": "ann" });
    let again = shop.service.mutate("regenerateReferralCode", input, "code").await;
    again.refused("FORBIDDEN");
    let own = server.user("pewpros", "ann").await;
    own.mutate("regenerateReferralCode", json!({}), "code").await.refused("FORBIDDEN");
    server.advance(chrono::TimeDelta::days(800));
    assert_eq!(shop.code_of("ann").await, code);
    assert_eq!(shop.validate(&code.to_uppercase()).await["valid"], true);
}

async fn the_first_purchase_of_any_type_is_owed_to_the_referrer(server: &Server) {
    let shop = server.shop("pewpros").await;
    shop.register("ann").await;
    let code = shop.code_of("ann").await;
    for kind in ["event", "course", "membership", "shop"] {
        shop.register_with(kind, &code).await;
        let paid = pay(&shop, &format!("pay-{kind}"), kind, kind).await;
        assert_eq!(decision(&paid, "referral")["outcome"], "REWARDED");
        assert_eq!(decision(&paid, "referral")["effects"][0]["amount"], 1_000);
        let made = referrals(&shop, "referrerId: \"ann\"").await["nodes"][0].clone();
        assert_eq!((&made["purchaseType"], &made["referee"]["id"]), (&json!(kind), &json!(kind)));
        assert_eq!(made["rewards"][0]["unit"], "USD");
    }
    assert_eq!(
        rewards(&shop, "ann").await,
        json!([owed(1000), owed(1000), owed(1000), owed(1000)])
    );
    assert_eq!(shop.referral("ann").await["conversions"], 4);
    assert_eq!(rewards(&shop, "shop").await, json!([]), "the friend gets nothing");
}

async fn without_stripe_only_the_payment_fails(server: &Server) {
    let (shop, _) = ann_refers_bob(server).await;
    let paid = pay(&shop, "pay-1", "bob", "event").await;
    assert_eq!(paid["referral"]["status"], "FAILED", "in the same answer");
    assert_eq!(paid["transactions"], json!([]));
    let made = referrals(&shop, "status: FAILED").await["nodes"][0].clone();
    assert_eq!(made["failureReason"], "Stripe is not connected");
    assert_eq!((&made["bonusEarned"], &made["creditedAt"]), (&json!(0), &Value::Null));
    assert!(made["convertedAt"].is_string(), "the purchase is a conversion all the same");
    let ann = shop.of_user("ann", "credits { balance } notifications { nodes { id } }").await;
    assert_eq!(ann, json!({ "credits": { "balance": 0 }, "notifications": { "nodes": [] } }));
    let ann = shop.referral("ann").await;
    assert_eq!((&ann["credited"], &ann["conversions"]), (&json!(0), &json!(1)));
}

async fn one_credit_for_one_friend(server: &Server) {
    let (shop, _) = ann_refers_bob(server).await;
    pay(&shop, "pay-1", "bob", "event").await;
    let second = pay(&shop, "pay-2", "bob", "course").await;
    assert_eq!(decision(&second, "referral")["reason"], "not_the_first_purchase");
    let again = pay(&shop, "pay-1", "bob", "event").await;
    assert_eq!(again["replayed"], true);
    assert_eq!(rewards(&shop, "ann").await, json!([owed(1000)]));
    let made = referrals(&shop, "referrerId: \"ann\"").await;
    assert_eq!(
        (&made["totalCount"], &made["nodes"][0]["purchaseType"]),
        (&json!(1), &json!("event"))
    );
}

async fn the_amount_is_read_at_that_moment(server: &Server) {
    let (shop, _) = ann_refers_bob(server).await;
    shop.set(json!({ "tenant_referral_credit": 2_500 })).await;
    pay(&shop, "pay-1", "bob", "event").await;
    shop.set(json!({ "tenant_referral_credit": 100 })).await;
    assert_eq!(rewards(&shop, "ann").await, json!([owed(2500)]));
}

async fn an_amount_of_zero_switches_the_program_off(server: &Server) {
    let shop = server.shop("pewpros").await;
    shop.register("ann").await;
    assert_eq!(shop.referral("ann").await["showPrompt"], true);
    shop.set(json!({ "tenant_referral_credit": 0 })).await;
    assert_eq!(shop.referral("ann").await["showPrompt"], false, "the card is hidden");
    let code = shop.code_of("ann").await;
    assert_eq!(shop.validate(&code).await["valid"], true, "codes stay valid");
    assert_eq!(shop.register_with("bob", &code).await["referralCode"]["valid"], true);
    let paid = pay(&shop, "pay-1", "bob", "event").await;
    assert_eq!(decision(&paid, "referral")["reason"], "switched_off");
    assert_eq!(paid["referral"]["status"], "PENDING");
    assert_eq!(rewards(&shop, "ann").await, json!([]));
    let told = shop.of_user("ann", "whatNext { kind }").await;
    assert_eq!(told["whatNext"], json!([]));

    shop.set(json!({ "tenant_referral_credit": null })).await;
    shop.register_with("cleo", &code).await;
    pay(&shop, "pay-2", "cleo", "event").await;
    let later = pay(&shop, "pay-3", "bob", "event").await;
    assert_eq!(later["referral"]["status"], "PENDING", "Bob's first purchase was without a credit");
    assert_eq!(rewards(&shop, "ann").await, json!([owed(1000)]));
}

async fn only_the_first_link_counts(server: &Server) {
    let (shop, code) = ann_refers_bob(server).await;
    shop.register("cleo").await;
    let other = shop.code_of("cleo").await;
    let applied = shop.apply_code("bob", &other).await;
    assert_eq!(applied["validation"]["reason"], "ALREADY_REFERRED");
    let own = json!({ "id": "ann-2", "email": "ANN+x@example.com", "referralCode": code });
    assert_eq!(shop.sign_up(own).await["referralCode"]["reason"], "SELF_REFERRAL");
    pay(&shop, "pay-1", "bob", "shop").await;
    assert_eq!(rewards(&shop, "cleo").await, json!([]));
}

async fn the_administrator_sees_who_brought_whom(server: &Server) {
    let (shop, code) = ann_refers_bob(server).await;
    shop.register_with("cleo", &code).await;
    pay(&shop, "pay-1", "bob", "membership").await;
    let all = referrals(&shop, "").await;
    assert_eq!(all["totalCount"], 2);
    assert_eq!(all["nodes"][0]["referee"], json!({ "id": "cleo", "name": "cleo" }), "newest first");
    for (status, who) in [("PENDING", "cleo"), ("FAILED", "bob")] {
        let found = referrals(&shop, &format!("status: {status}")).await;
        assert_eq!(found["totalCount"], 1, "{status}");
        let row = &found["nodes"][0];
        assert_eq!(
            (&row["referee"]["name"], &row["referrer"]["name"]),
            (&json!(who), &json!("ann"))
        );
        assert!(row["signedUpAt"].is_string());
    }
    let row = referrals(&shop, "status: FAILED").await["nodes"][0].clone();
    assert_eq!(
        (&row["purchaseType"], &row["purchaseAmount"]),
        (&json!("membership"), &json!(4_500))
    );
    assert_eq!(row["rewards"][0]["amount"], 1_000);
    assert_eq!(referrals(&shop, "status: CREDITED").await["totalCount"], 0);
}

async fn a_failed_payment_can_be_tried_again(server: &Server) {
    let (shop, _) = ann_refers_bob(server).await;
    pay(&shop, "pay-1", "bob", "event").await;
    let row = referrals(&shop, "status: FAILED").await["nodes"][0].clone();
    let input = json!({ "id": row["rewards"][0]["id"] });
    shop.service.mutate("retryReward", input.clone(), "reward { id }").await.refused("FORBIDDEN");
    let tried = shop.admin.mutate("retryReward", input, "reward { status amount }").await.ok();
    assert_eq!(tried["reward"], json!({ "status": "FAILED", "amount": 1_000 }), "still no Stripe");
    assert_eq!(referrals(&shop, "status: FAILED").await["totalCount"], 1, "and nothing is lost");
}

async fn customers_are_told_what_they_can_do(server: &Server) {
    let shop = server.shop("pewpros").await;
    shop.register("ann").await;
    shop.set(json!({ "tenant_referral_credit": 750 })).await;
    let ann = server.user("pewpros", "ann").await;
    let told = ann.get("{ me { whatNext { kind message remaining } } }").await;
    let message = "Refer a friend and get $7.50 when your friend first buys something";
    let step = json!({ "kind": "invite", "message": message, "remaining": null });
    assert_eq!(told["whatNext"], json!([step]));
}
